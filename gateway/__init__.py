"""The centre: ingest, ledger, replica feed and the staff console."""
