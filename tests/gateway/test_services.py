"""SMS and Zalo gateways by HTTP: real requests to a server of ours; no provider was tried."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from edge.wire.facts import Trouble
from edge.wire.tables import ConfigError
from gateway.ledger import notices
from gateway.ledger.sqlite import SqliteLedger
from gateway.notices.notifier import Notifier
from gateway.notices.roster import Person, Roster
from gateway.notices.services import Service, read_services
from gateway.notices.setup import check
from gateway.notices.ways import Message, NotSentError
from gateway.pulse import Pulse
from gateway.testing import HOUR, KEYS, MINUTE, NOW, Speaker, stock
from gateway.worker import LedgerWorker

MESSAGE = Message("0912 345 678", "Máy in hết giấy", 'Đường "{secret}" đỏ')


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        server.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status, answer = server.answers.pop(0) if server.answers else (200, b'{"error": 0}')
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.heard, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def service(provider, **more) -> Service:
    url = f"http://127.0.0.1:{provider.server_port}/send"
    return Service(**{"url": url, "body": {"to": "{number}", "text": "{text}"}, **more})


def test_a_template_as_of_zalo_is_filled_in_and_the_secret_stays_in_its_place(provider, tmp_path):
    (tmp_path / "secret").write_text("k-1\n")
    body = {
        "phone": "{number}",
        "template_id": "7",
        "template_data": {"a": "{title}", "b": ["{body}"]},
    }
    zns = service(provider, body=body, headers={"access_token": "{secret}"},
                  secret=tmp_path / "secret", answer="error", good=["0"])  # fmt: skip
    zns(MESSAGE)
    [(path, headers, said)] = provider.heard
    assert (path, headers["access_token"]) == ("/send", "k-1")
    assert json.loads(said) == {
        "phone": "84912345678", "template_id": "7",
        "template_data": {"a": "Máy in hết giấy", "b": ['Đường "{secret}" đỏ']},
    }  # fmt: skip


def test_a_text_message_goes_as_a_form_without_marks_and_not_too_long(provider):
    sms = service(provider, format="form", marks=False, longest=30, country="")
    sms(MESSAGE)
    said = parse_qs(provider.heard[0][2])
    assert said["to"] == ["0912345678"]
    assert said["text"] == ['May in het giay\nDuong "{secre…'[:30]]
    assert len(said["text"][0]) == 30


@pytest.mark.parametrize(
    ("status", "answer", "final"),
    [
        (200, b'{"data": {"code": 5}}', False),
        (200, b'{"data": {"code": -108}}', True),
        (200, b"welcome", False),
        (200, b"{}", False),
        (503, b"", False),
        (429, b"", False),
        (401, b"", False),
        (400, b"", True),
        (302, b"", False),
    ],
)
def test_what_was_not_taken_is_tried_again_or_given_up(provider, status, answer, final):
    one = service(provider, answer="data.code", good=["0"], hopeless=["-108"])
    provider.answers.append((status, answer))
    with pytest.raises(NotSentError) as caught:
        one(MESSAGE)
    assert caught.value.final is final
    assert [path for path, _, _ in provider.heard] == ["/send"], "nobody is followed elsewhere"


@pytest.mark.parametrize("goal", ["", "hoa", "12", "0912345678x", "+" * 20])
def test_what_is_no_phone_number_is_refused(provider, goal):
    with pytest.raises(ValueError, match="phone number"):
        service(provider).number(goal)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[sms]\nurl = "http://sms.example"\nbody = {}', "https"),
        ('[sms]\nurl = "https://sms.example"\nbody = {a = "{name}"}', "fill in only"),
        ('[sms]\nurl = "https://sms.example"\nbody = {a = "{number.x}"}', "fill in only"),
        ('[sms]\nurl = "https://sms.example"\nbody = {a = "{"}', "fill in only"),
        ('[sms]\nurl = "https://sms.example"\nbody = {a = {}}\nformat = "form"', "form"),
        ('[sms]\nurl = "https://sms.example"\nbody = {}\nanswer = "x"', "belong together"),
        ('[sms]\nurl = "https://sms.example"\nbody = {}\nthen = "fax"', "leads nowhere"),
        ('[sms]\nurl = "https://sms.example"\nbody = {}\nthen = "sms"', "leads nowhere"),
        ('[mail]\nurl = "https://sms.example"\nbody = {}', "no name"),
        ("sms = 3", "no name"),
        ("[sms]\nbody = {}", "url"),
        ("[", "services"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_its_table(tmp_path, text, why):
    path = tmp_path / "services.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=why):
        read_services(path)


def test_a_roster_names_only_ways_that_are_there_and_numbers_that_are_some(provider):
    one = {"sms": service(provider)}
    check(Roster((Person(name="a", way="sms", to="0912345678"),)), one, "r")
    for way, to, why in (("fax", "1", "none of mail"), ("sms", "hoa", "phone number")):
        with pytest.raises(ConfigError, match=why):
            check(Roster((Person(name="a", way=way, to=to),)), one, "r")


async def test_what_one_service_gives_up_another_sends_and_what_none_sends_is_on_the_worklist(
    provider, tmp_path
):
    def opened() -> SqliteLedger:
        return SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__)

    ledger, kiosk, now = stock(opened()), Speaker(), [NOW]
    notices.begin(ledger)
    writes = LedgerWorker(opened, "w")
    zns = service(provider, answer="error", good=["0"], hopeless=["-1"], then="sms")
    ways = {"zns": zns, "sms": service(provider, body={"sms": "{text}"}, a_day=1)}
    person = Person(name="Sơn", way="zns", to="0912345678")
    one = Notifier(Roster((person,)), ways, writes, lambda: now[0], Pulse(), "Asia/Ho_Chi_Minh")

    async def happens(part: str) -> None:
        event = kiosk.happened(Trouble(part=part, reason="paper_out"), now[0])
        ledger.apply("tinh", kiosk.batch(event.seq, event.seq), now[0])
        for _ in range(3):
            await one.look()
            now[0] += MINUTE

    try:
        provider.answers = [(200, b'{"error": -1}')]
        await happens("printer")
        assert ["phone" in said or "sms" in said for _, _, said in provider.heard] == [False, True]
        provider.answers = [(200, b'{"error": -1}')]
        await happens("printer 2")  # the second of the day: no more by SMS
        assert len(provider.heard) == 3
        for _ in range(notices.TRIES):
            now[0] += HOUR
            await one.look()
        [entry] = ledger.store.all("SELECT * FROM worklist WHERE code = 'NOTICE_LOST'")
        assert '"way":"sms"' in entry["detail"]
        assert "0912345678" not in entry["detail"]
        assert entry["closed"] is None
        now[0] += 24 * HOUR
        provider.answers = [(200, b'{"error": -1}')]
        await happens("printer 3")
        [entry] = ledger.store.all("SELECT * FROM worklist WHERE code = 'NOTICE_LOST'")
        assert entry["closed"] is not None
    finally:
        writes.close()
        ledger.close()
