"""The few words every service speaks: rupiah, months, time, ids, refusals. Standard library only."""
