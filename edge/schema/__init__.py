"""Numbered SQL files: each brings a database from the version before it to its own."""
