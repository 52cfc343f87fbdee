"""What is done to the journal's tables, each inside a transaction of the writer."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from edge.journal.ids import new_epoch
from edge.journal.model import TagTask
from edge.wire.batch import Event, Stamp, decode_event, encode_event
from edge.wire.errors import WireError
from edge.wire.facts import Fact, Secured, TagStillArmed, Trouble, Well

TRIM = 5000
"""Events that one transaction deletes."""
_OfATag = Secured | TagStillArmed
_OfAPart = Trouble | Well
_NEWEST = "SELECT (SELECT max(seq) FROM events), (SELECT value FROM meta WHERE key = 'acked')"
_ACKED = " FROM meta WHERE key = 'acked' AND value <> '0'"
_OVER = "DELETE FROM troubles WHERE part = ? AND reason = ?"


@dataclass(frozen=True, slots=True)
class Meta:
    """The journal's own state. ``sent`` is the newest number that was ever on its way."""

    device: str
    epoch: str
    acked: int = 0
    sent: int = 0
    clean: bool = True


def read_meta(db: sqlite3.Connection) -> Meta | None:
    """Return the state, or None of a file that is new."""
    rows = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if "epoch" not in rows:
        return None
    return Meta(
        device=rows["device"],
        epoch=rows["epoch"],
        acked=int(rows["acked"]),
        sent=int(rows["sent"]),
        clean=rows["clean"] == "1",
    )


def write_meta(db: sqlite3.Connection, **values: str | int) -> None:
    """Set some of the state."""
    db.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [(key, str(value)) for key, value in values.items()],
    )


def advance(db: sqlite3.Connection, key: str, epoch: str, seq: int) -> None:
    """Set the newest number that was ``sent`` or ``acked``, unless another epoch began meanwhile.

    It never falls: a bundle may have taken more along than the network did.
    """
    db.execute(
        "UPDATE meta SET value = CAST(max(CAST(value AS INTEGER), ?3) AS TEXT) WHERE key = ?1"
        " AND (SELECT value FROM meta WHERE key = 'epoch') = ?2",
        (key, epoch, seq),
    )


def read_sent(db: sqlite3.Connection) -> int:
    """Return the newest number that ever was on its way."""
    row = db.execute("SELECT value FROM meta WHERE key = 'sent'").fetchone()
    return int(row[0]) if row else 0


def last_seq(db: sqlite3.Connection) -> int:
    """Return the newest number ever given in this epoch (0: none); only acknowledged ones leave."""
    newest, acked = db.execute(_NEWEST).fetchone()
    return max(newest or 0, int(acked or 0))


def read_tasks(db: sqlite3.Connection) -> list[TagTask]:
    """Return the security work that is not finished, oldest first."""
    rows = db.execute("SELECT uid, item, afi, about, made FROM tasks ORDER BY made, uid")
    return [TagTask(*row) for row in rows]


def past(db: sqlite3.Connection, most: int) -> dict[str, int]:
    """Return the newest number that is archived of each earlier epoch, the latest epochs first."""
    query = "SELECT epoch, max(seq) FROM archive GROUP BY epoch ORDER BY max(place) DESC LIMIT ?"
    return dict(db.execute(query, (most,)).fetchall())


def read_troubles(db: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return part and reason of the troubles that are not over."""
    return set(db.execute("SELECT part, reason FROM troubles").fetchall())


def numbered(
    newest: int, born: Sequence[tuple[str, Fact]], stamp: Stamp, versions: tuple[int, int]
) -> list[Event]:
    """Return events of these ids and facts, numbered on from the newest.

    A fact about a tag that names none belongs to the first of them.
    """
    policy, replica = versions
    about = born[0][0] if born else ""
    return [
        Event(seq=seq, id=ident, at=stamp, fact=_about(fact, about), policy=policy, replica=replica)
        for seq, (ident, fact) in enumerate(born, newest + 1)
    ]


def is_one_statement(fact: Fact) -> bool:
    """Return whether :func:`insert_events` of this fact alone is a single statement."""
    return not isinstance(fact, _OfAPart)


def insert_events(db: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Append events, and keep the list of troubles in step with them."""
    for event in events:
        row = (event.seq, encode_event(event).decode())
        db.execute("INSERT INTO facts (seq, body) VALUES (?, ?)", row)
        fact = event.fact
        if isinstance(fact, Trouble):
            db.execute("INSERT OR IGNORE INTO troubles VALUES (?, ?)", (fact.part, fact.reason))
        elif isinstance(fact, Well):
            db.execute(_OVER, (fact.part, fact.reason))


def open_task(db: sqlite3.Connection, task: TagTask) -> None:
    """Remember security work; a newer task for the same tag takes the older one's place."""
    row = (task.uid, task.item, task.afi, task.about, task.made)
    db.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?)", row)


