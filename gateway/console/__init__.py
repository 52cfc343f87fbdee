"""The staff console: a live web page on this machine, and the JSON behind it."""
