import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.errors import NoReplyError
from edge.clock import Clock
from edge.journal import Journal
from edge.orders import Orders
from edge.orders.logs import LastLines, masked
from edge.orders.memory import MOST, Memory
from edge.station import NotPossibleError
from edge.wire.batch import decode_event
from edge.wire.commands import (
    LOG_LINES,
    REPLY_BYTES,
    Mute,
    OpenBin,
    Order,
    OutOfService,
    Reboot,
    Reply,
    Screen,
    SendLogs,
    write_order,
)
from edge.wire.errors import WireError
from edge.wire.facts import Ordered

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = 1_795_000_000_000


class Gate:
    """A station that can be muted, and whose motor never answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def run(self) -> None:
        await asyncio.Event().wait()

    def numbers(self) -> dict[str, float]:
        return {}

    async def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((name, dict(args)))
        if name == "open_bin":
            raise NoReplyError("no answer")
        if name not in ("mute", "screen"):
            raise NotPossibleError("A gate cannot do this.")
        return {"screen": "idle"}


class Silent:
    """A station that takes no commands."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    def numbers(self) -> dict[str, float]:
        return {}


class Device:
    def __init__(self, folder: Path, *, up: float = 100.0, wall: int = NOW, told: bool = True):
        self.clock = Clock(wall=lambda: wall / 1000, disciplined=lambda: told)
        self.journal = Journal.open(folder / "journal.db", "gate-1", self.clock)
        self.gate, self.replies = Gate(), list[Reply]()
        self.done: list[str] = []
        self.orders = Orders(
            folder, ("tinh", "gate-1"), KEY.public_key(), self.journal, self.clock,
            {"hall": Silent(), "gate": self.gate},
            {"logs": self._logs, "reboot": self._reboot}, uptime=lambda: up,
        )  # fmt: skip
        self.orders.say = self._say

    async def _say(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def _logs(self, deed: SendLogs) -> dict[str, list[str]]:
        return {"lines": ["x" * 10] * deed.lines}

    async def _reboot(self, _: object) -> None:
        self.done.append("reboot")

    def hear(self, deed: Any, number: int = 1, **more: Any) -> str:
        ident = f"0193b3d0-0000-7000-8000-{number:012}"
        values = {"made": NOW, "expires": NOW + 60_000, "site": "tinh", "device": "gate-1"}
        order = Order(id=ident, deed=deed, **{**values, **more})
        self.orders.hear(write_order(order, KEY))
        return ident

    def told(self) -> list[tuple[str, str]]:
        facts = [decode_event(body).fact for _, body in self.journal.waiting(0)]
        return [(f.name, f.outcome) for f in facts if isinstance(f, Ordered)]


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Callable[..., Device]]:
    made: list[tuple[Device, asyncio.Task[None]]] = []

    async def end() -> None:
        while made:
            one, task = made.pop()
            task.cancel()
            await asyncio.wait((task,))
            await one.journal.close()

    async def start(**more: Any) -> Device:
        await end()
        one = Device(tmp_path, **more)
        made.append((one, asyncio.create_task(one.orders.run())))
        return one

    yield start
    await end()


async def told(device: Device, *wanted: tuple[str, str]) -> None:
    async with asyncio.timeout(20):
        while device.told() != list(wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_command_is_received_done_and_never_done_again(device):
    one = await device()
    one.hear(Mute(minutes=10, who="Hoa"))
    one.hear(Mute(minutes=10, who="Hoa"))
    await told(one, ("mute", "received"), ("mute", "done"))
    until = NOW + 10 * 60_000
    assert one.gate.asked == [("mute", {"until": until, "why": "", "who": "Hoa"})]
    again = await device()
    again.hear(Mute(minutes=10, who="Hoa"))
    again.hear(Mute(minutes=0), 2)
    await told(again, *[("mute", "received"), ("mute", "done")] * 2)
    assert [args["until"] for _, args in again.gate.asked] == [0]


async def test_an_expired_command_is_told_once_and_not_done(device):
    one = await device()
    one.hear(Mute(minutes=1), made=NOW - 9_000, expires=NOW)
    await told(one, ("mute", "expired"))
    one.hear(Mute(minutes=1), made=NOW - 9_000, expires=NOW)
    one.hear(Mute(minutes=1), 2)
    await told(one, ("mute", "expired"), ("mute", "received"), ("mute", "done"))


async def test_a_device_that_does_not_know_the_time_waits_with_commands(device, caplog):
    one = await device(wall=1_000_000_000_000, told=False)
    one.hear(Mute(minutes=1))
    async with asyncio.timeout(20):
        while "clock is not right" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert one.told() == []


async def test_what_cannot_be_done_is_refused_and_what_breaks_has_failed(device):
    one = await device()
    one.hear(OutOfService(station="gate"), 1)
    one.hear(OutOfService(station="hall"), 2)
    one.hear(OpenBin(bin="1"), 3)
    await told(
        one,
        *[("out_of_service", "received"), ("out_of_service", "refused")] * 2,
        *[("open_bin", "received"), ("open_bin", "failed")],
    )


async def test_logs_and_the_screen_are_sent_back(device):
    one = await device()
    ident = one.hear(SendLogs(lines=3))
    one.hear(Screen(), 2)
    await told(one, *(("logs", o) for o in ("received", "done")),
               *(("screen", o) for o in ("received", "done")))  # fmt: skip
    assert one.replies[0] == Reply(order=ident, lines=["x" * 10] * 3)
    assert one.replies[1].screen == {"screen": "idle"}


@pytest.mark.parametrize(("up", "outcome"), [(5.0, "done"), (200.0, "failed")])
async def test_a_reboot_is_told_by_the_next_start(device, up, outcome):
    one = await device(up=100.0)
    one.hear(Reboot())
    await told(one, ("reboot", "received"))
    async with asyncio.timeout(20):
        while not one.done:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    again = await device(up=up)
    await told(again, ("reboot", "received"), ("reboot", outcome))
    again.hear(Reboot())
    assert (await device()).told() == [("reboot", "received"), ("reboot", outcome)]


async def test_without_the_centres_key_nothing_is_obeyed(device):
    one = await device()
    one.orders._key = None
    with pytest.raises(WireError, match="without the centre's key"):
        one.hear(Mute(minutes=1))


def test_the_memory_survives_torn_lines_and_never_forgets_what_it_may_have_known(tmp_path):
    memory = Memory(tmp_path / "c")
    for n in range(MOST + 50):
        memory.take(f"{n}", 1000 + n, "mute", 1.0)
        memory.told(f"{n}")
    with (tmp_path / "c").open("ab") as file:
        file.write(b'{"id":"torn","pha')
    memory = Memory(tmp_path / "c")
    memory = Memory(tmp_path / "c")
    assert len((tmp_path / "c").read_bytes().splitlines()) < MOST * 2
    assert all(memory.knows(f"{n}", 1000 + n) for n in range(MOST + 50))
    assert not memory.knows("torn", 999_999)
    assert memory.untold() == []


def test_log_lines_are_few_short_and_without_long_numbers() -> None:
    lines = LastLines()
    for n in range(LOG_LINES + 10):
        record = logging.LogRecord(
            "edge", logging.INFO, "f", 1, "line %s ế\n%s", (n, "y" * 900), None
        )
        lines.emit(record)
    last = lines.last(LOG_LINES)
    assert sum(len(line.encode()) for line in last) <= REPLY_BYTES
    assert "line 509" in last[-1]
    assert "\n" not in last[-1]
    assert masked("card 12345678 of E004010000000001 at 10:15:22, 42 s") == (
        "card … of … at 10:15:22, 42 s"
    )
