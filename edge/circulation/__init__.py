"""The lending rules, the same code at the edge and in the ledger. Pure: no I/O, time is given."""
