"""The bank asked over HTTP by SNAP BI: what became of a payment, and whether an account exists. It never sends money."""
