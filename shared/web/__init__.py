"""The HTTP edge of every service: who calls, one transaction per request, problem+json, idempotency."""
