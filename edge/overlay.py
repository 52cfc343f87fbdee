"""The overlay of the replica: the last loan or return of each item that the base does not show yet.

A row is this device's own fact, or one that a neighbour of the site told. Of two facts of an item
the later one counts; at the same moment a return comes before the next loan.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from edge.circulation.model import GroupRule, LoanView, Policy
from edge.circulation.rules import DAY_MS

UNKNOWN = 1 << 53
"""A fact is settled, in which version that shows is not known: the base must speak of the item."""
KNOWN = 20_000
"""So many facts of neighbours are remembered by their ids."""
GRACE_DAYS = 7
"""A neighbour's fact that never reached the ledger is believed for the longest loan, and so much more."""
_PUT = (
    "INSERT INTO overlay (item, seq, settled, ref, body, device, epoch, at, id, late)"
    " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (item) DO UPDATE SET seq = excluded.seq,"
    " settled = 0, ref = excluded.ref, body = excluded.body, device = excluded.device,"
    " epoch = excluded.epoch, at = excluded.at, id = excluded.id, late = excluded.late"
)
_AGREE = (
    "DELETE FROM overlay WHERE item = ?1 AND (settled = ?3 OR ref ="
    " coalesce((SELECT ref FROM loans WHERE gen = ?2 AND key = ?1), ''))"
)
"""Drop what is settled, or what the base says too."""
_OUTDONE = (
    "DELETE FROM overlay WHERE item = ?1 AND device <> '' AND at < (SELECT"
    " json_extract(CAST(body AS TEXT), '$.since') FROM loans WHERE gen = ?2 AND key = ?1)"
)
"""Drop what a neighbour said of a time before the base's loan."""


@dataclass(frozen=True, slots=True)
class Row:
    """A loan (or, without one, a return) of an item. ``device``: '' for this device itself.

    ``unc``: how far off ``at`` may be (ms). ``late``: until when the loan before it may cost (ms).
    """

    item: str
    seq: int
    at: int
    id: str
    loan: LoanView | None
    device: str = ""
    epoch: str = ""
    unc: int = 0
    late: int = 0

    def lent_to(self, reader: str) -> bool:
        """Return whether it is a loan of this reader."""
        return self.loan is not None and self.loan.reader == reader

    def values(self) -> tuple[str | int | bytes | None, ...]:
        """Return the columns of the row."""
        ref = self.loan.reader if self.loan else ""
        body = msgspec.json.encode(self.loan) if self.loan else None
        return self.item, self.seq, ref, body, self.device, self.epoch, self.at, self.id, self.late


class Noted:
    """Own rows that the file may not have yet. Look here before the file, or one may be missed."""

    def __init__(self) -> None:
        """Nothing is noted yet."""
        self._rows: dict[str, Row] = {}
        self._lock = threading.Lock()

    def put(self, row: Row) -> None:
        """Note a row."""
        with self._lock:
            self._rows[row.item] = row

    def get(self, item: str) -> Row | None:
        """Return the row of an item."""
        return self._rows.get(item)

    def rows(self) -> dict[str, Row]:
        """Return all rows by item."""
        with self._lock:
            return dict(self._rows)

    def written(self, rows: dict[str, Row]) -> None:
        """Forget rows that are in the file now, but for those that were noted anew meanwhile."""
        with self._lock:
            for item, row in rows.items():
                if self._rows.get(item) is row:
                    del self._rows[item]


def put_own(db: sqlite3.Connection, rows: Iterable[Row], *, again: bool = False) -> None:
    """Write own facts. ``again``: from the journal, where a neighbour may have had the last word."""
    newer = " WHERE overlay.device = '' OR excluded.at >= overlay.at" if again else ""
    db.executemany(_PUT + newer, [row.values() for row in rows])


def settle_own(db: sqlite3.Connection, seq: int, version: int) -> None:
    """The ledger has this device's facts up to ``seq``; a base of ``version`` shows them."""
    db.execute(
        "UPDATE overlay SET settled = ?2 WHERE device = '' AND seq <= ?1 AND settled IN (0, ?3)",
        (seq, version or UNKNOWN, UNKNOWN),
    )


def newest_own(db: sqlite3.Connection) -> tuple[int, str]:
    """Return number and id of the newest own fact that is not settled; (0, ''): there is none."""
    query = "SELECT seq, id FROM overlay WHERE device = '' AND NOT settled ORDER BY seq DESC"
    row: tuple[int, str] | None = db.execute(query + " LIMIT 1").fetchone()
    return row or (0, "")


def end_epoch(db: sqlite3.Connection) -> None:
    """What an earlier epoch left unsettled is settled: the next word of the ledger says where."""
    db.execute(
        "UPDATE overlay SET settled = ?, seq = 0 WHERE device = '' AND NOT settled", (UNKNOWN,)
    )


def hear(db: sqlite3.Connection, rows: Sequence[Row]) -> list[str]:
    """Take in facts of a neighbour; return the items that are otherwise now."""
    changed = []
    for row in rows:
        query = "SELECT id, at, body FROM overlay WHERE item = ?"
        there = db.execute(query, (row.item,)).fetchone()
        if there is not None and there[0] == row.id:  # under the number of a new epoch
            place = (row.device, row.epoch, row.seq, row.item)
            db.execute(
                "UPDATE overlay SET device = ?, epoch = ?, seq = ?, settled = 0 WHERE item = ?",
                place,
            )
        elif not _is_known(db, row.id) and (
            there is None or (there[1], False) < (row.at, row.loan is not None)
        ):
            db.execute(_PUT, row.values())
            changed.append(row.item)
        elif there is not None and there[2] and row.loan is None and row.at + row.unc >= there[1]:
            loan = msgspec.json.decode(there[2], type=LoanView)
            body = msgspec.json.encode(msgspec.structs.replace(loan, doubt=True))
            db.execute("UPDATE overlay SET body = ? WHERE item = ?", (body, row.item))
        db.execute("INSERT OR IGNORE INTO known VALUES (?, ?)", (row.id, row.at))
    return changed


