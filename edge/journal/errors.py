"""What can go wrong with the journal."""


class JournalError(Exception):
    """The journal cannot be used; the text names the file and says what to do."""


class JournalFullError(JournalError):
    """There is no room for this fact: it was not recorded, and nothing may be done on its strength.

    New loans stop first (a low-water mark), so that returns and repairs still have room.
    """
