"""The files that disbursement takes: accounts and cards, months from before Ritme, the bank's results."""
