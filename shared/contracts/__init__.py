"""What services promise one another: topics, event types and their payloads, one module per publisher."""
