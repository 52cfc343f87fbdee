"""The centre: takes in every fact once, keeps the ledger, answers the desks, shows staff."""
