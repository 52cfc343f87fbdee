"""Tools for the person who puts tags into books: read, write, convert, verify, heal."""
