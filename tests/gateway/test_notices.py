"""Messages to people on duty: who, when, by which way, how often; grouped, and when it is over."""

import json
import socketserver
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.facts import StaffCalled, TakenAside, Trouble, Well
from edge.wire.tables import ConfigError
from gateway.config import MailOptions
from gateway.ledger import notices
from gateway.ledger.sqlite import SqliteLedger
from gateway.notices.notifier import Notifier
from gateway.notices.roster import Person, Roster, read_roster
from gateway.notices.services import read_services
from gateway.notices.ways import Letter, Message, NotSentError, Outbox, webhook
from gateway.pulse import Pulse
from gateway.testing import HOUR, KEYS, MINUTE, NOW, Speaker, stock
from gateway.worker import LedgerWorker

ZONE = "Asia/Ho_Chi_Minh"
PAPER = Trouble(part="printer", reason="paper_out")
NIGHT = NOW + 9 * HOUR  # 23:00


class Post:
    """A notifier with a way that keeps messages, and a clock that can be moved."""

    def __init__(self, path, *people: Person) -> None:
        def opened() -> SqliteLedger:
            return SqliteLedger(path, KEYS.__getitem__)

        self.ledger, self.kiosk, self.now = stock(opened()), Speaker(), NOW
        self.sent: list[Message] = []
        self.error: NotSentError | None = None
        self.writes = LedgerWorker(opened, "w")
        self.notifier = Notifier(
            Roster(people), {"outbox": self.take}, self.writes, lambda: self.now, Pulse(), ZONE
        )
        notices.begin(self.ledger)

    def take(self, message: Message) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    def happened(self, *facts) -> None:
        for fact in facts:
            event = self.kiosk.happened(fact, self.now)
            self.ledger.apply("tinh", self.kiosk.batch(event.seq, event.seq), self.now)

    async def later(self, ms: int) -> list[Message]:
        """Look now and after some time; return what left since the last time."""
        await self.notifier.look()
        self.now += ms
        await self.notifier.look()
        sent, self.sent = self.sent, []
        return sent

    def states(self):
        return [row["state"] for row in self.ledger.store.all("SELECT state FROM notices")]


@pytest.fixture
def post(tmp_path):
    made: list[Post] = []

    def make(*people):
        made.append(Post(tmp_path / "ledger.db", *people))
        return made[0]

    yield make
    for one in made:
        one.writes.close()
        one.ledger.close()


SON = Person(name="Sơn", way="outbox", to="0900", language="vi")


async def test_what_comes_together_is_one_message_and_its_end_is_told(post):
    one = post(SON)
    one.happened(PAPER, Trouble(part="pad", reason="reader_lost"))
    [message] = await one.later(MINUTE)
    assert message.goal == "0900"
    assert message.title == "Shelfwire: 2 việc cần xem"
    assert "14:00 tinh, kiosk-1: Máy in hết giấy" in message.body
    one.happened(Well(part="printer", reason="paper_out"))
    [message] = await one.later(MINUTE)
    assert message.title.startswith("Shelfwire: Đã ổn: 14:00 tinh, kiosk-1")
    assert await one.later(HOUR) == []


async def test_one_thing_comes_with_what_to_do_about_it_in_words_of_its_language(post):
    one = post(SON)
    one.happened(Trouble(part="drop", reason="jam", why="B1 -> 2"))
    [message] = await one.later(MINUTE)
    assert message.title == "Shelfwire: 14:00 tinh, kiosk-1: Sách kẹt trong khe thùng trả"
    assert message.body == "Máy đã ghi trả. Lấy ra và bỏ vào đúng ngăn: B1 -> 2."
    one.happened(TakenAside(bin="2", reason="jammed", item="B1"))
    [message] = await one.later(MINUTE)
    assert "bị kẹt ở cửa thùng" in message.title


async def test_a_reader_who_calls_is_told_of_at_once(post):
    one = post(SON)
    one.happened(StaffCalled(station="kiosk"))
    assert len(await one.later(3_000)) == 1


async def test_what_is_over_before_it_is_told_is_not_told(post):
    one = post(SON)
    one.happened(PAPER, Well(part="printer", reason="paper_out"))
    assert await one.later(MINUTE) == []
    assert one.states() == ["dropped"]


async def test_at_night_only_those_are_woken_who_want_it_and_the_others_hear_in_the_morning(post):
    owl = Person(name="Owl", way="outbox", to="1", quiet=True, language="en")
    one = post(SON, owl)
    one.now = NIGHT
    one.happened(PAPER)
    assert [message.goal for message in await one.later(MINUTE)] == ["1"]
    assert [message.goal for message in await one.later(8 * HOUR)] == ["0900"]


