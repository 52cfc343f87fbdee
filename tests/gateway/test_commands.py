"""Commands from the command line and the ledger to a real device, and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.journal import Journal
from edge.orders import Orders
from edge.replica import Replica
from edge.uplink import Uplink
from edge.wire.commands import LONGEST_LIFE_MS, Mute, Reply, Restart, SendLogs, load_public
from edge.wire.facts import Ordered
from edge.wire.messages import Health, State
from gateway.cli import main
from gateway.config import BrokerOptions, Config, ConsoleOptions, GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger
from gateway.errors import RefusedError
from gateway.ledger import commands, status
from gateway.service import gateway, now_ms
from gateway.testing import HOUR, MINUTE, NOW, find_mosquitto, mosquitto, stock


def state_of(ledger, ident):
    return commands.one(ledger, ident)["state"]


def test_a_command_is_said_to_a_connected_device_and_again_until_it_is_taken(ledger):
    ident = commands.ask(ledger, "gate-1", Mute(minutes=5), "Hoa", NOW)
    assert commands.to_say(ledger, NOW) == []
    status.put_state(ledger, "gate-1", State(online=True), NOW)
    [order] = commands.to_say(ledger, NOW)
    assert (order.id, order.device, order.deed) == (ident, "gate-1", Mute(minutes=5))
    commands.sent(ledger, [ident], NOW)
    assert (state_of(ledger, ident), commands.to_say(ledger, NOW + 1)) == ("sent", [])
    assert len(commands.to_say(ledger, NOW + commands.AGAIN_MS)) == 1


def test_results_only_go_forward_and_belong_to_the_device(ledger, kiosk):
    ident = commands.ask(ledger, "kiosk-1", Restart(), "Hoa", NOW)
    for outcome in ("received", "done", "received"):
        kiosk.happened(Ordered(order=ident, name="restart", outcome=outcome))
    ledger.apply("tinh", kiosk.batch(1, 1), NOW)
    assert state_of(ledger, ident) == "received"
    ledger.apply("tinh", kiosk.batch(), NOW)
    assert state_of(ledger, ident) == "done"
    other = commands.ask(ledger, "gate-1", Restart(), "Hoa", NOW)
    kiosk.happened(Ordered(order=other, name="restart", outcome="done"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    assert state_of(ledger, other) == "waiting"


def test_a_command_that_nobody_took_expires_and_a_late_result_is_believed(ledger, kiosk):
    ident = commands.ask(ledger, "kiosk-1", Restart(), "Hoa", NOW)
    assert commands.expire(ledger, NOW + commands.LIFE_MS - 1) == 0
    assert commands.expire(ledger, NOW + commands.LIFE_MS) == 1
    assert state_of(ledger, ident) == "expired"
    kiosk.happened(Ordered(order=ident, name="restart", outcome="done"))
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert state_of(ledger, ident) == "done"


def test_a_reply_is_kept_for_some_days_and_only_from_its_device(ledger):
    ident = commands.ask(ledger, "kiosk-1", SendLogs(), "Hoa", NOW)
    commands.put_reply(ledger, "gate-1", Reply(order=ident, lines=["forged"]), NOW)
    assert commands.one(ledger, ident)["reply"] is None
    commands.put_reply(ledger, "kiosk-1", Reply(order=ident, lines=["a"]), NOW)
    assert commands.one(ledger, ident)["reply"]["lines"] == ["a"]
    commands.expire(ledger, NOW + commands.KEEP_REPLY_MS + 1)
    assert commands.one(ledger, ident)["reply"] is None


@pytest.mark.parametrize(
    ("device", "name", "args", "life"),
    [
        ("kiosk-1", "dance", {}, MINUTE),
        ("kiosk-1", "mute", {"minutes": -1}, MINUTE),
        ("kiosk-1", "mute", {"minutes": "x"}, MINUTE),
        ("kiosk-1", "reboot", {"now": 1}, MINUTE),
        ("nobody", "reboot", {}, MINUTE),
        ("kiosk-1", "reboot", {}, LONGEST_LIFE_MS + 1),
    ],
)
def test_what_is_no_command_is_refused_with_a_reason(ledger, device, name, args, life):
    with pytest.raises(RefusedError):
        commands.ask(ledger, device, commands.read_deed(name, args), "Hoa", NOW, life)


def test_no_more_than_some_commands_wait_for_a_device(ledger):
    for _ in range(commands.MOST_OPEN):
        commands.ask(ledger, "kiosk-1", Restart(), "Hoa", NOW)
    with pytest.raises(RefusedError, match="wait for kiosk-1 already"):
        commands.ask(ledger, "kiosk-1", Restart(), "Hoa", NOW)


@pytest.fixture
async def centre(tmp_path) -> AsyncIterator[Any]:
    home = make_home(tmp_path / "centre", ["127.0.0.1"])
    ledger = open_ledger(home)
    stock(ledger, now_ms())
    enrol(home, ledger, "tinh", "kiosk-1", tmp_path / "keys", now_ms())
    ledger.close()
    async with mosquitto(home, tmp_path) as broker:
        files = {"ca": home.pki("server-ca.crt"), "cert": home.pki("gateway.crt")}
        config = Config(
            GatewayOptions(home.folder),
            BrokerOptions(port=broker.port, key=home.pki("gateway.key"), **files),
            ConsoleOptions(port=0, open=True),
        )
        async with gateway(config):
            yield home, broker


@asynccontextmanager
async def pi(folder, port) -> AsyncIterator[list[str]]:
    """A device that can send its log, and nothing else."""
    keys, clock, asked = folder / "keys", Clock(), list[str]()
    agent = AgentOptions(
        site="tinh", device="kiosk-1", data=folder / "pi", site_key=keys / "site.key"
    )
    options = UplinkOptions(
        host="127.0.0.1", port=port, retry_max=0.3,
        ca=keys / "ca.crt", cert=keys / "device.crt", key=keys / "device.key",
    )  # fmt: skip

    async def logs(_: Any) -> dict[str, list[str]]:
        asked.append("logs")
        return {"lines": ["the reader is back"]}

    journal = Journal.open(agent.data / "journal.db", "kiosk-1", clock)
    replica = Replica.open(agent.data / "replica.db", clock.now_ms)
    key = load_public((keys / "command.pub").read_bytes())
    orders = Orders(agent.data, ("tinh", "kiosk-1"), key, journal, clock, {}, {"logs": logs})
    uplink = Uplink(
        options, agent, journal, replica, clock, allowed={}, obey=orders.hear,
        health=lambda: Health(at=clock.now_ms(), version="1", boot=clock.boot),
    )  # fmt: skip
    orders.say = uplink.reply
    tasks = [asyncio.create_task(one.run()) for one in (uplink, orders)]
    try:
        yield asked
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await journal.close()
        replica.close()


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_command_of_the_command_line_is_done_once_by_a_device_that_was_away(
    centre, tmp_path, capsys
):
    home, broker = centre
    words = ["command", "--home", str(home.folder), "kiosk-1", "logs", "lines=5", "--who", "Hoa"]
    asking = asyncio.create_task(asyncio.to_thread(main, [*words, "--wait", "60"]))
    async with pi(tmp_path, broker.port) as asked:
        assert await asking == 0
        assert asked == ["logs"]
    out = capsys.readouterr().out
    assert "logs of kiosk-1: done" in out
    assert "the reader is back" in out
    async with pi(tmp_path, broker.port) as asked:
        status_ = await asyncio.to_thread(main, [*words[:4], "reboot", "--wait", "60"])
        assert status_ == 1
        assert asked == []
    assert "reboot of kiosk-1: refused – No station here can do this." in capsys.readouterr().out
