"""Forgets a reader who asks for it: who it was goes, what was lent stays countable under a new name.

Devices knew references of the cards only, and lose them with the next change of their copies. Facts
keep the reference under which they were journaled: without the card's number it leads to nobody.
"""

import secrets
from dataclasses import dataclass

import msgspec

from gateway.assess import Assessed, Person
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

ALIAS = "gone-"
_GONE = ("pins", "emails", "papers", "class_members", "class_teachers", "cards")
_RENAMED = ("loans", "holds", "fees", "mails", "worklist", "looks", "facts", "readers")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a reader, before it goes. ``loans`` are past, ``holds`` open ones."""

    person: Person
    loans: int
    cards: int
    holds: int


def look(ledger: SqliteLedger, text: str, now: int) -> Known:
    """Return what there is to forget of who has this card or number; RefusedError if it may not be.

    It may not while something is open between the reader and the library.
    """
    person = ledger.catalogue.find_person(text)
    if person is None:
        raise RefusedError(f"no reader has the card or number {text!r}")
    if person.reader.startswith(ALIAS):
        raise RefusedError(f"{person.reader} is forgotten already")
    if lent := ledger.catalogue.open_loans(person.reader):
        raise RefusedError(f"{lent} items are on loan to this reader: they must come back first")
    if owed := ledger.fees.balance(person.reader, now):
        raise RefusedError(
            f"this reader owes {owed} dong: enter what was paid or waived first (import-fees)"
        )
    if _untold(ledger, person.reader):
        raise RefusedError(
            "the library system was not told of all loans of this reader yet: try again later"
        )
    counted = [
        int(ledger.store.value(f"SELECT count(*) FROM {rows} AND reader = ?", person.reader))  # noqa: S608 - ours
        for rows in ("loans WHERE 1", "cards WHERE 1", "holds WHERE ended IS NULL")
    ]
    return Known(person, *counted)


def forget(ledger: SqliteLedger, text: str, who: str, now: int) -> str:
    """Forget who has this card or number, for good; return what the past loans go by now.

    Raises RefusedError as :func:`look` does. ``who`` does it, for the list of those that went.
    """
    store, alias = ledger.store, ALIAS + secrets.token_hex(6)
    store.run("PRAGMA secure_delete = ON")
    with store.transaction():
        reader = look(ledger, text, now).person.reader
        ledger.holds.withdraw(reader, now)
        _clear_notes(ledger, reader, alias)
        _clear_facts(ledger, reader, alias)
        for row in store.all(
            "SELECT class FROM class_members WHERE reader = ?1 UNION "
            "SELECT class FROM class_teachers WHERE reader = ?1",
            reader,
        ):
            ledger.catalogue.note("classes", row["class"])
        ledger.mails.drop(reader, now)
        ledger.catalogue.forget_reader(reader)
        for table in _GONE:
            store.run(f"DELETE FROM {table} WHERE reader = ?", reader)  # noqa: S608 - named above
        for table in _RENAMED:
            store.run(f"UPDATE {table} SET reader = ?2 WHERE reader = ?1", reader, alias)  # noqa: S608 - as above
        store.run("UPDATE readers SET name = '' WHERE reader = ?", alias)
        store.run("UPDATE changes SET key = ?2 WHERE tab = 'readers' AND key = ?1", reader, alias)
        store.run("INSERT INTO forgotten VALUES (?, ?, ?)", alias, now, who)
    store.all("PRAGMA wal_checkpoint(TRUNCATE)")  # what the log still holds of it goes, too
    return alias


def _untold(ledger: SqliteLedger, reader: str) -> bool:
    sql = (
        "SELECT 1 FROM ils_posts p JOIN facts f ON f.id = p.fact "
        "WHERE p.state IN ('waiting', 'sending') AND coalesce(f.assigned, f.reader) = ?"
    )
    return ledger.store.one(sql, reader) is not None


def _clear_notes(ledger: SqliteLedger, reader: str, alias: str) -> None:
    """Change what staff typed when they said whose a loan is."""
    for row in ledger.store.all("SELECT number, note FROM resolutions WHERE action = 'assign'"):
        person = ledger.catalogue.find_person(row["note"])
        if person is not None and person.reader == reader:
            ledger.store.run(
                "UPDATE resolutions SET note = ? WHERE number = ?", alias, row["number"]
            )


def _clear_facts(ledger: SqliteLedger, reader: str, alias: str) -> None:
    """Have facts name the reader as they will be reckoned from now on."""
    store, quoted = ledger.store, msgspec.json.encode(reader).decode()
    store.run("UPDATE facts SET assigned = ?2 WHERE assigned = ?1", reader, alias)
    for row in store.all(
        "SELECT id, reader, assigned, assessed FROM facts WHERE assessed IS NOT NULL "
        "AND instr(CAST(assessed AS TEXT), ?)",
        quoted,
    ):
        known = msgspec.json.decode(row["assessed"], type=Assessed)
        if known.reader == reader:
            view = known.view and msgspec.structs.replace(known.view, reader=alias)
            known = msgspec.structs.replace(known, reader=alias, view=view)
            store.run("UPDATE facts SET assigned = ? WHERE id = ?", alias, row["id"])
        if known.held_for == reader:
            known = msgspec.structs.replace(known, held_for=alias)
        store.run(
            "UPDATE facts SET assessed = ? WHERE id = ?", msgspec.json.encode(known), row["id"]
        )
