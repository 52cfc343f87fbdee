"""Ledgers that older programs made are brought up to date, and say the same as before.

``databases/ledger_NNNN.sql``: what the program of that schema step wrote of ten days of a small
library (``sqlite3 ledger.db .dump``, and the number of its step).
"""

import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from edge.wire.batch import Batch, decode_event
from edge.wire.facts import Loan, Return
from gateway.ledger.sqlite import SqliteLedger
from gateway.ledger.store import migrations
from gateway.testing import HOUR, KEYS, NOW, Speaker, card, stock

OLD = sorted(Path(__file__).parent.glob("databases/ledger_*.sql"))
NEWEST = migrations()[-1][0]
LOANS = "SELECT item, reader, since, due, renewals, ended FROM loans ORDER BY item, since"
NAMES = "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
COLUMNS = """SELECT m.name, c.name, c.type, c."notnull", c.pk
    FROM sqlite_master m, pragma_table_info(m.name) c ORDER BY m.name, c.name"""


def restored(file, path):
    db = sqlite3.connect(path)
    db.executescript(file.read_text("utf-8"))
    loans = db.execute(LOANS).fetchall()
    db.close()
    return loans


@pytest.fixture(params=OLD, ids=lambda file: file.stem)
def old(request, tmp_path):
    """The ledger opened by this program, and its loans as the older one had them."""
    loans = restored(request.param, tmp_path / "ledger.db")
    ledger = SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__)
    yield ledger, loans
    ledger.close()


@pytest.fixture
def fresh():
    made = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    yield made
    made.close()


def plain(rows):
    return [tuple(row) for row in rows]


def test_an_old_ledger_gets_the_schema_of_a_new_one_and_is_sound(old, fresh):
    ledger, _ = old
    store = ledger.store
    assert store.value("PRAGMA user_version") == NEWEST
    assert plain(store.all("PRAGMA integrity_check")) == [("ok",)]
    assert store.all("PRAGMA foreign_key_check") == []
    for what in (NAMES, COLUMNS):
        assert plain(store.all(what)) == plain(fresh.store.all(what))


def test_it_says_of_every_loan_what_it_said_before(old):
    ledger, loans = old
    assert len(loans) == 5
    assert plain(ledger.store.all(LOANS)) == loans


def test_the_same_facts_told_to_a_new_ledger_come_to_the_same_loans(old, fresh):
    ledger, loans = old
    streams = defaultdict(list)
    for row in ledger.store.all("SELECT * FROM facts ORDER BY arrival"):
        streams[row["site"], row["device"], row["epoch"], row["received"]].append(row)
    for (site, device, epoch, received), rows in streams.items():
        events = [decode_event(row["body"]) for row in rows]
        batch = Batch(device=device, epoch=epoch, first=events[0].seq, events=events)
        fresh.apply(site, batch, received)
    assert plain(fresh.store.all(LOANS)) == loans


def test_work_goes_on_where_it_was(old):
    ledger, _ = old
    open_before = ledger.store.value("SELECT count(*) FROM worklist WHERE closed IS NULL")
    assert open_before
    cursor = ledger.cursor("kiosk-1", "e1")
    kiosk = Speaker()
    kiosk.events = [None] * cursor
    kiosk.happened(Return(item="B1", place="kiosk"))
    kiosk.happened(Loan(item="B1", card=card("C2"), due=0))
    applied = ledger.apply("tinh", kiosk.batch(cursor + 1), NOW + HOUR)
    assert (applied.cursor, applied.fresh) == (cursor + 2, 2)
    holder = "SELECT reader FROM loans WHERE item = 'B1' AND ended IS NULL"
    assert plain(ledger.store.all(holder)) == [("R2",)]


def test_loans_learn_the_limit_under_which_they_were_made(tmp_path):
    restored(OLD[0], tmp_path / "ledger.db")
    ledger = SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__)
    try:
        caps = dict(plain(ledger.store.all("SELECT id, cap FROM loans")))
        online = "SELECT id FROM facts WHERE json_extract(CAST(body AS TEXT), '$.fact.online')"
        [agreed] = [row["id"] for row in ledger.store.all(online)]
        assert caps.pop(agreed) == 0
        assert min(caps.values()) > 0
    finally:
        ledger.close()


def test_every_step_has_a_number_of_its_own_and_none_is_missing():
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
