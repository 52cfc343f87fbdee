"""The page's server: who may come in, and what goes out with every answer."""

import asyncio
import contextlib
import json
import socket

import httpx
import pytest
import websockets

import gateway.console.server
import kiosk.station
from kiosk.app import STATIC, Press
from kiosk.door import fetch_pass
from kiosk.session import PRESSES
from kiosk.stage import WAITING_PRESSES, Stage
from kiosk.testing import kiosk_in_a_box


@pytest.fixture
def url(box):
    return f"http://127.0.0.1:{box.kiosk.port}"


@pytest.fixture
async def http(url):
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def dial(url, **more):
    if "additional_headers" not in more:
        more["additional_headers"] = {"Cookie": await asyncio.to_thread(fetch_pass, url)}
    more = {"origin": url} | more
    return await websockets.connect(url.replace("http", "ws") + "/ws", proxy=None, **more)


@contextlib.asynccontextmanager
async def connect(url, **more):
    async with await dial(url, **more) as page:
        yield page


async def test_the_page_and_all_it_needs_are_served_from_here(http):
    page = await http.get("/")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    for path in ("/look/tokens.css", "/look/icons.svg", "/static/kiosk.js", "/texts/vi.json"):
        assert (await http.get(path)).status_code == 200
    assert (await http.get("/texts/fr.json")).status_code == 404
    assert (await http.get("/texts/..%2fvi.json")).status_code == 404


async def test_every_answer_forbids_what_the_page_does_not_need(http):
    for path in ("/", "/look/tokens.css", "/nothing", "/health"):
        headers = (await http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/../app.py"])
async def test_nothing_tells_how_the_program_is_made(http, path):
    assert (await http.get(path)).status_code == 404


async def test_another_host_name_is_refused(http):
    for host in ("evil.example", "127.0.0.1", "localhost:1", ""):
        answer = await http.get("/", headers={"host": host})
        assert answer.status_code == 400


async def test_only_get_is_answered(http):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert (await http.request(method, "/", content=b"x")).status_code == 405


async def test_a_request_from_another_page_is_refused(http, url):
    assert (await http.get("/", headers={"origin": "http://evil.example"})).status_code == 403
    assert (await http.get("/", headers={"origin": url})).status_code == 200


async def test_health_says_what_works(box, http):
    health = (await http.get("/health")).json()
    assert health["able"] is True
    assert health["parts"]["pad"] is True
    assert health["screen"] == "idle"


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_socket_from_elsewhere_is_refused(url, origin):
    with pytest.raises(websockets.InvalidStatus):
        async with connect(url, origin=origin):
            pass


async def test_a_socket_for_another_host_is_refused(url):
    with pytest.raises(websockets.InvalidStatus):
        given = await asyncio.to_thread(fetch_pass, url)
        async with connect(url, additional_headers={"Cookie": given, "Host": "evil.example"}):
            pass


@pytest.mark.parametrize("cookie", ["", "shelfwire-kiosk=x", "{name}=", "{name}={value}x", ";;=;"])
async def test_a_socket_without_the_pass_of_this_start_is_refused(box, url, cookie):
    name, _, value = (await asyncio.to_thread(fetch_pass, url)).partition("=")
    given = cookie.format(name=name, value=value)
    with pytest.raises(websockets.InvalidStatus):
        async with connect(url, additional_headers={"Cookie": given}):
            pass
    assert box.kiosk.stage.watchers == 0


async def test_the_pass_is_new_at_every_start_and_no_script_can_read_it(http, tmp_path):
    given = (await http.get("/")).headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Strict" in given
    assert "set-cookie" not in (await http.get("/static/kiosk.js")).headers
    (tmp_path / "o").mkdir()
    async with kiosk_in_a_box(tmp_path / "o") as other:
        await other.screen("idle")
        address = f"http://127.0.0.1:{other.kiosk.port}/"
        again = await asyncio.to_thread(fetch_pass, address)
    assert again.partition("=")[2] not in given


async def test_a_page_gets_the_screen_at_once_and_its_presses_arrive(box, url):
    async with connect(url) as page:
        first = json.loads(await page.recv())
        assert first["screen"] == "idle"
        assert first["lang"] == "vi"
        await page.send(json.dumps({"press": "borrow"}))
        assert json.loads(await page.recv())["screen"] == "identify"


async def test_two_pages_show_the_same(box, url):
    async with connect(url) as one, connect(url) as other:
        await one.recv()
        await other.recv()
        await one.send(json.dumps({"press": "return", "arg": ""}))
        assert json.loads(await other.recv())["screen"] == "books"
        assert json.loads(await one.recv())["screen"] == "books"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "hello",
        "[]",
        '{"press": 1}',
        '{"press": "explode"}',
        '{"press": "borrow", "more": 1}',
        '{"press": "borrow", "arg": "' + "x" * 81 + '"}',
        '{"press": "' + "b" * 2000 + '"}',
        b"\xff\xfe",
    ],
)
async def test_words_that_are_no_press_end_the_line_and_change_nothing(box, url, words):
    async with connect(url) as page:
        await page.recv()
        await page.send(words)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            async with asyncio.timeout(2):
                while True:
                    await page.recv()
        assert closed.value.rcvd.code == 1008
        assert closed.value.rcvd.reason
    assert box.kiosk.stage.message["screen"] == "idle"


async def test_a_huge_message_is_not_taken_in(box, url):
    async with connect(url) as page:
        await page.recv()
        with pytest.raises(websockets.ConnectionClosed):
            await page.send("x" * 100_000)
            await page.recv()


async def test_a_page_that_goes_leaves_nothing_behind(box, url):
    for _ in range(5):
        async with connect(url) as page:
            await page.recv()
    await asyncio.sleep(0.3)
    assert box.kiosk.stage.watchers == 0


def test_presses_beyond_reason_are_dropped():
    stage = Stage()
    assert all(stage.press("help") for _ in range(WAITING_PRESSES))
    assert not stage.press("help")


def test_every_press_of_the_table_is_a_press_of_the_page():
    assert {Press(press=name).press for name in PRESSES} == set(PRESSES)


async def test_a_kiosk_stops_at_once_and_tells_its_pages(tmp_path):
    async with kiosk_in_a_box(tmp_path) as box:
        await box.screen("idle")
        page = await dial(f"http://127.0.0.1:{box.kiosk.port}")
        await page.recv()
        before = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - before < 1.5
    with pytest.raises(websockets.ConnectionClosed):
        while True:
            await page.recv()


def test_every_part_of_the_page_is_asked_for_at_once():
    page = (STATIC / "index.html").read_text("utf-8")
    for part in STATIC.glob("*.js"):
        assert f'"/static/{part.name}"' in page, "add a modulepreload"


@pytest.mark.parametrize(
    "server", [kiosk.station, gateway.console.server], ids=["kiosk", "console"]
)
async def test_no_part_of_an_answer_waits_for_the_other_side(server):
    at_once = asyncio.get_running_loop().create_future()

    async def serve(_reader, writer):
        line = writer.get_extra_info("socket")
        at_once.set_result(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with server._listen("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(serve, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await at_once
            writer.close()
