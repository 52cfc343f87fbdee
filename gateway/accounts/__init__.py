"""Who may use the console, and what they may do there."""
