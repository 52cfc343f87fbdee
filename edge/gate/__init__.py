"""The gate: armed tags alarm, people are counted, and what is lent may leave."""
