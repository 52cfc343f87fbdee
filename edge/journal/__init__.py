"""The journal: an append-only SQLite file in which facts get their id and number, durably."""

from edge.journal.errors import JournalError, JournalFullError
from edge.journal.model import Backlog, TagTask
from edge.journal.store import Journal

__all__ = ["Backlog", "Journal", "JournalError", "JournalFullError", "TagTask"]
