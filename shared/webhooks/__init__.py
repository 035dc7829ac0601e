"""A service's events for systems without Kafka: signed POSTs, in order per key, at least once (docs/adr/0012)."""
