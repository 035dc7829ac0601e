"""Changes of this service, each in the transaction of its caller."""
