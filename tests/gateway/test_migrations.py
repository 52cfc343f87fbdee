"""A ledger made by an older program is brought up to date, and says the same as before."""

import sqlite3

import pytest

from edge.wire.facts import Loan
from gateway.ledger.sqlite import SqliteLedger
from gateway.ledger.store import migrations
from gateway.testing import HOUR, KEYS, NOW, Speaker, card, stock


@pytest.fixture
def old(tmp_path):
    """A ledger of version 1 with a loan decided alone, and one the centre agreed to."""
    path = tmp_path / "ledger.db"
    db = sqlite3.connect(path)
    new = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Loan(item="B2", card=card("C1"), due=0, online=True), NOW + 1)
    new.apply("tinh", kiosk.batch(), NOW + HOUR)
    number, first = migrations()[0]
    db.executescript(f"{first}\nPRAGMA user_version={number}")
    for table in ("facts", "loans"):
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        rows = new.store.all(f"SELECT {', '.join(names)} FROM {table}")  # noqa: S608  our own names
        marks = ", ".join("?" * len(names))
        insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  our own names
        db.executemany(insert, [tuple(row) for row in rows])
    db.commit()
    db.close()
    new.close()
    return path


def test_loans_learn_the_limit_under_which_they_were_made(old):
    ledger = SqliteLedger(old, KEYS.__getitem__)
    try:
        caps = {row["item"]: row["cap"] for row in ledger.store.all("SELECT item, cap FROM loans")}
        limit = ledger.store.value("SELECT json_extract(assessed, '$.limit') FROM facts")
        assert caps == {"B1": limit, "B2": 0}
        assert limit > 0
    finally:
        ledger.close()


def test_every_step_has_a_number_of_its_own_and_none_is_missing():
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
