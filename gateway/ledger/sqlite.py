"""The built-in ledger in one SQLite file."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from edge.wire.batch import Batch
from edge.wire.messages import Answer, Ask, Cursor
from gateway.errors import RefusedError
from gateway.ledger.boxes import Boxes
from gateway.ledger.catalogue import Catalogue, KeyOf
from gateway.ledger.chains import Chains
from gateway.ledger.classes import Classes
from gateway.ledger.effects import Effects
from gateway.ledger.fees import Fees
from gateway.ledger.holds import Holds
from gateway.ledger.intake import Applied, Parts
from gateway.ledger.mails import Mails
from gateway.ledger.marks import mark_at, newest_version
from gateway.ledger.papers import Papers
from gateway.ledger.pins import Pins
from gateway.ledger.posting import Posting
from gateway.ledger.proofs import Proofs
from gateway.ledger.retell import tell_again
from gateway.ledger.store import Connect, Store
from gateway.ledger.worklist import Worklist

PAST = 100
"""More earlier streams than a device in its right mind asks about."""
_LOST = frozenset({"lost", "withdrawn", "missing"})


class SqliteLedger:
    """Everything the centre knows. One thread at a time; a second one opens its own."""

    def __init__(self, path: Path | str, key_of: KeyOf, connect: Connect | None = None) -> None:
        self.store = Store(path, connect)
        self.catalogue = Catalogue(self.store, key_of)
        self.worklist = Worklist(self.store)
        self.boxes = Boxes(self.store, self.catalogue, self.worklist)
        self.effects = Effects(self.store, self.worklist, self.boxes)
        self.holds = Holds(self.store, self.catalogue, self.worklist)
        self.fees = Fees(self.store, self.catalogue)
        self.pins = Pins(self.store, self.catalogue, key_of)
        self.mails = Mails(self.store, self.catalogue, self.worklist)
        self.papers = Papers(self.store, self.catalogue, key_of)
        self.proofs = Proofs(self.store, self.catalogue)
        self.classes = Classes(self.store, self.catalogue, key_of)
        self.chains = Chains(self.store, self.catalogue, self.worklist)
        self.posting = Posting(
            Parts(
                self.store,
                self.catalogue,
                self.worklist,
                self.chains,
                self.effects,
                self.holds,
                self.mails,
                self.boxes,
            )
        )

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def apply(self, site: str, batch: Batch, received: int) -> Applied:
        """Take a batch in: durable, and once, however often it comes."""
        return self.posting.apply(site, batch, received)

    def apply_all(self, batches: Sequence[tuple[str, Batch, int]]) -> list[Applied]:
        """Take in batches (site, batch, when it was heard) in one durable transaction."""
        with self.store.transaction():
            return [self.posting.apply(*one) for one in batches]

    def expire_holds(self, now: int) -> int:
        """End the holds whose time on the shelf is over; return how many."""
        with self.store.transaction():
            return self.holds.expire(now)

    def check_pin(self, site: str, ask: Ask, now: int) -> Answer:
        """Answer whether a PIN is right, and count the tries."""
        with self.store.transaction():
            return self.pins.check(site, ask, now)

    def enrol(
        self, site: str, device: str, now: int, *, serial: str, fingerprint: str, name: str = ""
    ) -> None:
        """Make a device known at a site, or give it a new certificate."""
        self.store.run(
            "INSERT INTO devices (device, site, name, serial, print, enrolled) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (device) DO UPDATE SET site = ?2, "
            "name = CASE WHEN ?3 = '' THEN name ELSE ?3 END, serial = ?4, print = ?5, revoked = 0",
            *(device, site, name, serial, fingerprint, now),
        )

    def devices(self) -> list[dict[str, Any]]:
        """Return all devices ever enrolled."""
        return [dict(row) for row in self.store.all("SELECT * FROM devices ORDER BY site, device")]

    def site_of(self, device: str) -> str | None:
        """Return where a device may speak from; None: unknown, or its certificate was revoked."""
        got = self.store.value("SELECT site FROM devices WHERE device = ? AND NOT revoked", device)
        return None if got is None else str(got)

    def sites(self) -> list[str]:
        """Return all sites."""
        return [row["site"] for row in self.store.all("SELECT site FROM sites ORDER BY site")]

    def revoke(self, device: str, now: int) -> str:
        """Take a device's right to speak; return the serial number of its certificate."""
        self.store.run("UPDATE devices SET revoked = ? WHERE device = ?", now, device)
        return str(self.store.value("SELECT serial FROM devices WHERE device = ?", device) or "")

    def cursor(self, device: str, epoch: str) -> int:
        """Return how far a stream of a device was taken in."""
        return int(
            self.store.value(
                "SELECT cursor FROM streams WHERE device = ? AND epoch = ?", device, epoch
            )
            or 0
        )

    def cursors(self) -> list[tuple[str, str, Cursor]]:
        """Return (site, device, cursor) of every device's latest stream."""
        rows = self.store.all(
            "SELECT d.site, s.device, s.epoch, s.cursor, max(s.touched) FROM streams s "
            "JOIN devices d USING (device) WHERE NOT d.revoked GROUP BY s.device"
        )
        return [
            (row["site"], row["device"], self._cursor(row["device"], row["epoch"], row["cursor"]))
            for row in rows
        ]

    def place(self, device: str, epoch: str, past: Mapping[str, int] | None = None) -> Cursor:
        """Return how far a stream was taken in, as its device is told.

        ``past``: the newest numbers that the device keeps of earlier streams.
        """
        cursor = self._cursor(device, epoch, self.cursor(device, epoch))
        known = {}
        for one, newest in itertools.islice((past or {}).items(), PAST):
            seq = min(newest, self.cursor(device, one))
            known[one] = (seq, mark_at(self.store, device, one, seq))
        return msgspec.structs.replace(cursor, past=known)

    def _cursor(self, device: str, epoch: str, seq: int) -> Cursor:
        last = mark_at(self.store, device, epoch, seq)
        return Cursor(epoch=epoch, seq=seq, last=last, version=newest_version(self.store))

    def resolve(self, number: int, action: str, who: str, note: str, now: int) -> None:
        """Settle an entry as a person decided, and do what the decision says."""
        with self.store.transaction():
            entry = self.worklist.resolve(number, action, who, note, now)
            if action == "void":
                self._decide(entry, now, voided=1)
            elif action == "assign":
                self._decide(entry, now, assigned=self._assignee(note))
            elif action == "found":
                self._found(entry)
            elif action == "shelved":
                self.holds.shelve(entry["detail"]["hold"], now)
            elif action == "again" and entry["code"] == "RECEIPT_NOT_SENT":
                self.mails.again(entry["fact"], now)
            elif action == "again" and entry["fact"]:
                tell_again(self.store, entry["fact"])

    def reopen(self, number: int, who: str, now: int) -> None:
        """Take a decision back: the entry is open again and the ledger as it was."""
        with self.store.transaction():
            entry, action = self.worklist.reopen(number, who, now)
            if action == "void":
                self._decide(entry, now, voided=0)
            elif action == "assign":
                self._decide(entry, now, assigned=None)
            elif action == "found" and entry["item"]:
                self.catalogue.put_flags(entry["item"], entry["detail"].get("flags", []))
            elif action == "shelved":
                self.holds.shelve(entry["detail"]["hold"], 0)

    def _assignee(self, text: str) -> str:
        person = self.catalogue.find_person(text)
        if person is None:
            raise RefusedError(f"no reader has the card or number {text!r}")
        return person.reader

    def _decide(self, entry: dict[str, Any], now: int, **columns: Any) -> None:
        for column, value in columns.items():
            self.store.run(
                f"UPDATE facts SET {column} = ? WHERE id = ?",  # noqa: S608 - named above
                value,
                entry["fact"],
            )
        rows = self.store.all("SELECT * FROM facts WHERE id = ?", entry["fact"])
        self.posting.judge_again(rows, now)
        if "assigned" in columns:
            tell_again(self.store, entry["fact"])

    def _found(self, entry: dict[str, Any]) -> None:
        item = self.catalogue.item(entry["item"]) if entry["item"] else None
        if item is None:
            return
        self.worklist.put_detail(entry["number"], {**entry["detail"], "flags": item.flags})
        self.catalogue.put_flags(item.item, [flag for flag in item.flags if flag not in _LOST])
