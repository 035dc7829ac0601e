"""What is read: one snapshot per answer."""
