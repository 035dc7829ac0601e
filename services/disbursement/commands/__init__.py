"""What changes the ledger, one file per command; each runs in its caller's transaction."""
