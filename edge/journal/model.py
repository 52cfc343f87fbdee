"""What the journal hands out besides events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagTask:
    """A security bit that shall become ``afi`` and was not seen so yet.

    ``about`` is the id of the loan or return it belongs to; empty: an intent, nothing is recorded
    yet (a return arms first). ``made`` is in ms, filled in by the journal.
    """

    uid: str
    item: str
    afi: int
    about: str = ""
    made: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the ledger is behind: ``count`` facts wait, the ``oldest_ms`` one first (0: none)."""

    count: int
    oldest_ms: int
    last_seq: int
    acked: int
