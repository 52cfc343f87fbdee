"""Messages to people who are not at the page: who is on duty, when, and by which way. Off by default."""
