"""What the doors take and give, a file per room. Money in whole rupiah."""
