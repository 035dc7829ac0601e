"""Ways to the bank: one port, an adapter per channel."""
