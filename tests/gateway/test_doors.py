"""Every door of the console, asked by every role; signing in; what each page is told."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Request
from fastapi.routing import APIRoute

from edge.wire.facts import GateAlarm, Loan, Trouble
from edge.wire.messages import Health, PartHealth, State
from gateway.accounts import totp
from gateway.accounts.oidc import Client, Provider
from gateway.accounts.rights import RIGHTS, ROLES
from gateway.broker import Broker
from gateway.config import BrokerOptions, ConsoleOptions
from gateway.console import app as application
from gateway.console.doorman import Asks
from gateway.console.live import Live
from gateway.console.stream import MOST_EACH, Stream
from gateway.ledger import accounts, status
from gateway.ledger.accounts import Account
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.testing import HOUR, KEYS, MINUTE, NOW, Speaker, card, stock
from gateway.worker import LedgerWorker

PASSWORD = "đúng mật khẩu"
PUBLIC = {
    "/",
    "/drops",
    "/texts.json",
    "/receipt/keys.json",
    "/api/me",
    "/api/sign-in",
    "/api/sign-out",
    "/sign-in/provider",
    "/sign-in/back",
}
BODIES = {
    "/api/commands": {"device": "kiosk-1", "do": "health"},
    "/api/readers/{reader}": {"why": "asks at the desk"},
    "/api/worklist/{number}/resolve": {"action": "mended"},
    "/api/worklist/{number}/reopen": {"action": "reopened"},
    "/api/bins/{emptied}/tick": {"items": ["B1"]},
    "/api/bins/{emptied}/close": {},
    "/api/boxes": {"box": "T1", "origin": "tinh", "goal": "xa", "items": ["B2"]},
    "/api/boxes/{box}/receive": {},
    "/api/worklist/{number}/plan": {"assignee": "Hoa"},
    "/api/worklist/{number}/unplan": {},
    "/api/worklist/reopen": {"numbers": []},
    "/api/worklist": {"numbers": [], "action": "accept"},
}


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    """Passwords of tests need not be slow to guess."""
    monkeypatch.setattr("gateway.accounts.passwords._LOG_N", 6)


class House:
    """A centre with an account for every role, and a clock that can be moved."""

    def __init__(self, tmp_path, *, open_: bool = False, provider: Provider | None = None) -> None:
        def opened() -> SqliteLedger:
            return SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__)

        self.ledger = stock(opened())
        self.kiosk = Speaker()
        self.kiosk.happened(Trouble(part="printer", reason="paper_out"))
        self.kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
        self.kiosk.happened(GateAlarm(gate="main", uid="E0", item="B1"))
        self.ledger.apply("tinh", self.kiosk.batch(), NOW)
        self.now = NOW
        self.writes, self.reads = LedgerWorker(opened, "writes"), LedgerWorker(opened, "reads")
        self.pulse = Pulse()

        async def up() -> None:
            return None

        broker = Broker(BrokerOptions(tls=False), lambda *_: None, up)
        self.live = Live(self.reads, broker, lambda: self.now, self.pulse)
        self.app = application.make_app(
            self.writes, self.reads, broker, lambda: self.now, self.pulse,
            ConsoleOptions(open=open_), provider,
        )  # fmt: skip

    def page(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1:8090"
        )

    def account(self, role: str, **more: object) -> dict[str, str]:
        accounts.put(self.ledger, f"a-{role}", role, NOW, **more)  # type: ignore[arg-type]
        return {"authorization": f"Bearer {accounts.set_token(self.ledger, f'a-{role}', NOW)}"}


@pytest.fixture
async def house(tmp_path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.pulse.end()
    made.writes.close()
    made.reads.close()
    made.ledger.close()


def doors(app):
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path not in PUBLIC:
            rights = [
                one.call.right for one in route.dependant.dependencies if isinstance(one.call, Asks)
            ]
            assert len(rights) == 1, route.path
            yield route.path, next(iter(route.methods)), rights[0]


async def knock(page, path, method, headers):
    url = path.replace("{item:path}", "B1").replace("{device}", "kiosk-1").replace("{ident}", "x")
    url = url.replace("{reader}", "R1").replace("{number}", "1").replace("{session}", "S")
    body = BODIES.get(path)
    if path == "/api/events":
        async with page.stream(method, url, headers=headers) as answer:
            return answer.status_code
    if path == "/api/receipts/picture":
        photo = {**headers, "content-type": "image/png"}
        return (await page.request(method, url, headers=photo, content=b"no photo")).status_code
    return (await page.request(method, url, headers=headers, json=body)).status_code


async def test_every_door_asks_every_role(house):
    house.pulse.end()  # a stream that is let in ends at once
    async with house.page() as page:
        for role in ROLES:
            headers = house.account(role)
            for path, method, right in doors(house.app):
                status_ = await knock(page, path, method, headers)
                if right in RIGHTS[role]:
                    assert status_ not in (401, 403), (role, path)
                else:
                    assert status_ == 403, (role, path)


async def test_without_an_account_every_door_is_shut(house):
    async with house.page() as page:
        for path, method, _ in doors(house.app):
            assert await knock(page, path, method, {}) == 401, path
            assert await knock(page, path, method, {"authorization": "Bearer x"}) == 401, path
        assert (await page.get("/api/me")).json() == {
            "account": None, "provider": False, "empty": True,
        }  # fmt: skip


async def test_the_open_console_shuts_with_the_first_account(tmp_path):
    house = House(tmp_path, open_=True)
    async with house.page() as page:
        assert (await page.get("/api/me")).json()["open"] is True
        assert (await page.get("/api/board")).status_code == 200
        house.account("staff")
        assert (await page.get("/api/board")).status_code == 401
    house.writes.close()
    house.reads.close()
    house.ledger.close()


async def test_a_person_signs_in_decides_under_the_own_name_and_leaves(house):
    accounts.put(house.ledger, "hoa", "staff", NOW, name="Cô Hoa", password=PASSWORD)
    async with house.page() as page:
        got = await page.post("/api/sign-in", json={"account": " Hoa ", "password": PASSWORD})
        assert got.status_code == 200
        cookie = got.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert (await page.get("/api/me")).json()["name"] == "Cô Hoa"
        body = {"action": "mended", "who": "somebody else"}
        assert (await page.post("/api/worklist/1/resolve", json=body)).status_code == 200
        board = (await page.get("/api/board")).json()
        assert board["settled"][0]["who"] == "Cô Hoa"
        house.now += accounts.IDLE_MS
        assert (await page.get("/api/board")).status_code == 401
        house.now -= accounts.IDLE_MS
        await page.post("/api/sign-out", json={})
        assert (await page.get("/api/board")).status_code == 401
        page.cookies.set("shelfwire", cookie.split(";")[0].partition("=")[2])
        assert (await page.get("/api/board")).status_code == 401


async def test_wrong_passwords_are_written_down_and_slowed(house):
    accounts.put(house.ledger, "hoa", "staff", NOW, password=PASSWORD)
    async with house.page() as page:
        for account in ("hoa", "nobody"):
            for _ in range(5):
                got = await page.post("/api/sign-in", json={"account": account, "password": "no"})
                assert (got.status_code, got.json()) == (401, {"error": "wrong"})
            got = await page.post("/api/sign-in", json={"account": account, "password": PASSWORD})
            assert (got.status_code, got.json()) == (429, {"error": "wait", "seconds": 15})
        house.now += 15_000
        got = await page.post("/api/sign-in", json={"account": "hoa", "password": PASSWORD})
        assert got.status_code == 200
    tries = "SELECT count(*) FROM entries WHERE what = 'wrong' AND account = 'hoa'"
    assert house.ledger.store.value(tries) == 5


async def test_a_code_is_asked_for_and_is_good_once(house):
    accounts.put(house.ledger, "hoa", "staff", NOW, password=PASSWORD)
    accounts.set_totp(house.ledger, "hoa", NOW, on=True)
    secret = accounts.kept(house.ledger, "hoa")[1]
    body = {"account": "hoa", "password": PASSWORD}
    async with house.page() as page:
        assert (await page.post("/api/sign-in", json=body)).json() == {"error": "code"}
        assert (await page.post("/api/sign-in", json={**body, "code": "1"})).status_code == 401
        body["code"] = totp.code(totp.base64.b32decode(secret), NOW // totp.STEP_MS)
        assert (await page.post("/api/sign-in", json=body)).status_code == 200
        assert (await page.post("/api/sign-in", json=body)).status_code == 401


async def test_somebody_comes_back_from_the_provider(tmp_path, monkeypatch):
    def fetch(url, form):
        return {"issuer": "http://127.0.0.1:1", "authorization_endpoint": "http://127.0.0.1:1/a"}

    provider = Provider(Client("http://127.0.0.1:1", "shelfwire", "s"), fetch)
    monkeypatch.setattr(provider, "finish", lambda *_: "hoa-42")
    house = House(tmp_path, provider=provider)
    async with house.page() as page:
        begun = await page.get("/sign-in/provider")
        assert begun.headers["location"].startswith("http://127.0.0.1:1/a?response_type=code")
        state = page.cookies["shelfwire-begun"].split(".")[0]
        forged = await page.get("/sign-in/back?code=c&state=x")
        assert "sign-in=again" in forged.text
        unknown = await page.get(f"/sign-in/back?code=c&state={state}")
        assert "sign-in=unknown" in unknown.text
        accounts.put(house.ledger, "hoa", "staff", NOW, subject="hoa-42")
        assert "sign-in" not in (await page.get(f"/sign-in/back?code=c&state={state}")).text
        assert (await page.get("/api/me")).json()["account"] == "hoa"
    house.writes.close()
    house.reads.close()
    house.ledger.close()


async def test_each_one_sees_the_own_sites_and_what_the_role_is_for(house):
    async with house.page() as page:
        everything = house.account("province")
        board = (await page.get("/api/board", headers=everything)).json()
        assert {row["site"] for row in board["sites"]} == {"tinh", "xa"}
        assert board["recent"][0]["reader_name"] in ("", "N. V. A.")
        commune = house.account("staff", sites=["xa"])
        board = (await page.get("/api/board", headers=commune)).json()
        assert [row["device"] for row in board["devices"]] == ["xa-all"]
        assert board["worklist"] == board["recent"] == []
        for path in ("/api/devices/kiosk-1", "/api/worklist/1/resolve"):
            assert await knock(page, path, "POST" if "work" in path else "GET", commune) in (
                403,
                422,
            )
        got = await page.post(
            "/api/commands", json={"device": "kiosk-1", "do": "mute"}, headers=commune
        )
        assert got.status_code == 403
        counting = house.account("inspector")
        board = (await page.get("/api/board", headers=counting)).json()
        assert set(board) == {"now", "broker", "full", "centre", "sites"}
        mending = house.account("technician")
        board = (await page.get("/api/board", headers=mending)).json()
        assert [entry["code"] for entry in board["worklist"]] == ["TROUBLE"]
        assert "recent" not in board
        assert "reader" not in board["worklist"][0]
        got = await page.post("/api/worklist/2/resolve", json={"action": "gone"}, headers=mending)
        assert got.status_code == 403


async def test_a_look_at_a_reader_is_seen_by_who_answers_for_it(house):
    staff, manager = house.account("staff"), house.account("manager")
    async with house.page() as page:
        body = {"why": "called about a book"}
        got = await page.post("/api/readers/R1", json=body, headers=staff)
        assert (got.json()["name"], got.json()["loans"][0]["item"]) == ("Nguyễn Văn An", "B1")
        assert (
            await page.post("/api/readers/R1", json={"why": ""}, headers=staff)
        ).status_code == 409
        [row] = (await page.get("/api/looks", headers=manager)).json()
        assert (row["account"], row["reader"], row["why"]) == (
            "a-staff",
            "R1",
            "called about a book",
        )


async def test_a_command_goes_up_only_for_roles_that_may_send_it(house):
    staff, technician = house.account("staff"), house.account("technician")
    reboot = {"device": "kiosk-1", "do": "reboot"}
    async with house.page() as page:
        assert (await page.post("/api/commands", json=reboot, headers=staff)).status_code == 403
        got = await page.post("/api/commands", json=reboot, headers=technician)
        ident = got.json()["id"]
        one = (await page.get(f"/api/commands/{ident}", headers=technician)).json()
        assert (one["do"], one["state"], one["who"]) == ("reboot", "waiting", "a-technician")
        mute = {"device": "gate-1", "do": "mute", "args": {"minutes": 5, "why": "class"}}
        await page.post("/api/commands", json=mute, headers=staff)
        [latest, _] = (await page.get("/api/commands", headers=staff)).json()
        assert latest["args"] == {"minutes": 5, "why": "class", "who": "a-staff"}
        got = await page.post(
            "/api/commands", json={**mute, "args": {"minutes": "x"}}, headers=staff
        )
        assert got.status_code == 409


ALL = Account("", "", "province")


async def changed(house, since, who=ALL):
    house.pulse.beat()
    await house.live.refresh()
    return house.live.changes(since, who), f"{house.live.run}.{house.live.version}"


async def test_a_page_hears_only_what_changed_and_misses_nothing(house):
    first, at = await changed(house, "")
    assert first["reset"]
    assert "devices/kiosk-1" in first["set"]
    assert (await changed(house, at))[0] is None
    down = {"pad": PartHealth(up=False, why="reader_lost")}
    health = Health(at=NOW, version="1", boot="b", waiting=2, parts=down)
    status.put_state(house.ledger, "kiosk-1", State(online=True), NOW)
    status.put_health(house.ledger, "kiosk-1", health, NOW)
    _, later = await changed(house, at)
    status.put_health(house.ledger, "kiosk-1", Health(at=NOW, version="1", boot="b"), NOW)
    news, _ = await changed(house, later)
    assert news["set"] == {"devices/kiosk-1": {"waiting": 0, "down": {}}}
    news, _ = await changed(house, at)  # a page that was cut off before all of this
    assert news["set"]["devices/kiosk-1"]["online"] is True
    assert not news["reset"]


async def test_what_goes_is_told_and_a_stranger_number_begins_anew(house):
    _, at = await changed(house, "")
    number = house.ledger.store.value("SELECT number FROM worklist WHERE code = 'TROUBLE'")
    house.ledger.resolve(number, "mended", "Hoa", "", NOW)
    news, now = await changed(house, at)
    assert f"worklist/{number}" in news["gone"]
    assert f"settled/{number}" in news["set"]
    house.ledger.reopen(number, "Hoa", NOW)
    news, _ = await changed(house, now)
    assert f"worklist/{number}" in news["set"]
    for since in ("", "other.1", f"{house.live.run}.999", "x.y", f"{house.live.run}."):
        assert (await changed(house, since))[0]["reset"]


async def test_a_heartbeat_of_a_machine_costs_few_bytes(house):
    status.put_state(house.ledger, "kiosk-1", State(online=True), NOW)
    health = Health(at=NOW, version="1", boot="b", numbers={"memory_mb": 40, "kiosk_visits": 3})
    status.put_health(house.ledger, "kiosk-1", health, NOW)
    _, at = await changed(house, "")
    more = Health(at=NOW, version="1", boot="b", numbers={"memory_mb": 41, "kiosk_visits": 3})
    status.put_health(house.ledger, "kiosk-1", more, NOW + 20_000)
    assert (await changed(house, at))[0] is None
    status.put_health(house.ledger, "kiosk-1", more, NOW + MINUTE)
    news, _ = await changed(house, at)
    assert list(news["set"]["devices/kiosk-1"]) == ["seen"]
    assert news["set"]["devices/kiosk-1"]["seen"] <= NOW + HOUR


async def test_a_cut_stream_goes_on_where_it_stopped(house):
    headers = house.account("province")
    house.pulse.end()
    async with house.page() as page:
        got = await page.get("/api/events", headers=headers)
        assert got.text == ""  # nothing any more: the gateway ends


async def test_an_account_follows_so_often_at_once_and_no_more(house):
    stream = Stream(house.live, house.reads, lambda: NOW, house.pulse)
    request = Request({"type": "http", "method": "GET", "path": "/api/events", "headers": []})
    open_ = [await stream.events(request, ALL) for _ in range(MOST_EACH)]
    for answer in open_:
        assert b"data: " in await anext(answer.body_iterator)
    assert (await stream.events(request, ALL)).status_code == 429
    other = Account("other", "", "province")
    assert (await stream.events(request, other)).status_code == 200
    await open_.pop().body_iterator.aclose()
    assert (await stream.events(request, ALL)).status_code == 200
    for answer in open_:
        await answer.body_iterator.aclose()
