"""What the doors take in."""
