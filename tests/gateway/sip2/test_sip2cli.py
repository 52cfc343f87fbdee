"""The words for whoever sets the line up: what is well, what is not, and what to do about it."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from gateway.cli import main
from gateway.sip2.server import Faults, SimulatedServer
from gateway.sip2.simulator import Copy, Ils, Patron
from gateway.testing import NOW


@contextmanager
def library(**changed):
    """Run a library system on a thread of its own; yield it."""
    items = {"B1": Copy("Số đỏ", "CPL", holds=["CPL"])}
    ils = Ils(lambda: NOW, items, {"C1": Patron("An"), "C4": Patron("D", blocked=True)},
              accounts={"us": "right"})  # fmt: skip
    server, ready, ends = SimulatedServer(ils, **changed), threading.Event(), []

    async def serve():
        async with server.running():
            end = asyncio.Event()
            ends.append((asyncio.get_running_loop(), end))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    yield server
    loop, end = ends[0]
    loop.call_soon_threadsafe(end.set)
    thread.join(10)


def config(tmp_path, port, word="right", more=""):
    (tmp_path / "secret").write_text(word)
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\ndata = "."\n[broker]\ntls = false\n[sip2]\nhost = "127.0.0.1"\nport = {port}\n'
        f'tls = false\nuser = "us"\npassword = "secret"\n{more}'
    )
    return str(path)


def test_a_line_that_works_is_said_to(tmp_path, capsys):
    with library() as server:
        path = config(tmp_path, server.port)
        assert main(["sip2", "check", "--config", path]) == 0
        assert main(["sip2", "item", "--config", path, "B1"]) == 0
        assert main(["sip2", "reader", "--config", path, "C4"]) == 0
        assert main(["sip2", "item", "--config", path, "B9"]) == 1
        assert main(["sip2", "reader", "--config", path, "X"]) == 1
    text = capsys.readouterr().out
    assert "[ok]   signed in as us" in text
    assert "it calls itself 'CPL'" in text
    assert "Số đỏ" in text
    assert "waited for yes" in text
    assert "may borrow no" in text
    assert "B9 is not known there" in text
    assert "This number is not known there" in text


@pytest.mark.parametrize(
    ("password", "faults", "more", "why"),
    [
        ("wrong", {}, "", "lets us not in"),
        ("right", {"deaf": {"99"}}, "seconds = 0.3\n", "one client at a time"),
        ("right", {}, "port = 1\n", "Check host and port"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(tmp_path, capsys, password, faults, more, why):
    with library(faults=Faults(**faults)) as server:
        path = config(tmp_path, server.port, password, more if "port" not in more else "")
        if "port" in more:
            path = config(tmp_path, 1, password)
        assert main(["sip2", "check", "--config", path]) == 1
    assert why in capsys.readouterr().out


def test_without_a_table_nothing_is_asked(tmp_path, capsys):
    path = tmp_path / "gateway.toml"
    path.write_text('[gateway]\ndata = "."\n[broker]\ntls = false\n')
    assert main(["sip2", "check", "--config", str(path)]) == 1
    assert "there is no library system" in capsys.readouterr().err
