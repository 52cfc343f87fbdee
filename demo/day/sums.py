"""The sums of a day: what the journals hold against what the ledger holds, and what rang."""

import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.places import PIS, Places
from demo.stack import ask_console

PAGE = 500
FactKey = tuple[str, str, int]
"""Device, epoch, sequence number."""


@dataclass(frozen=True, slots=True)
class Journaled:
    """A fact in a device's journal."""

    key: FactKey
    id: str
    kind: str
    uid: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Sums:
    """How the day went. ``lost`` is in no ledger, ``doubled`` more than once, ``strange`` in no
    journal.
    """  # noqa: D205

    journaled: int
    in_ledger: int
    lost: list[FactKey]
    doubled: list[FactKey]
    strange: list[FactKey]
    alarms_right: int
    alarms_wrong: list[str]
    alarms_missed: list[str]
    delays: list[float]

    @property
    def good(self) -> bool:
        """Whether nothing was lost, nothing doubled."""
        return not (self.lost or self.doubled or self.strange)


def read_journals(places: Places) -> list[Journaled]:
    """Return every fact of every device, as its SD card has it."""
    found: list[Journaled] = []
    for pi in PIS:
        file = places.pi(pi.device) / "data" / "journal.db"
        if file.exists():
            found += _read_journal(pi.device, file)
    return found


def _read_journal(device: str, file: Path) -> list[Journaled]:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as db:
        [epoch] = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        where = "json_extract(body, '$.fact.uid'), json_extract(body, '$.at.wall')"
        what = f"json_extract(body, '$.id'), json_extract(body, '$.fact.k'), {where}"
        rows = db.execute(
            f"SELECT ?1, seq, {what} FROM events "  # noqa: S608 - names of ours
            f"UNION ALL SELECT epoch, seq, {what} FROM archive",
            (epoch,),
        ).fetchall()
    return [
        Journaled((device, str(epoch), seq), id_, kind, uid or "", at)
        for epoch, seq, id_, kind, uid, at in rows
    ]


async def read_ledger(places: Places) -> list[dict[str, Any]]:
    """Return every fact of the ledger, page by page."""
    rows: list[dict[str, Any]] = []
    after = 0
    while True:
        answer = await ask_console(places, f"api/facts?after={after}&limit={PAGE}")
        if answer is None or answer[0] != 200:
            raise OSError(f"the gateway does not answer: {answer}")
        rows += answer[1]
        if not answer[1]:
            return rows
        after = answer[1][-1]["arrival"]


async def loans_differ(places: Places, held: dict[str, str]) -> list[str]:
    """Return each book in a reader's bag (item -> reader) whose loan the ledger has otherwise."""
    wrong = []
    for item, reader in sorted(held.items()):
        answer = await ask_console(places, f"api/items/{item}")
        loans = answer[1]["loans"] if answer and answer[0] == 200 else []
        if [one["reader"] for one in loans if one["ended"] is None] != [reader]:
            wrong.append(f"{item} went home with {reader}; the ledger has {loans}")
    return wrong


def add_up(
    journal: list[Journaled], ledger: list[dict[str, Any]], should_ring: list[tuple[str, str]]
) -> Sums:
    """Compare; ``should_ring`` are site and tag of each book that was carried out unlent."""
    keys = Counter((row["device"], row["epoch"], row["seq"]) for row in ledger)
    ids = Counter(row["id"] for row in ledger)
    known = {fact.key: fact for fact in journal}
    doubled = [key for key, count in keys.items() if count > 1]
    doubled += [known[key].key for key in known if ids[known[key].id] > 1]
    right, wrong, missed = _alarms(journal, should_ring)
    return Sums(
        journaled=len(known),
        in_ledger=len(ledger),
        lost=sorted(key for key in known if key not in keys),
        doubled=sorted(set(doubled)),
        strange=sorted(key for key in keys if key not in known),
        alarms_right=right,
        alarms_wrong=wrong,
        alarms_missed=missed,
        delays=[(row["received_ms"] - row["at_ms"]) / 1000 for row in ledger],
    )


def _alarms(
    journal: list[Journaled], should_ring: list[tuple[str, str]]
) -> tuple[int, list[str], list[str]]:
    expected = Counter(should_ring)
    right, wrong = 0, []
    for fact in journal:
        if fact.kind != "gate_alarm":
            continue
        one = (fact.key[0].split("-")[0], fact.uid)
        if expected[one] > 0:
            expected[one] -= 1
            right += 1
        else:
            wrong.append(f"{fact.key[0]} rang for {fact.uid}")
    missed = [f"{site} was silent for {uid}" for (site, uid), n in expected.items() if n > 0]
    return right, wrong, missed
