"""The interface of pyscard over our simulated cards; the field is a JSON file."""
