"""What the ledger knows before any fact: items, readers, cards, branches, the policy."""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from edge.circulation.model import ItemView, LoanView, Policy
from edge.wire.facts import card_ref, normal_card
from gateway.assess import Person
from gateway.ledger.store import Store

ITEMS = (
    "SELECT item, title, author, kind, branch, flags, uid, held.reader AS held_for, together "
    "FROM items LEFT JOIN held USING (item)"
)
"""The rows that :func:`item_view` understands."""
KeyOf = Callable[[str], bytes]
"""Gives the secret of a site."""


class Branch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``import-branches``: a node of the branch tree."""

    branch: str
    name: str
    parent: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``import-items``: a copy. Copies with the same ``work`` stand for each other.

    ``together``: numbers of the other items of a set that is lent as one.
    """

    item: str
    title: str
    author: str = ""
    kind: str = "book"
    branch: str = ""
    flags: list[str] = []
    uid: str = ""
    work: str = ""
    together: list[str] = []


class Reader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``import-readers``. ``expires`` is the last day of membership (``YYYY-MM-DD``).

    Of ``pin`` only a slow hash is kept; ``email`` is for receipts that the reader asks for. ``papers``:
    numbers of identity papers that are cards where the policy says so, with the day of the consent.
    """

    reader: str
    name: str = ""
    group: str = "adult"
    expires: str = ""
    branch: str = ""
    blocked: bool = False
    blocked_since: str = ""
    cards: list[str] = []
    pin: str = ""
    email: str = ""
    papers: list[str] = []
    paper_consent: str = ""


def reader_ref(site_key: bytes, reader: str) -> str:
    """Return what a site may know of a person: a keyed hash, another one at every site."""
    return hmac.new(site_key, b"reader:" + reader.encode(), hashlib.sha256).hexdigest()[:32]


class Catalogue:
    """Items, readers, cards, branches and policies, in one database."""

    def __init__(self, store: Store, key_of: KeyOf) -> None:
        self._store = store
        self._key_of = key_of

    # -- what is there

    def item(self, item: str, site: str = "") -> ItemView | None:
        """Return an item, or None; ``held_for`` as a site may know it, else the reader's number."""
        row = self._store.one(f"{ITEMS} WHERE item = ?", item)
        return None if row is None else self.item_view(row, site)

    def item_view(self, row: Any, site: str = "") -> ItemView:
        """Return an item from its row of :data:`ITEMS`."""
        view = item_view(row)
        if site and view.held_for:
            ref = self.person_ref(site, view.held_for)
            return msgspec.structs.replace(view, held_for=ref)
        return view

    def items(self, items: Collection[str]) -> dict[str, ItemView]:
        """Return those of these items that are known."""
        rows = self._store.among(f"{ITEMS} WHERE item IN ({{}})", items)
        return {row["item"]: item_view(row) for row in rows}

    def people(self, site: str, refs: Collection[str]) -> dict[str, Person]:
        """Return the readers that these card references of a site belong to."""
        rows = self._store.among(
            "SELECT c.ref, r.* FROM card_refs c JOIN readers r USING (reader) "
            "WHERE c.ref IN ({}) AND c.site = ?",
            refs,
            site,
        )
        return {row["ref"]: _person(row) for row in rows}

    def person(self, site: str, ref: str) -> Person | None:
        """Return the reader a card reference of a site belongs to."""
        row = self._store.one(
            "SELECT r.* FROM card_refs c JOIN readers r USING (reader) WHERE c.site = ? "
            "AND c.ref = ?",
            site,
            ref,
        )
        return None if row is None else _person(row)

    def cards(self, site: str, begins: str) -> list[str]:
        """Return two at most of the card references of a site that begin so."""
        rows = self._store.all(
            "SELECT ref FROM card_refs WHERE site = ? AND ref >= ? AND ref < ? LIMIT 2",
            *(site, begins, begins + "g"),
        )
        return [row["ref"] for row in rows]

    def card_number(self, site: str, ref: str, reader: str) -> str:
        """Return a card's number of a reader: the one that was shown, if it has a number."""
        shown = self._store.value(
            "SELECT card FROM card_refs WHERE site = ? AND ref = ? AND reader = ?",
            *(site, ref, reader),
        )
        if shown and not str(shown).startswith("UID:"):
            return str(shown)
        other = self._store.value(
            "SELECT card FROM cards WHERE reader = ? AND card NOT LIKE 'UID:%' ORDER BY card LIMIT 1",
            reader,
        )
        return str(other or shown or "")

    def find_person(self, text: str) -> Person | None:
        """Return a reader by card number or reader number, as staff type it."""
        row = self._store.one(
            "SELECT * FROM readers WHERE reader = ?2 OR reader = "
            "(SELECT reader FROM cards WHERE card = ?1) LIMIT 1",
            normal_card(text),
            text.strip(),
        )
        return None if row is None else _person(row)

    def person_ref(self, site: str, reader: str) -> str:
        """Return a person's reference at a site."""
        return reader_ref(self._key_of(site), reader)

    def open_loans(self, reader: str) -> int:
        """Return how many items a reader has now."""
        return int(
            self._store.value(
                "SELECT count(*) FROM loans WHERE reader = ? AND ended IS NULL", reader
            )
        )

    def loan(self, site: str, item: str) -> LoanView | None:
        """Return the open loan of an item as a site may know it."""
        rows = self.loans(site, "l.item = ?", item)
        return rows[0] if rows else None

    def loans(self, site: str, where: str = "1", *values: str) -> list[LoanView]:
        """Return open loans as a site may know them; ``where`` is SQL on ``l`` (loans)."""
        rows = self._store.all(
            "SELECT l.*, i.title FROM loans l LEFT JOIN items i ON i.item = l.item "  # noqa: S608
            f"WHERE l.ended IS NULL AND {where} ORDER BY l.due, l.item",
            *values,
        )
        return [
            LoanView(
                item=row["item"],
                reader=self.person_ref(site, row["reader"]),
                due=row["due"],
                since=row["since"],
                renewals=row["renewals"],
                title=row["title"] or "",
                doubt=bool(row["doubt"]),
            )
            for row in rows
        ]

    def site_key(self, site: str) -> bytes:
        """Return the secret that the devices of a site have."""
        return self._key_of(site)

    def policy(self) -> tuple[int, Policy]:
        """Return the policy in force and its number; without one, the built-in with number 0."""
        row = self._store.one("SELECT number, body FROM policies ORDER BY number DESC LIMIT 1")
        return (0, Policy()) if row is None else (row["number"], _policy(row["body"]))

    def policies(self) -> dict[int, Policy]:
        """Return all policies there ever were, by number."""
        rows = self._store.all("SELECT number, body FROM policies")
        return {0: Policy(), **{row["number"]: _policy(row["body"]) for row in rows}}

    # -- what changes it

    def put_items(self, rows: Iterable[Item]) -> int:
        """Take in items, new or changed; return how many changed."""
        changed = 0
        for row in rows:
            changed += self._put(
                "items",
                row.item,
                "INSERT INTO items (item, title, author, kind, branch, flags, uid, work, together) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (item) DO UPDATE SET "
                "title = ?2, author = ?3, kind = ?4, branch = ?5, flags = ?6, uid = ?7, work = ?8, "
                "together = ?9 WHERE (title, author, kind, branch, flags, uid, work, together) "
                "IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                *(row.item, row.title, row.author, row.kind, row.branch),
                *(_json(sorted(row.flags)), row.uid.upper(), row.work),
                _json(sorted({*row.together} - {row.item})),
            )
        return changed

    def put_flags(self, item: str, flags: list[str]) -> None:
        """Give an item other flags."""
        self._put(
            "items", item, "UPDATE items SET flags = ? WHERE item = ?", _json(sorted(flags)), item
        )

    def put_branch(self, items: Iterable[str], branch: str) -> None:
        """Have items stand at another branch."""
        for item in items:
            self._put(
                "items", item, "UPDATE items SET branch = ?1 WHERE item = ?2 AND branch <> ?1",
                *(branch, item),
            )  # fmt: skip

    def put_readers(self, rows: Iterable[tuple[Reader, int, int]], now: int) -> int:
        """Take in readers with (expires, blocked since) in ms; return how many changed."""
        sites = [row["site"] for row in self._store.all("SELECT site FROM sites")]
        changed = 0
        for row, expires, since in rows:
            changed += self._put(
                "readers",
                row.reader,
                "INSERT INTO readers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (reader) DO "
                "UPDATE SET name = ?2, grp = ?3, expires = ?4, branch = ?5, blocked = ?6, "
                "blocked_at = CASE WHEN ?7 THEN ?7 WHEN ?6 AND NOT blocked THEN ?8 ELSE blocked_at "
                "END WHERE (name, grp, expires, branch, blocked) IS NOT (?2, ?3, ?4, ?5, ?6) "
                "OR (?7 AND blocked_at IS NOT ?7)",
                *(row.reader, row.name, row.group, expires, row.branch, int(row.blocked)),
                *(since, now),
            )
            for card in {normal_card(text) for text in row.cards}:
                changed += self._put_card(card, row.reader, sites)
        return changed

    def put_branches(self, rows: Iterable[Branch]) -> int:
        """Take in branches; return how many there were."""
        count = 0
        for row in rows:
            count += self._store.run(
                "INSERT INTO branches VALUES (?1, ?2, ?3) ON CONFLICT (branch) DO UPDATE SET "
                "name = ?2, parent = ?3",
                *(row.branch, row.name, row.parent),
            )
        self._scopes_changed()
        return count

    def put_policy(self, policy: Policy, now: int) -> int:
        """Put a policy in force; return its number (the same one again: nothing changes)."""
        number, last = self.policy()
        if number and last == policy:
            return number
        number = self._store.insert(
            "INSERT INTO policies (made, body) VALUES (?, ?)", now, msgspec.json.encode(policy)
        )
        self.note("policy", str(number))
        return number

    def put_site(self, site: str, branch: str = "", name: str = "") -> None:
        """Make a site known, with references for all cards there are."""
        before = self._store.value("SELECT branch FROM sites WHERE site = ?", site)
        if before is not None and branch not in ("", before):
            self._scopes_changed()
        self._store.run(
            "INSERT INTO sites VALUES (?1, ?2, ?3) ON CONFLICT (site) DO UPDATE SET "
            "name = CASE WHEN ?2 = '' THEN name ELSE ?2 END, "
            "branch = CASE WHEN ?3 = '' THEN branch ELSE ?3 END",
            *(site, name, branch),
        )
        key = self._key_of(site)
        self._store.many(
            "INSERT OR IGNORE INTO card_refs VALUES (?, ?, ?, ?, ?)",
            [
                (site, card_ref(key, row["card"]), row["card"], row["reader"],
                 reader_ref(key, row["reader"]))
                for row in self._store.all("SELECT * FROM cards")
            ],
        )  # fmt: skip

    def forget_refs(self, card: str, site: str = "") -> int:
        """Let nobody come by a card any more (at one site, or all); the copies there hear of it."""
        return self._forget("card = ? AND ? IN ('', site)", card, site)

    def forget_reader(self, reader: str) -> int:
        """Let nobody come by any card, paper or picture of a reader; the copies hear of it."""
        return self._forget("reader = ?", reader)

    def _forget(self, where: str, *values: str) -> int:
        rows = self._store.all(f"DELETE FROM card_refs WHERE {where} RETURNING site, ref", *values)  # noqa: S608 - ours
        self.note_all("refs", [f"{row['site']} {row['ref']}" for row in rows])
        return len(rows)

    def _scopes_changed(self) -> None:
        """Who needs what is another question now: every copy is made anew."""
        version = self._store.value("SELECT coalesce(max(version), 0) + 1 FROM changes")
        self._store.run("INSERT INTO changes VALUES (?, 'floor', ?)", version, str(version))

    def note(self, table: str, key: str) -> None:
        """Write down that a row changed, so that the replicas of the sites follow."""
        self.note_all(table, [key])

    def note_all(self, table: str, keys: Iterable[str]) -> None:
        """Write down that these rows changed."""
        rows = [(table, key) for key in keys]
        self._store.many("INSERT INTO changes (tab, key) VALUES (?, ?)", rows)

    def _put(self, table: str, key: str, sql: str, *values: str | int) -> int:
        changed = self._store.run(sql, *values)
        if changed:
            self.note(table, key)
        return changed

    def _put_card(self, card: str, reader: str, sites: list[str]) -> int:
        changed = self._put(
            "readers",
            reader,
            "INSERT INTO cards VALUES (?1, ?2) ON CONFLICT (card) DO UPDATE SET reader = ?2 "
            "WHERE reader <> ?2",
            *(card, reader),
        )
        if changed:
            for site in sites:
                key = self._key_of(site)
                ref, person = card_ref(key, card), reader_ref(key, reader)
                self._store.run(
                    "INSERT OR REPLACE INTO card_refs VALUES (?, ?, ?, ?, ?)",
                    *(site, ref, card, reader, person),
                )
        return changed


def item_view(row: Sequence[str]) -> ItemView:
    """Return an item from its row of :data:`ITEMS`."""
    item, title, author, kind, branch, flags, uid, held_for, together = row
    return ItemView(
        item=item,
        title=title,
        author=author,
        kind=kind,
        branch=branch,
        flags=[] if flags == "[]" else msgspec.json.decode(flags, type=list[str]),
        held=bool(held_for),
        held_for=held_for or "",
        uid=uid,
        together=[] if together == "[]" else msgspec.json.decode(together, type=list[str]),
    )


def _person(row: "object") -> Person:
    got = dict(row)  # type: ignore[call-overload]
    return Person(
        reader=got["reader"],
        name=got["name"],
        group=got["grp"],
        expires=got["expires"],
        blocked=bool(got["blocked"]),
        blocked_at=got["blocked_at"],
    )


@lru_cache(maxsize=32)
def _policy(body: bytes) -> Policy:
    return msgspec.json.decode(body, type=Policy)


def _json(value: list[str]) -> str:
    return msgspec.json.encode(value).decode()
