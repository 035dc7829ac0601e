"""Pure rules: what is reserved, what is posted, what differs, and who may say what about it."""
