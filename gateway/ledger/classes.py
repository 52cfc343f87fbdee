"""Classes: whose children borrow at a site's kiosks by touching their picture, once it was opened.

What a site may know: the title, references, a picture for each child, and the given name sealed with
the site's secret, where the child's family agreed to show it. Another site learns nothing.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from edge.circulation.model import ANIMALS, COLOURS, Pupil, SchoolClass
from edge.wire.facts import member_ref
from edge.wire.names import LONGEST, seal_name
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Catalogue, KeyOf, reader_ref
from gateway.ledger.store import Store

MOST_PUPILS = len(ANIMALS) * COLOURS - 12
MOST_OF_A_SITE = 500
LONGEST_LESSON = 12 * 60
MARK = "class "
"""Begins the text under which a member's reference is kept; no card number has a space."""


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a class list. ``name``: what the screen says, if not the last word of the reader's.

    ``consent``: the day on which the child's family agreed to that (``YYYY-MM-DD``); empty: no name
    is shown. ``picture`` such as ``cat-3``; empty: one is chosen.
    """

    reader: str
    name: str = ""
    consent: str = ""
    picture: str = ""


class Classes:
    """Classes, in one database."""

    def __init__(self, store: Store, catalogue: Catalogue, key_of: KeyOf) -> None:
        self._store, self._catalogue, self._key_of = store, catalogue, key_of

    def put(
        self,
        ident: str,
        site: str,
        title: str,
        minutes: int,
        teachers: Sequence[str],
        members: Sequence[Member],
    ) -> None:
        """Make a class, or make it another; a child keeps the picture. Raise RefusedError."""
        _check_class(ident, title, minutes)
        self._check_site(ident, site, len(members))
        self._check_people(ident, teachers, members)
        store = self._store
        with store.transaction():
            before = {row["reader"]: row["picture"] for row in self._members(ident)}
            self._end(ident)
            store.run("INSERT INTO classes VALUES (?, ?, ?, ?)", ident, site, title, minutes)
            for reader in dict.fromkeys(teachers):
                store.run("INSERT INTO class_teachers VALUES (?, ?)", ident, reader)
            pictures = _pictures(members, before)
            for place, (one, picture) in enumerate(zip(members, pictures, strict=True)):
                store.run(
                    "INSERT INTO class_members VALUES (?, ?, ?, ?, ?, ?)",
                    *(ident, one.reader, picture, one.name, one.consent, place),
                )
            self._refer(site, [one.reader for one in members])
            self._catalogue.note("classes", ident)

    def remove(self, ident: str) -> None:
        """Take a class away; raise RefusedError when there is none."""
        if self._store.one("SELECT 1 FROM classes WHERE class = ?", ident) is None:
            raise RefusedError(f"there is no class {ident}")
        with self._store.transaction():
            self._end(ident)
            self._catalogue.note("classes", ident)

    def listed(self) -> list[dict[str, Any]]:
        """Return every class with how many children and teachers it has."""
        return [
            dict(row)
            for row in self._store.all(
                "SELECT k.*, (SELECT count(*) FROM class_members m WHERE m.class = k.class) AS pupils, "
                "(SELECT count(*) FROM class_members m WHERE m.class = k.class AND m.consent <> '') "
                "AS named, (SELECT group_concat(t.reader, ', ') FROM class_teachers t "
                "WHERE t.class = k.class) AS teachers FROM classes k ORDER BY k.site, k.class"
            )
        ]

    def members(self, ident: str) -> list[dict[str, Any]]:
        """Return the children of a class in their order."""
        return [dict(row) for row in self._members(ident)]

    def of_site(self, site: str) -> list[SchoolClass]:
        """Return the classes of a site as it may know them."""
        rows = self._store.all("SELECT * FROM classes WHERE site = ? ORDER BY class", site)
        if not rows:
            return []
        key = self._key_of(site)
        return [
            SchoolClass(
                id=row["class"],
                title=row["title"],
                minutes=row["minutes"],
                teachers=[reader_ref(key, reader) for reader in self._teachers(row["class"])],
                pupils=[_pupil(key, member) for member in self._members(row["class"])],
            )
            for row in rows
        ]

    def _members(self, ident: str) -> list[Any]:
        return self._store.all(
            "SELECT m.*, r.name AS whole FROM class_members m JOIN readers r USING (reader) "
            "WHERE m.class = ? ORDER BY m.place",
            ident,
        )

    def _teachers(self, ident: str) -> list[str]:
        rows = self._store.all("SELECT reader FROM class_teachers WHERE class = ?", ident)
        return [row["reader"] for row in rows]

    def _end(self, ident: str) -> None:
        """Forget a class and the references of children who are in no other one of its site."""
        row = self._store.one("SELECT site FROM classes WHERE class = ?", ident)
        if row is None:
            return
        gone = [member["reader"] for member in self._members(ident)]
        self._store.run("DELETE FROM classes WHERE class = ?", ident)
        for reader in gone:
            still = self._store.one(
                "SELECT 1 FROM class_members m JOIN classes k USING (class) "
                "WHERE m.reader = ? AND k.site = ?",
                *(reader, row["site"]),
            )
            if still is None:
                self._catalogue.forget_refs(MARK + reader, row["site"])

    def _refer(self, site: str, readers: Sequence[str]) -> None:
        key = self._key_of(site)
        self._store.many(
            "INSERT OR REPLACE INTO card_refs VALUES (?, ?, ?, ?, ?)",
            [
                (site, member_ref(key, one), MARK + one, one, reader_ref(key, one))
                for one in readers
            ],
        )
        self._catalogue.note_all("readers", readers)

    def _check_site(self, ident: str, site: str, count: int) -> None:
        if self._store.one("SELECT 1 FROM sites WHERE site = ?", site) is None:
            raise RefusedError(f"class {ident}: there is no site {site}")
        others = self._store.value(
            "SELECT count(*) FROM class_members m JOIN classes k USING (class) "
            "WHERE k.site = ? AND k.class <> ?",
            *(site, ident),
        )
        if int(others) + count > MOST_OF_A_SITE:
            raise RefusedError(f"class {ident}: a site has {MOST_OF_A_SITE} children at most")

    def _check_people(self, ident: str, teachers: Sequence[str], members: Sequence[Member]) -> None:
        if not members or len(members) > MOST_PUPILS:
            raise RefusedError(f"class {ident}: 1 to {MOST_PUPILS} children")
        for reader in (*teachers, *(one.reader for one in members)):
            if self._store.one("SELECT 1 FROM readers WHERE reader = ?", reader) is None:
                raise RefusedError(f"class {ident}: reader {reader} is not known")
        for one in members:
            _check_member(ident, one)
        for what in ("reader", "picture"):
            given = [getattr(one, what) for one in members if getattr(one, what)]
            if len(set(given)) < len(given):
                raise RefusedError(f"class {ident}: a {what} stands there twice")


def _check_class(ident: str, title: str, minutes: int) -> None:
    if not 0 < len(ident) <= 40 or not ident.isprintable():
        raise RefusedError("a class has a short name, such as 3A")
    if not 0 < len(title) <= 60 or not title.isprintable():
        raise RefusedError(f"class {ident}: a title has 1 to 60 characters")
    if not 1 <= minutes <= LONGEST_LESSON:
        raise RefusedError(f"class {ident}: a lesson has 1 to {LONGEST_LESSON} minutes")


def _check_member(ident: str, one: Member) -> None:
    if len(one.name.encode()) > LONGEST or not one.name.isprintable():
        raise RefusedError(
            f"class {ident}: reader {one.reader}: a name has {LONGEST} bytes at most, and no line ends"
        )
    if one.picture and one.picture not in _ALL:
        raise RefusedError(f"class {ident}: there is no picture {one.picture}")
    try:
        date.fromisoformat(one.consent or "2026-01-01")
    except ValueError:
        raise RefusedError(
            f"class {ident}: consent {one.consent!r} is no date, write YYYY-MM-DD"
        ) from None


_ALL = [
    f"{animal}-{(turn + n) % COLOURS}"
    for turn in range(COLOURS)
    for n, animal in enumerate(ANIMALS)
]
"""Every picture, in an order in which neighbours look different."""


def _pictures(members: Sequence[Member], before: dict[str, str]) -> list[str]:
    """Return a picture for each child: the one that was asked for, else the one before, else any."""
    wanted = {one.reader: one.picture for one in members if one.picture}
    taken = set(wanted.values())
    for one in members:
        old = before.get(one.reader)
        if one.reader not in wanted and old and old not in taken:
            wanted[one.reader] = old
            taken.add(old)
    free = (picture for picture in _ALL if picture not in taken)
    return [wanted.get(one.reader) or next(free) for one in members]


def _pupil(key: bytes, row: Any) -> Pupil:
    ref, words = member_ref(key, row["reader"]), row["whole"].split()
    name = row["name"] or (words[-1] if words else "")
    shown = seal_name(key, ref, name) if row["consent"] and name else ""
    return Pupil(card=ref, picture=row["picture"], name=shown)
