"""Events between services: outbox, relay, a log behind a port, consumers whose position moves with their effect."""
