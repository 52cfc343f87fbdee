"""A ledger that cannot be written for a while: nothing ends, nothing is sent twice, and it is said once.

The simulation shuts the ledger under a whole centre, also while it starts (``centre_full``).
"""

import logging
import sqlite3

import pytest

from edge.wire.facts import Loan, ReceiptWish, Trouble
from gateway import mail, pulse
from gateway.config import MailOptions
from gateway.ledger import notices
from gateway.ledger.sqlite import SqliteLedger
from gateway.mail import Postman
from gateway.notices.notifier import Notifier
from gateway.notices.roster import Person, Roster
from gateway.pulse import Pulse
from gateway.testing import KEYS, NOW, Speaker, card, stock
from gateway.worker import LedgerWorker

SHUT = "attempt to write a readonly database"


class Disk:
    """The disk under a ledger. ``shut``: SQLite refuses every write, as on one that failed."""

    def __init__(self, path):
        self.ledger = stock(SqliteLedger(path, KEYS.__getitem__))
        self.writes = LedgerWorker(lambda: self.ledger, "w")

    def shut(self, yes=True):
        self.ledger.store._db.execute(f"PRAGMA query_only = {int(yes)}")


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "ledger.db")
    yield made
    made.writes.close()


async def test_a_work_goes_on_once_the_ledger_takes_it_and_it_is_said_once(monkeypatch, caplog):
    monkeypatch.setattr(pulse, "ROOM_SECONDS", 0.0)
    tries = []

    async def work():
        tries.append(1)
        if len(tries) < 4:
            raise sqlite3.OperationalError(SHUT)
        return "done"

    one = Pulse()
    assert await one.outlast(work) == "done"
    assert one.full
    assert [line.levelno for line in caplog.records] == [logging.ERROR]


async def test_a_letter_that_went_is_not_sent_again_because_nobody_could_write_it_down(
    disk, monkeypatch
):
    kiosk, sent = Speaker(), []
    with disk.ledger.store.transaction():
        disk.ledger.mails.put_address("R1", "an@example.org")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0, session="0A1B2C3D"))
    kiosk.happened(ReceiptWish(card=card("C1"), session="0A1B2C3D"))
    disk.ledger.apply("tinh", kiosk.batch(), NOW)
    monkeypatch.setattr(mail, "send", lambda _, letter: sent.append(letter.fact))
    options = MailOptions(host="mail.example", sender="tv@example.org")
    postman = Postman(disk.writes, disk.writes, options, lambda: NOW)
    disk.shut()
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError):
            await postman.round()
    disk.shut(False)
    assert [await postman.round(), await postman.round()] == [1, 0]
    assert len(sent) == 1


async def test_a_message_to_people_on_duty_is_not_sent_again_either(disk):
    kiosk, sent, now = Speaker(), [], [NOW]

    def way(message):
        sent.append(message)
        disk.shut()

    person = Person(name="Sơn", way="outbox", to="0900", language="vi")
    one = Notifier(
        Roster((person,)), {"outbox": way}, disk.writes, lambda: now[0], Pulse(), "Asia/Ho_Chi_Minh"
    )
    notices.begin(disk.ledger)
    kiosk.happened(Trouble(part="printer", reason="paper_out"))
    disk.ledger.apply("tinh", kiosk.batch(), NOW)
    await one.look()
    now[0] += 60_000
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError):
            await one.look()
    disk.shut(False)
    await one.look()
    await one.look()
    assert len(sent) == 1
    assert disk.ledger.store.value("SELECT state FROM notices") == "sent"
