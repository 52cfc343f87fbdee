"""Receipts by e-mail: from the fact to a mail server, once, and later when it is away."""

import socket
import threading

import pytest

from edge.wire.facts import Loan, ReceiptWish, Return
from edge.wire.messages import Ask
from gateway.answers import answer
from gateway.config import MailOptions
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger
from gateway.mail import Postman
from gateway.testing import DAY, KEYS, MINUTE, NOW, card, stock
from gateway.worker import LedgerWorker


class Server(threading.Thread):
    """A mail server for a few letters; it keeps what it was told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.letters = []

    def run(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as file:
                self.talk(file)

    def talk(self, file):
        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 here")
        while command := file.readline():
            if command.upper().startswith(b"DATA"):
                say("354 go on")
                letter = b""
                while (row := file.readline()) != b".\r\n":
                    letter += row
                self.letters.append(letter.decode())
                say("250 kept")
            elif command.upper().startswith(b"QUIT"):
                say("221 bye")
                return
            else:
                say("250 fine")

    def close(self):
        self.listener.close()


@pytest.fixture
def server():
    made = Server()
    made.start()
    yield made
    made.close()


def fill(ledger, kiosk):
    with ledger.store.transaction():
        ledger.mails.put_address("R1", "an@example.org")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0, session="0A1B2C3D"))
    kiosk.happened(Return(item="B2", session="0A1B2C3D"))
    kiosk.happened(Loan(item="B3", card=card("C2"), due=0, session="FFFFFFFF"))
    kiosk.happened(ReceiptWish(card=card("C1"), session="0A1B2C3D"))
    kiosk.happened(ReceiptWish(card=card("C2"), session="FFFFFFFF"))
    batch = kiosk.batch()
    ledger.apply("tinh", batch, NOW)
    ledger.apply("tinh", batch, NOW)


def test_a_wish_becomes_one_letter_with_the_visits_lines_and_nobody_elses(ledger, kiosk):
    fill(ledger, kiosk)
    [mail] = ledger.mails.waiting(NOW)
    assert mail.to == "an@example.org"
    assert "Truyện Kiều (B1): mượn, hạn trả 06/12/2026 · borrowed, due 06/12/2026" in mail.text
    assert "Số đỏ (B2): đã trả · returned" in mail.text
    assert "B3" not in mail.text


def test_only_a_reader_with_an_address_is_offered_it_and_only_when_a_server_is_there(ledger, kiosk):
    fill(ledger, kiosk)

    def offered(who):
        return answer(ledger, "tinh", Ask(id="q", what="reader", card=card(who)), NOW).mail

    assert not offered("C1")
    ledger.mails.enabled = True
    assert offered("C1")
    assert not offered("C2")


async def test_letters_go_out_once_and_wait_for_a_server_that_is_away(
    tmp_path, server, kiosk, caplog
):
    clock = [NOW]
    worker = LedgerWorker(lambda: stock(SqliteLedger(tmp_path / "l.db", KEYS.__getitem__)), "t")
    await worker.call(fill, kiosk)
    away = MailOptions(host="127.0.0.1", port=1, security="none", sender="tv@example.org")
    here = MailOptions(host="127.0.0.1", port=server.port, security="none", sender="tv@example.org")
    assert await Postman(worker, worker, away, lambda: clock[0]).round() == 0
    postman = Postman(worker, worker, here, lambda: clock[0])
    assert await postman.round() == 0  # not yet again
    clock[0] += 2 * MINUTE
    assert await postman.round() == 1
    assert await postman.round() == 0
    worker.close()
    [letter] = server.letters
    assert "To: an@example.org" in letter
    assert "an@example.org" not in caplog.text


def test_a_letter_that_never_goes_is_given_up(ledger, kiosk):
    fill(ledger, kiosk)
    now = NOW
    for _ in range(7):
        [mail] = ledger.mails.waiting(now)
        ledger.mails.failed(mail.fact, now)
        now += 2 * DAY
    assert ledger.mails.waiting(now) == []


@pytest.mark.parametrize(
    "address", ["", "an", "an@", "@x.y", "a b@x.y", "a@x.y\nBcc: b@x.y", "a@b@c.d", "a,b@x.y"]
)
def test_what_is_no_address_is_refused(ledger, address):
    with pytest.raises(RefusedError):
        ledger.mails.put_address("R1", address)


def test_half_a_mail_server_is_refused():
    for wrong in (
        {"host": "mail.example.org"},
        {"host": "mail.example.org", "sender": "a@x.y", "security": "none"},
        {"host": "mail.example.org", "sender": "a@x.y", "user": "a"},
    ):
        with pytest.raises(ValueError, match=r"sender|machine|password"):
            MailOptions(**wrong)