def heard(db: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    """Return how far each neighbour was heard: device -> epoch and number."""
    rows = db.execute("SELECT device, epoch, seq FROM heard")
    return {device: (epoch, seq) for device, epoch, seq in rows}


def put_heard(db: sqlite3.Connection, device: str, epoch: str, seq: int) -> None:
    """Note how far a neighbour was heard."""
    db.execute("INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", (device, epoch, seq))


def settled(db: sqlite3.Connection, epoch: str) -> int | None:
    """Return up to which own fact of an epoch the ledger is known to have it; None: it was not kept."""
    row = db.execute("SELECT value FROM meta WHERE key = 'settled'").fetchone()
    if row is None:
        return None
    return int(row[0].rpartition(" ")[2]) if row[0].startswith(f"{epoch} ") else 0


def settle_neighbour(
    db: sqlite3.Connection, device: str, epoch: str, seq: int, version: int
) -> None:
    """The ledger has a neighbour's facts up to ``seq``; what it said before this epoch too."""
    db.execute(
        "UPDATE overlay SET settled = ?4 WHERE device = ?1 AND epoch = ?2 AND seq <= ?3"
        " AND settled IN (0, ?5)",
        (device, epoch, seq, version or UNKNOWN, UNKNOWN),
    )
    db.execute(
        "UPDATE overlay SET settled = ?3 WHERE device = ?1 AND epoch <> ?2 AND NOT settled",
        (device, epoch, UNKNOWN),
    )


def agree(db: sqlite3.Connection, items: Sequence[str], gen: int) -> None:
    """The base of a generation spoke of items: drop what it says too, or knows something later of."""
    db.executemany(_AGREE, [(item, gen, UNKNOWN) for item in items])
    db.executemany(_OUTDONE, [(item, gen) for item in items])


def whole(db: sqlite3.Connection, gen: int) -> None:
    """A base is there anew and whole: it spoke of all that neighbours said."""
    db.execute("DELETE FROM overlay WHERE settled = ?", (UNKNOWN,))
    rows = db.execute("SELECT item FROM overlay WHERE device <> ''").fetchall()
    agree(db, [item for (item,) in rows], gen)


def show(
    db: sqlite3.Connection, version: int, made: int, policy: Policy, days: int = 0
) -> list[str]:
    """Drop what a base of this version shows, and what is too old to believe; return the items.

    The base was made then (ms). ``days``: how long neighbours are believed whom the ledger does not
    know; 0: as the policy says.
    """
    longest = max((rule.days for rule in policy.groups.values()), default=GroupRule().days)
    since = made - (days or longest + GRACE_DAYS) * DAY_MS
    rows = db.execute(
        "DELETE FROM overlay WHERE settled BETWEEN 1 AND ?1 OR (device <> '' AND at < ?2)"
        " RETURNING item",
        (version, since),
    ).fetchall()
    return [item for (item,) in rows]


def tend(db: sqlite3.Connection) -> None:
    """Forget the oldest ids, beyond those that are kept."""
    db.execute(
        "DELETE FROM known WHERE at < (SELECT at FROM known ORDER BY at DESC LIMIT 1 OFFSET ?)",
        (KNOWN,),
    )


def _is_known(db: sqlite3.Connection, ident: str) -> bool:
    return db.execute("SELECT 1 FROM known WHERE id = ?", (ident,)).fetchone() is not None


def tags(db: sqlite3.Connection) -> list[tuple[str, str, int, bool]]:
    """Return the tags that the site speaks of: UID, item, let pass until (ms), to be healed."""
    rows = db.execute("SELECT uid, item, until, heal FROM tags").fetchall()
    return [(uid, item, until, bool(heal)) for uid, item, until, heal in rows]


def put_tag(db: sqlite3.Connection, uid: str, item: str, until: int, *, heal: bool) -> None:
    """Keep what the site says of a tag; with neither, it is forgotten."""
    db.execute("DELETE FROM tags WHERE uid = ?", (uid,))
    if until or heal:
        db.execute("INSERT INTO tags VALUES (?, ?, ?, ?)", (uid, item, until, heal))


def last(db: sqlite3.Connection, noted: Noted, item: str) -> tuple[int, LoanView | None] | None:
    """Return until when (ms) a loan may cost after which something happened to an item; and its loan.

    None: nothing happened that the base does not show.
    """
    if (row := noted.get(item)) is not None:
        return row.late or row.at, row.loan
    found = db.execute("SELECT at, late, body FROM overlay WHERE item = ?", (item,)).fetchone()
    if found is None:
        return None
    at, late, body = found
    return late or at, msgspec.json.decode(body, type=LoanView) if body is not None else None


def came_back(
    db: sqlite3.Connection, noted: Noted, loans: Iterable[LoanView]
) -> list[tuple[int, int]]:
    """Return (due, costs until) in ms of loans of the base that ended, or another one follows."""
    ends = ((loan, last(db, noted, loan.item)) for loan in loans)
    return [
        (loan.due, max(loan.since, end[0]))
        for loan, end in ends
        if end and (not end[1] or end[1].since > loan.since)
    ]
