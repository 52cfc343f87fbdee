"""The journal and the ledger know another history: staff are told, on the worklist and here.

An older image of the storage came back, a card was cloned, or the centre's ledger was put back so far
that this device does not keep what it lacks. No fact of this journal is lost by it; somebody must
look at the machine or at the centre all the same.
"""

import logging

from edge.journal import Journal, JournalError
from edge.wire.batch import decode_event
from edge.wire.facts import Trouble, Well
from edge.wire.messages import Cursor

log = logging.getLogger(__name__)
PART = "journal"
OLD_IMAGE, LEDGER_OLDER = "old_image", "ledger_older"
REASONS = (OLD_IMAGE, LEDGER_OLDER)
QUIET_MS = 7 * 86_400_000
"""After so long without another sign of it, it is taken for over."""
_LOOK_BACK = 1000


async def old_image(journal: Journal, cursor: Cursor, sent: int) -> None:
    """Say that this storage is older than what was sent (``sent``: up to where) from here."""
    log.warning(
        "the ledger has %d facts of this journal that are not those sent from here (%d): an older "
        "image of the storage is in use; facts go on under a new epoch", cursor.seq, sent,
    )  # fmt: skip
    await _tell(journal, OLD_IMAGE, "The storage is an older copy, or two machines run from one.")


async def ledger_older(journal: Journal, cursor: Cursor) -> None:
    """Say that the ledger lacks facts that are not kept here any more."""
    missing = journal.first_kept() - 1 - cursor.seq
    log.warning(
        "the ledger went back to %d: %d facts before the oldest one here are missing there",
        cursor.seq, missing,
    )  # fmt: skip
    await _tell(journal, LEDGER_OLDER, f"The ledger lacks {missing} facts of this machine.")


async def settle(journal: Journal, now_ms: int = 0) -> None:
    """Record that these troubles are over; with ``now_ms`` only those of more than a week ago.

    Raises JournalError when it cannot be recorded.
    """
    is_open = open_reasons(journal)
    if is_open and now_ms:
        rows = journal.of_kinds([str(Trouble.__struct_config__.tag)], 0, -_LOOK_BACK)
        events = [decode_event(body) for _, body in rows]
        recent = {
            event.fact.reason
            for event in events
            if isinstance(event.fact, Trouble)
            and event.fact.part == PART
            and event.at.wall > now_ms - QUIET_MS
        }
        is_open = [reason for reason in is_open if reason not in recent]
    if is_open:
        await journal.append(*(Well(part=PART, reason=reason) for reason in is_open))


def open_reasons(journal: Journal) -> list[str]:
    """Return which of these troubles staff have not settled."""
    return [reason for reason in REASONS if (PART, reason) in journal.troubles]


async def _tell(journal: Journal, reason: str, why: str) -> None:
    """Journal it, also when it is known: the entry on the worklist counts, and is kept open."""
    try:
        await journal.append(Trouble(part=PART, reason=reason, why=why))
    except JournalError as error:
        log.warning("%s", error)
