"""What changes the ledger, a room per part of the month, one file per command; each runs in its caller's transaction."""
