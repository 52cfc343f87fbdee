"""The client against the simulated library system on a real port, with what goes wrong on real ones."""

import asyncio
import ssl

import pytest

from gateway import pki
from gateway.sip2.client import PAUSES, Client
from gateway.sip2.errors import LineError, LoginError, UnansweredError
from gateway.sip2.options import Sip2Options
from gateway.sip2.server import Faults, SimulatedServer
from gateway.sip2.simulator import Copy, Ils, Patron
from gateway.testing import NOW


def library(**changed) -> Ils:
    items = {
        "B1": Copy("Số đỏ", "CPL"),
        "B2": Copy("Tắt đèn", "MPL"),
        "B3": Copy("Chí Phèo", "CPL"),
    }
    return Ils(lambda: NOW, items, {"C1": Patron("An")}, **changed)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def client(server: SimulatedServer, **changed) -> Client:
    clock = changed.pop("clock", None)
    options = {"host": "127.0.0.1", "port": server.port, "tls": False, "seconds": 10.0, **changed}
    one = Sip2Options(**options)
    return Client(one, clock=clock) if clock else Client(one)


async def test_it_logs_in_asks_for_the_status_and_then_speaks(tmp_path):
    (tmp_path / "secret").write_text("mật khẩu\n")
    server = SimulatedServer(library(accounts={"us": "mật khẩu"}))
    async with server.running():
        one = client(server, user="us", password=tmp_path / "secret")
        answer = await one.ask(one.words.item("B1", NOW))
        assert (answer["AJ"], answer["status"]) == ("Số đỏ", "03")
        assert one.status is not None
        assert one.status["online"] == "Y"
        await one.close()
        assert server.connections == 1


async def test_a_wrong_password_is_said_and_not_tried_at_once_again(tmp_path):
    (tmp_path / "secret").write_text("wrong")
    server, clock = SimulatedServer(library(accounts={"us": "right"})), Clock()
    async with server.running():
        one = client(server, user="us", password=tmp_path / "secret", clock=clock)
        with pytest.raises(LoginError):
            await one.ask(one.words.item("B1", NOW))
        with pytest.raises(LineError, match="a moment ago"):
            await one.ask(one.words.item("B1", NOW))
        assert server.connections == 1
        clock.now += PAUSES[0] + 1
        with pytest.raises(LoginError):
            await one.ask(one.words.item("B1", NOW))


@pytest.mark.parametrize(
    "faults",
    [
        Faults(wrong_sum=True), Faults(garble=1), Faults(misheard=1), Faults(bits=1),
        Faults(stray=True), Faults(slow=0.01),
    ],
    ids=["sums", "garbled", "misheard", "bytes", "stray", "slow"],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
async def test_a_line_with_faults_gives_the_same_answers_and_books_once(faults, end):
    ils = library()
    server = SimulatedServer(ils, faults, end=end)
    async with server.running():
        one = client(server, error_detection=True, line_end="crlf")
        assert (await one.ask(one.words.checkout("C1", "B1", NOW, None, no_block=False)))[
            "ok"
        ] == "1"
        assert (await one.ask(one.words.item("B1", NOW)))["AJ"] == "Số đỏ"
        await one.close()
    assert ils.done == [("11", "B1")]


@pytest.mark.parametrize("fault", ["cut", "deaf"])
async def test_a_lost_answer_is_unknown_and_never_asked_again_by_itself(fault):
    ils, clock = library(), Clock()
    server = SimulatedServer(ils, Faults(**{fault: {"11"}}))
    async with server.running():
        one = client(server, clock=clock)
        message = one.words.checkout("C1", "B1", NOW, None, no_block=False)
        with pytest.raises(UnansweredError):
            await one.ask(message, 0.3 if fault == "deaf" else None)
        assert ils.done == [("11", "B1")]
        clock.now += 100
        assert (await one.ask(one.words.item("B1", NOW)))["status"] == "04"
        await one.close()


async def test_a_line_that_went_away_in_its_sleep_costs_nothing():
    ils, clock = library(), Clock()
    server = SimulatedServer(ils)
    async with server.running():
        one = client(server, clock=clock)
        await one.ask(one.words.item("B1", NOW))
        for task in list(server._tasks):
            task.cancel()
        clock.now += 1000
        answer = await one.ask(one.words.checkout("C1", "B1", NOW, None, no_block=False))
        assert answer["ok"] == "1"
        await one.close()
        assert (server.connections, ils.done) == (2, [("11", "B1")])


async def test_questions_wait_for_each_other():
    server = SimulatedServer(library(), Faults(slow=0.01))
    async with server.running():
        one = client(server)
        names = ["B1", "B2", "B3"] * 3
        answers = await asyncio.gather(*(one.ask(one.words.item(name, NOW)) for name in names))
        assert [answer["AB"] for answer in answers] == names
        assert server.connections == 1
        await one.close()


async def test_nobody_there_is_a_line_that_is_down():
    one = Client(Sip2Options(host="127.0.0.1", port=1, tls=False))
    with pytest.raises(LineError):
        await one.ask(one.words.item("B1", NOW))


async def test_it_speaks_through_tls_and_only_to_whom_it_trusts(tmp_path):
    authority = pki.make_authority("ILS")
    pair = pki.make_server(authority, ["127.0.0.1"])
    (tmp_path / "k").write_bytes(pair.key_pem)
    (tmp_path / "c").write_bytes(pair.cert_pem)
    (tmp_path / "ca").write_bytes(authority.cert_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    server = SimulatedServer(library())
    async with server.running(tls=context):
        one = client(server, tls=True, ca=tmp_path / "ca")
        assert (await one.ask(one.words.item("B1", NOW)))["AJ"] == "Số đỏ"
        await one.close()
        stranger = client(server, tls=True)
        with pytest.raises(LineError):
            await stranger.ask(stranger.words.item("B1", NOW))
