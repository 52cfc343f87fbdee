"""Receipts by e-mail: from the fact to a mail server, once, and later when it is away."""

import contextlib
import smtplib
import socket
import ssl
import threading

import pytest

from edge.wire.facts import Loan, ReceiptWish, Return
from edge.wire.messages import Ask
from gateway import pki
from gateway.answers import answer
from gateway.config import MailOptions
from gateway.errors import RefusedError
from gateway.ledger.mails import Mail
from gateway.ledger.sqlite import SqliteLedger
from gateway.mail import Postman, send
from gateway.testing import DAY, KEYS, MINUTE, NOW, card, stock
from gateway.worker import LedgerWorker


class Server(threading.Thread):
    """A mail server for a few letters; it keeps what it was told.

    ``security`` as of the options; ``context`` speaks TLS. ``offers``: whether it says that it could.
    """

    def __init__(self, security="none", context=None, *, offers=True, refuses=0):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.security, self.context, self.offers, self.refuses = security, context, offers, refuses
        self.letters, self.heard = [], []

    def run(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), line:
                if self.security == "tls":
                    with self.context.wrap_socket(line, server_side=True) as closed:
                        self.talk(closed, greet=True)
                else:
                    self.talk(line, greet=True)

    def talk(self, line, greet=False):
        file = line.makefile("rwb")

        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        if greet:
            say("220 here")
        while command := file.readline().strip().upper():
            self.heard.append(command)
            if command.startswith(b"EHLO"):
                tls = self.security == "starttls" and not isinstance(line, ssl.SSLSocket)
                say("250-here")
                say("250 STARTTLS" if tls and self.offers else "250 AUTH PLAIN")
            elif command == b"STARTTLS":
                say("220 go on")
                with self.context.wrap_socket(line, server_side=True) as closed:
                    return self.talk(closed)
            elif command.startswith(b"RCPT") and self.refuses:
                say(f"{self.refuses} not here")
            elif command.startswith(b"AUTH"):
                say("235 welcome")
            elif command.startswith(b"DATA"):
                say("354 go on")
                letter = b""
                while (row := file.readline()) != b".\r\n":
                    letter += row
                self.letters.append(letter.decode())
                say("250 kept")
            elif command.startswith(b"QUIT"):
                say("221 bye")
                return None
            else:
                say("250 fine")
        return None

    def close(self):
        self.listener.close()


@pytest.fixture
def serve():
    """Start a mail server; it ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(*args, **more):
            made = Server(*args, **more)
            made.start()
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def authority(tmp_path):
    """Make an authority of one's own; return its file and what a server speaks TLS with."""
    ca = pki.make_authority("a library's own")
    pair = pki.make_server(ca, ["127.0.0.1"])
    for name, data in (("ca", ca.cert_pem), ("crt", pair.cert_pem), ("key", pair.key_pem)):
        (tmp_path / name).write_bytes(data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    return tmp_path / "ca", context


@pytest.fixture
def account(tmp_path):
    (tmp_path / "password").write_text("secret\n")
    return {"user": "tv", "password": tmp_path / "password"}


def options(port, **more):
    return MailOptions(host="127.0.0.1", port=port, sender="tv@example.org", **more)


MAIL = Mail("f1", "an@example.org", "Biên nhận 0A1B2C3D", "- Truyện Kiều: hạn trả 06/12/2026\n")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_letter_goes_over_a_secured_line_to_a_server_that_is_known(
    serve, authority, account, security
):
    ca, context = authority
    server = serve(security, context)
    send(options(server.port, security=security, ca=ca, **account), MAIL)
    [letter] = server.letters
    assert "To: an@example.org" in letter
    auth = [n for n, said in enumerate(server.heard) if said.startswith(b"AUTH")]
    assert len(auth) == 1
    if security == "starttls":
        assert server.heard.index(b"STARTTLS") < auth[0]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_nobody_vouches_for_gets_neither_letter_nor_password(
    serve, authority, account, security
):
    _, context = authority
    server = serve(security, context)
    with pytest.raises(ssl.SSLCertVerificationError):
        send(options(server.port, security=security, **account), MAIL)
    assert server.letters == []
    assert not any(said.startswith(b"AUTH") for said in server.heard)


def test_a_server_that_is_made_to_hide_its_tls_gets_nothing(serve, authority, account):
    ca, context = authority
    server = serve("starttls", context, offers=False)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        send(options(server.port, ca=ca, **account), MAIL)
    assert server.letters == []
    assert not any(said.startswith(b"AUTH") for said in server.heard)


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


def test_a_letter_that_never_goes_is_given_up_and_a_person_is_told(ledger, kiosk):
    fill(ledger, kiosk)
    now = NOW
    for _ in range(7):
        [mail] = ledger.mails.waiting(now)
        ledger.mails.failed(mail.fact, now)
        now += 2 * DAY
    assert ledger.mails.waiting(now) == []
    [entry] = ledger.store.all("SELECT * FROM worklist WHERE closed IS NULL")
    assert (entry["code"], entry["reader"], entry["site"]) == ("RECEIPT_NOT_SENT", "R1", "tinh")
    assert "example.org" not in entry["detail"]
    ledger.resolve(entry["number"], "again", "Hoa", "", now)
    [mail] = ledger.mails.waiting(now)
    ledger.mails.sent(mail.fact, now)
    assert ledger.mails.waiting(now) == []


async def test_an_address_that_is_refused_for_good_is_a_persons_work_at_once(
    tmp_path, serve, kiosk, caplog
):
    server = serve(refuses=550)
    worker = LedgerWorker(lambda: stock(SqliteLedger(tmp_path / "l.db", KEYS.__getitem__)), "t")
    await worker.call(fill, kiosk)
    postman = Postman(worker, worker, options(server.port, security="none"), lambda: NOW)
    assert await postman.round() == 0
    codes = await worker.call(
        lambda ledger: [row["code"] for row in ledger.store.all("SELECT code FROM worklist")]
    )
    worker.close()
    assert "RECEIPT_NOT_SENT" in codes
    assert server.letters == []
    assert "an@example.org" not in caplog.text


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
