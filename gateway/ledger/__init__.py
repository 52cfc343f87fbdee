"""The ledger: every fact once, the loans that follow from them, and what a person must look at."""