async def test_nobody_is_told_who_is_not_on_duty_or_not_for_this(post):
    off = Person(name="a", way="outbox", to="1", since="08:00", until="12:00")
    other = Person(name="b", way="outbox", to="2", sites=["xa"])
    gates = Person(name="c", way="outbox", to="3", codes=["GATE_ALARM"])
    one = post(off, other, gates)
    one.happened(PAPER)
    assert await one.later(HOUR) == []


async def test_a_message_is_tried_some_times_later_and_later(post):
    one = post(SON)
    one.happened(PAPER)
    one.error = NotSentError("no network")
    assert await one.later(MINUTE) == []
    waits = []
    while one.states() == ["waiting"]:
        waits.append(one.ledger.store.value("SELECT next FROM notices") - one.now)
        one.now += waits[-1]
        await one.notifier.look()
    assert one.states() == ["given_up"]
    assert len(waits) == notices.TRIES - 1
    assert waits == sorted(waits)


async def test_what_will_never_leave_is_given_up_at_once(post):
    one = post(SON, Person(name="x", way="mail", to="a@b"))
    one.happened(PAPER)
    one.error = NotSentError("no such number", final=True)
    await one.later(MINUTE)
    assert one.states() == ["given_up", "given_up"]


@pytest.mark.parametrize(
    ("hour", "weekday", "wanted"),
    [(23, 2, True), (2, 3, True), (2, 2, False), (12, 2, False), (23, 3, False)],
)
def test_duty_goes_over_midnight(hour, weekday, wanted):
    night = Person(name="n", way="outbox", to="1", days=["wed"], since="22:00", until="06:00")
    at = datetime(2026, 11, 23 + weekday, hour, 30, tzinfo=ZoneInfo(ZONE))
    assert night.on_duty(at) is wanted


def test_a_roster_is_read_whole_or_refused_with_the_row(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text('quiet_since = "22:00"\n[[duty]]\nname = "a"\nway = "outbox"\nto = "1"\n')
    assert read_roster(path).quiet_since == "22:00"
    for text, why in (
        ('[[duty]]\nname = "a"\nway = "webhook"\nto = "ftp://x"', "https address"),
        ('[[duty]]\nname = "a"\nway = "outbox"\nto = "1"\nsince = "25:00"', "no hour"),
        ('[[duty]]\nname = "a"\nway = "outbox"\nto = "1"\ndays = ["x"]', "days"),
        ("duty = 3", "one \\[\\[duty"),
        ('quiet_since = "x"', "no hour"),
        ("other = 1", "unknown"),
        ("[", "roster"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=why):
            read_roster(path)


@pytest.mark.parametrize("read", [read_roster, read_services])
@given(text=st.text(max_size=80))
def test_any_file_of_people_or_services_is_read_or_refused(tmp_path_factory, read, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read(path)
    except ConfigError:
        return


MESSAGE = Message("goal", "Máy in hết giấy", "Thay cuộn giấy")


def test_the_outbox_holds_whole_files_and_not_too_many(tmp_path, monkeypatch):
    Outbox(tmp_path / "out")(MESSAGE)
    [file] = (tmp_path / "out").glob("*.json")
    assert json.loads(file.read_text())["text"] == "Máy in hết giấy\nThay cuộn giấy"
    monkeypatch.setattr("gateway.notices.ways.MOST_WAITING", 1)
    with pytest.raises(NotSentError, match="nobody takes them"):
        Outbox(tmp_path / "out")(MESSAGE)


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("status", "final"), [(200, None), (503, False), (404, True)])
def test_a_webhook_is_posted_and_its_answer_heeded(status, final):
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.heard, server.status = [], status
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        goal = f"http://127.0.0.1:{server.server_port}/"
        message = Message(goal, "title", "body")
        if final is None:
            webhook(message)
        else:
            with pytest.raises(NotSentError) as caught:
                webhook(message)
            assert caught.value.final is final
        thread.join()
        assert server.heard == [{"title": "title", "body": "body"}]


class Smtp(socketserver.StreamRequestHandler):
    """A mail server that takes one letter."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                while (line := self.rfile.readline()) != b".\r\n":
                    self.server.letter += line
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


def test_a_letter_leaves_through_a_mail_server():
    with socketserver.TCPServer(("127.0.0.1", 0), Smtp) as server:
        server.letter = b""
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        Letter(mail(server.server_address[1]))(
            Message("b@library.example", "Máy in hết giấy", "Thay cuộn giấy")
        )
        thread.join()
        assert b"To: b@library.example" in server.letter
    with pytest.raises(NotSentError, match="mail server"):
        Letter(mail(1))(MESSAGE)


def mail(port):
    return MailOptions(host="127.0.0.1", port=port, security="none", sender="a@library.example")
