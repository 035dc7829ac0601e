"""Pure rules: the life of a request, and when a kind runs short."""
