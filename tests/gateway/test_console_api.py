"""The console's JSON: what it tells, and to whom it refuses to talk."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from edge.wire.facts import GateAlarm, Loan, StaffCalled
from gateway.broker import Broker
from gateway.config import BrokerOptions, ConsoleOptions
from gateway.console.app import make_app
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.testing import KEYS, NOW, Speaker, card, stock
from gateway.worker import LedgerWorker

JSON = {"content-type": "application/json"}


@pytest.fixture
def pulse() -> Pulse:
    return Pulse()


@pytest.fixture
def opened(tmp_path) -> Callable[[], SqliteLedger]:
    return lambda: SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__)


@pytest.fixture
def writes(opened) -> Iterator[LedgerWorker]:
    worker = LedgerWorker(opened, "writes")
    yield worker
    worker.close()


@pytest.fixture
async def client(opened, writes, kiosk: Speaker, pulse: Pulse) -> AsyncIterator[httpx.AsyncClient]:
    ledger = stock(opened())
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(GateAlarm(gate="main", uid="E0", item="B1", direction="out"))
    kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    ledger.close()
    reads = LedgerWorker(opened, "reads")

    async def up() -> None:
        return None

    broker = Broker(BrokerOptions(tls=False), lambda *_: None, up)
    app = make_app(writes, reads, broker, lambda: NOW, pulse, ConsoleOptions(open=True))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as made:
        yield made
    reads.close()


async def test_the_summary_counts_and_knows_the_devices(client):
    got = (await client.get("/api/summary")).json()
    assert (got["facts"], got["loans_open"], got["alarms"], got["worklist_open"]) == (3, 1, 1, 2)
    device = next(row for row in got["devices"] if row["device"] == "kiosk-1")
    assert (device["site"], device["epoch"], device["cursor"]) == ("tinh", "e1", 3)
    assert (device["online"], device["waiting"]) == (False, 0)


async def test_facts_are_paged_by_their_arrival(client, kiosk):
    rows, after = [], 0
    while page := (await client.get(f"/api/facts?limit=2&after={after}")).json():
        rows += page
        after = page[-1]["arrival"]
    assert [row["id"] for row in rows] == [event.id for event in kiosk.events]
    assert rows[1]["outcome"] == ["GATE_ALARM"]
    assert (await client.get("/api/facts?device=xa-all")).json() == []
    assert (await client.get("/api/facts?after=-1")).status_code == 422


async def test_people_who_wait_come_first_then_gates(client):
    board = (await client.get("/api/board")).json()
    assert [entry["code"] for entry in board["worklist"]] == ["STAFF_CALLED", "GATE_ALARM"]
    assert board["alarms"][0]["title"] == "Truyện Kiều"
    assert board["alarms"][0]["lent"] is True


async def test_a_decision_is_made_and_taken_back(client):
    board = (await client.get("/api/board")).json()
    number = board["worklist"][0]["number"]
    url = f"/api/worklist/{number}"
    done = await client.post(f"{url}/resolve", json={"action": "done", "who": "Hoa"})
    assert done.status_code == 200
    board = (await client.get("/api/board")).json()
    assert [entry["code"] for entry in board["worklist"]] == ["GATE_ALARM"]
    assert (board["settled"][0]["action"], board["settled"][0]["who"]) == ("done", "Hoa")
    again = await client.post(f"{url}/resolve", json={"action": "done"})
    assert (again.status_code, "settled already" in again.json()["error"]) == (409, True)
    assert (await client.post(f"{url}/reopen", json={"action": "x"})).status_code == 200
    assert len((await client.get("/api/board")).json()["worklist"]) == 2


async def test_a_disk_that_takes_nothing_is_said_and_nothing_is_half_done(client, writes):
    number = (await client.get("/api/board")).json()["worklist"][0]["number"]
    await writes.call(lambda ledger: ledger.store.run("PRAGMA query_only = 1"))
    got = await client.post(f"/api/worklist/{number}/resolve", json={"action": "done"})
    assert (got.status_code, "readonly" in got.json()["error"]) == (503, True)
    assert len((await client.get("/api/board")).json()["worklist"]) == 2


async def test_an_item_has_its_history(client):
    got = (await client.get("/api/items/B1")).json()
    assert got["item"]["title"] == "Truyện Kiều"
    assert got["loans"][0]["reader_name"] == "N. V. A."
    assert [fact["kind"] for fact in got["facts"]] == ["gate_alarm", "loan"]
    assert (await client.get("/api/items/none")).json()["item"] is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON | {"host": "evil.example"}, b'{"action": "done"}'),
        (JSON | {"origin": "http://evil.example"}, b'{"action": "done"}'),
        ({"content-type": "text/plain"}, b'{"action": "done"}'),
        ({"content-type": "application/x-www-form-urlencoded"}, b"action=done"),
        (JSON, b'{"action": "done", "note": "' + b"x" * 20_000 + b'"}'),
    ],
)
async def test_other_pages_hosts_and_forms_are_refused(client, headers, body):
    got = await client.post("/api/worklist/1/resolve", content=body, headers=headers)
    assert got.status_code == 403
    assert len((await client.get("/api/board")).json()["worklist"]) == 2


async def test_another_host_name_sees_nothing(client):
    got = await client.get("/api/board", headers={"host": "evil.example:8090"})
    assert got.status_code == 403


@pytest.mark.parametrize("path", ["/", "/static/console.js", "/look/tokens.css", "/texts.json"])
async def test_the_page_is_served_with_a_strict_policy(client, path):
    got = await client.get(path)
    assert got.status_code == 200
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/static/../app.py"])
async def test_nothing_else_is_served(client, path):
    assert (await client.get(path)).status_code == 404


async def test_a_ledger_that_cannot_be_written_is_told_once_and_shown(client, pulse):
    assert (await client.get("/api/board")).json()["full"] is False
    assert [pulse.fill(True), pulse.fill(True)] == [True, False]
    assert pulse.count == 1
    assert (await client.get("/api/board")).json()["full"] is True
    assert (await client.get("/api/summary")).json()["full"] is True
    assert pulse.fill(False)


async def test_a_sites_gates_are_told_in_numbers_and_a_wrong_date_is_refused(client):
    got = (await client.get("/api/gates", params={"site": "tinh"})).json()
    assert (got["alarms"], got["served"], got["provisional"]) == (1, 1, True)
    assert got["false_alarms"]["judged"] == 0
    for date, status in (("2026-02-30", 409), ("tomorrow", 422), ("2026-11-21", 200)):
        params = {"site": "tinh", "date": date}
        assert (await client.get("/api/gates", params=params)).status_code == status
