"""Facts out and answers in on a stick, for places without a network."""
