"""The worklist: what a person must look at. Nothing leaves it without a resolution (R15)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.codes import CODES, REOPENED, SETTLED, WITH_REASON, severity
from gateway.errors import RefusedError
from gateway.ids import new_id
from gateway.ledger.store import Store

LEDGER = "ledger"
"""Who settles an entry whose cause is over by itself."""


class Worklist:
    """Entries and their resolutions, in one database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self,
        key: str,
        code: str,
        now: int,
        *,
        where: tuple[str, str] = ("", ""),
        about: Mapping[str, str | None] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Put an entry up; one that is open already under this key counts once more.

        ``where`` is (site, device); ``about`` may name item, reader and fact.
        """
        about = about or {}
        row = self._store.one("SELECT * FROM worklist WHERE key = ? AND closed IS NULL", key)
        if row is not None:
            seen = msgspec.json.decode(row["detail"])
            seen = {**seen, **(detail or {}), "count": int(seen.get("count", 1)) + 1, "last": now}
            self._store.run(
                "UPDATE worklist SET detail = ? WHERE number = ?", _json(seen), row["number"]
            )
            return
        self._store.run(
            "INSERT INTO worklist (key, code, severity, site, device, item, reader, fact, detail, "
            "opened) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(key, code, severity(code), *where, about.get("item"), about.get("reader")),
            *(about.get("fact"), _json(dict(detail or {})), now),
        )

    def open_once(self, key: str, code: str, now: int, **more: Any) -> None:
        """Put an entry up unless one under this key is there, open or resolved by a person."""
        row = self._store.one(
            "SELECT w.closed, (SELECT r.action FROM resolutions r WHERE r.entry = w.number "
            "ORDER BY r.number DESC LIMIT 1) AS last, w.number "
            "FROM worklist w WHERE w.key = ? ORDER BY w.number DESC LIMIT 1",
            key,
        )
        if row is None:
            self.open(key, code, now, **more)
        elif row["closed"] is not None and row["last"] == SETTLED:
            self._record(row["number"], REOPENED, LEDGER, "", now)
            self._store.run("UPDATE worklist SET closed = NULL WHERE number = ?", row["number"])

    def settle(self, key: str, now: int, note: str = "") -> None:
        """Take down the open entry under this key: its cause is over."""
        row = self._store.one("SELECT number FROM worklist WHERE key = ? AND closed IS NULL", key)
        if row is not None:
            self._record(row["number"], SETTLED, LEDGER, note, now)
            self._store.run("UPDATE worklist SET closed = ? WHERE number = ?", now, row["number"])

    def sync_fact(self, fact: str, codes: list[str], now: int, **more: Any) -> None:
        """Make the entries of a fact those of its codes that ask for a look."""
        wanted = {f"{code}:{fact}": code for code in codes if severity(code) != "info"}
        rows = self._store.all(
            "SELECT key FROM worklist WHERE fact = ? AND closed IS NULL "
            "AND key = code || ':' || fact",
            fact,
        )
        for row in rows:
            if row["key"] not in wanted:
                self.settle(row["key"], now)
        for key, code in wanted.items():
            self.open_once(key, code, now, **more)

    def entry(self, number: int) -> dict[str, Any]:
        """Return an entry; raise RefusedError when there is none of this number."""
        row = self._store.one("SELECT * FROM worklist WHERE number = ?", number)
        if row is None:
            raise RefusedError(f"there is no worklist entry {number}")
        return {**dict(row), "detail": msgspec.json.decode(row["detail"])}

    def resolve(self, number: int, action: str, who: str, note: str, now: int) -> dict[str, Any]:
        """Record how a person settled an entry; return the entry as it was."""
        entry = self.entry(number)
        code = CODES.get(entry["code"])
        if entry["closed"] is not None:
            raise RefusedError(f"entry {number} is settled already")
        if action not in (code.actions if code else ("accept",)):
            raise RefusedError(f"{action} is no answer to {entry['code']}")
        if action in WITH_REASON and not note.strip():
            raise RefusedError(f"{action} needs a reason")
        self._record(number, action, who, note, now)
        self._store.run("UPDATE worklist SET closed = ? WHERE number = ?", now, number)
        return entry

    def reopen(self, number: int, who: str, now: int) -> tuple[dict[str, Any], str]:
        """Take a settled entry up again; return it and the action that is taken back."""
        entry = self.entry(number)
        if entry["closed"] is None:
            raise RefusedError(f"entry {number} is open")
        if self._store.one("SELECT 1 FROM worklist WHERE key = ? AND closed IS NULL", entry["key"]):
            raise RefusedError(f"entry {number} came up again by itself; look at the open one")
        last = self._store.value(
            "SELECT action FROM resolutions WHERE entry = ? ORDER BY number DESC LIMIT 1", number
        )
        self._record(number, REOPENED, who, "", now)
        self._store.run("UPDATE worklist SET closed = NULL WHERE number = ?", number)
        return entry, str(last or "")

    def put_detail(self, number: int, detail: Mapping[str, Any]) -> None:
        """Replace what is kept with an entry."""
        self._store.run(
            "UPDATE worklist SET detail = ? WHERE number = ?", _json(dict(detail)), number
        )

    def _record(self, number: int, action: str, who: str, note: str, now: int) -> None:
        self._store.run(
            "INSERT INTO resolutions (id, entry, action, who, note, at) VALUES (?, ?, ?, ?, ?, ?)",
            *(new_id(now), number, action, who, note, now),
        )


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
