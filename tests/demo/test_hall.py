import httpx
import pytest

from demo.world.hall import make_app


@pytest.fixture
async def page(world):
    url = f"http://127.0.0.1:{world.places.ports['hall']}"
    transport = httpx.ASGITransport(app=make_app(world))
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        yield client


async def test_the_page_brings_everything_itself(page):
    answer = await page.get("/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path in ("/static/hall.js", "/static/hall.css", "/look/tokens.css", "/api/texts/en"):
        assert (await page.get(path)).status_code == 200


async def test_a_page_from_elsewhere_may_not_act(page, world):
    book = world.things.at("shelf:tinh")[0].copy.item
    act = {"do": "move", "item": book, "to": "pad:tinh"}
    answer = await page.post("/api/do", json=act, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert world.things.at("pad:tinh") == []


async def test_another_host_name_is_not_us(page):
    assert (await page.get("/", headers={"host": "evil.example"})).status_code == 403


async def test_an_act_is_done(page, world):
    book = world.things.at("shelf:tinh")[0].copy.item
    answer = await page.post("/api/do", json={"do": "move", "item": book, "to": "pad:tinh"})
    assert answer.json() == {"done": True}
    assert [one.copy.item for one in world.things.at("pad:tinh")] == [book]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        ({"do": "fly"}, "no_such_act"),
        ({"do": "move", "item": "X1", "to": "pad:tinh"}, "no_such_book"),
        ({"do": "move", "wrong": 1}, "no_such_act"),
        ({"do": "walk", "number": "R9999", "way": "in"}, "no_such_reader"),
        ({"do": "power", "device": "nothing", "on": True}, "no_such_device"),
        ({"do": "cable", "site": "moon", "device": "pad", "plugged": True}, "no_such_site"),
        ({"do": "paper", "site": "tinh", "state": "wet"}, "no_such_paper"),
        ([1, 2], "no_such_act"),
    ],
)
async def test_what_cannot_be_done_is_named(page, act, error):
    answer = await page.post("/api/do", json=act)
    assert answer.status_code == 409
    assert answer.json()["error"] == error


async def test_what_is_no_json_is_refused(page):
    assert (await page.post("/api/do", content=b"\xff{")).status_code == 400


async def test_a_receipt_that_was_not_printed_is_not_there(page):
    assert (await page.get("/api/receipt/tinh/0.png")).status_code == 404
    assert (await page.get("/api/receipt/moon/0.png")).status_code == 404


async def test_the_scene_is_plain_data(page):
    scene = (await page.get("/api/scene")).json()
    assert set(scene["sites"]) == {"tinh", "xa"}
    assert scene["addresses"]["hall"].startswith("http://127.0.0.1:")
