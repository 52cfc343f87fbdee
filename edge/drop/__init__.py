"""The book drop: one item at a time, armed before the shutter opens, counted into the bin."""