def close_tasks(db: sqlite3.Connection, uids: Iterable[str]) -> None:
    """Forget finished security work."""
    db.executemany("DELETE FROM tasks WHERE uid = ?", [(uid,) for uid in uids])


def settle(db: sqlite3.Connection, now_ms: int) -> None:
    """Note what is acknowledged by now, and what stands in the archive."""
    db.execute("INSERT OR IGNORE INTO settled SELECT CAST(value AS INTEGER), ?" + _ACKED, (now_ms,))
    db.execute("UPDATE archive SET since_ms = ? WHERE since_ms = 0", (now_ms,))


def trim(db: sqlite3.Connection, before_ms: int) -> int:
    """Delete what was known to be acknowledged before ``before_ms``; return how many went.

    A fact that waited for long stays as long as any other: a ledger put back may ask for it again.
    """
    (seq,) = db.execute("SELECT max(seq) FROM settled WHERE at_ms < ?", (before_ms,)).fetchone()
    db.execute("DELETE FROM settled WHERE seq < ?", (seq,))
    gone = db.execute(
        "DELETE FROM facts WHERE seq IN (SELECT seq FROM facts WHERE seq <= ? ORDER BY seq LIMIT ?)",
        (seq, TRIM),
    ).rowcount
    return gone + db.execute("DELETE FROM archive WHERE since_ms < ?", (before_ms,)).rowcount


def begin_epoch(db: sqlite3.Connection, epoch: str, after: int, beyond: Mapping[str, int]) -> str:
    """Start a new life: events beyond ``after`` are numbered from 1, the others are archived.

    Before them go those that the archive has ``beyond`` a number of an earlier epoch.
    """
    waiting = _out_of_archive(db, beyond)
    rows = db.execute("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq", (after,))
    waiting += [body for _, body in rows]
    archive(
        db,
        db.execute("SELECT ?, seq, body FROM events WHERE seq <= ? ORDER BY seq", (epoch, after)),
    )
    db.execute("DELETE FROM facts")
    db.execute("DELETE FROM settled")
    fresh = new_epoch()
    write_meta(db, epoch=fresh, acked=0, sent=0)
    number_anew(db, waiting)
    return fresh


def archive(db: sqlite3.Connection, rows: Iterable[tuple[str, int, str]]) -> None:
    """Keep what the ledger has of an epoch that is over: (epoch, number, event)."""
    db.executemany("INSERT OR IGNORE INTO archive (epoch, seq, body) VALUES (?, ?, ?)", rows)


def _out_of_archive(db: sqlite3.Connection, beyond: Mapping[str, int]) -> list[str]:
    found: list[tuple[int, str]] = []
    for key in beyond.items():
        found += db.execute("SELECT place, body FROM archive WHERE epoch = ? AND seq > ?", key)
    db.executemany("DELETE FROM archive WHERE place = ?", [(place,) for place, _ in found])
    return [body for _, body in sorted(found)]


def number_anew(db: sqlite3.Connection, bodies: Iterable[str]) -> int:
    """Append events under new numbers, with the ids they were born with; return how many."""
    seq = last_seq(db)
    first = seq
    for body in bodies:
        seq += 1
        db.execute("INSERT INTO facts (seq, body) VALUES (?, ?)", (seq, _numbered(body, seq)))
    return seq - first


def _numbered(body: str, seq: int) -> str:
    try:
        return encode_event(msgspec.structs.replace(decode_event(body.encode()), seq=seq)).decode()
    except WireError:  # written by another version: only its number changes
        return msgspec.json.encode({**msgspec.json.decode(body), "seq": seq}).decode()


def _about(fact: Fact, first: str) -> Fact:
    if isinstance(fact, _OfATag) and not fact.about:
        return msgspec.structs.replace(fact, about=first)
    return fact


def stamped(task: TagTask, about: str, now: int) -> TagTask:
    """Return the task with what only the journal knows: its event and its time."""
    return replace(task, about=task.about or about, made=task.made or now)
