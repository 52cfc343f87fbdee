"""A scripted library day: readers come and go, things break, and in the end the sums must be right."""
