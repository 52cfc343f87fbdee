"""A real journal, replica, desk and uplink against a real gateway over a real broker."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from drivers.testing.waiting import until
from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions, site_key
from edge.desk import Desk
from edge.elsewhere import Lent
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import Uplink
from edge.wire.facts import Loan, RenewalWish, Return
from edge.wire.messages import Health
from gateway.broker import _heed
from gateway.config import BrokerOptions, Config, ConsoleOptions, GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger
from gateway.home import Home
from gateway.service import gateway, now_ms
from gateway.testing import Mosquitto, find_mosquitto, mosquitto, stock

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path / "centre", ["127.0.0.1"])
    ledger = open_ledger(made)
    stock(ledger, now_ms())
    enrol(made, ledger, "tinh", "kiosk-1", tmp_path / "keys", now_ms())
    ledger.close()
    return made


@pytest.fixture
async def broker(home: Home, tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(home, tmp_path) as running:
        yield running


def config_of(home: Home, broker: Mosquitto) -> Config:
    files = {"ca": home.pki("server-ca.crt"), "cert": home.pki("gateway.crt")}
    return Config(
        GatewayOptions(home.folder),
        BrokerOptions(port=broker.port, key=home.pki("gateway.key"), **files),
        ConsoleOptions(port=0, open=True),
    )


class Kiosk:
    """The edge without stations."""

    def __init__(
        self, tmp_path: Path, port: int, site: str = "tinh", device: str = "kiosk-1"
    ) -> None:
        keys, self.clock = tmp_path / "keys", Clock()
        agent = AgentOptions(
            site=site, device=device, data=tmp_path / "pi", site_key=keys / "site.key"
        )
        options = UplinkOptions(
            host="127.0.0.1", port=port, retry_max=0.3, elsewhere_seconds=0.2,
            ca=keys / "ca.crt", cert=keys / "device.crt", key=keys / "device.key",
        )  # fmt: skip
        self.journal = Journal.open(agent.data / "journal.db", device, self.clock)
        self.replica = Replica.open(agent.data / "replica.db", self.clock.now_ms)
        self.lent = Lent(site_key(agent.site_key), agent.data / "elsewhere.bin")
        self.uplink = Uplink(
            options, agent, self.journal, self.replica, self.clock,
            health=lambda: Health(at=self.clock.now_ms(), version="1", boot=self.clock.boot),
            allowed={}, lent=self.lent,
        )  # fmt: skip
        self.desk = Desk(site_key(agent.site_key), self.replica, self.clock, self.uplink, 5.0)

    async def note(self, *facts: Loan | Return | RenewalWish) -> None:
        for event in await self.journal.append(*facts):
            self.replica.note(event)


@asynccontextmanager
async def running(kiosk: Kiosk) -> AsyncIterator[Kiosk]:
    task = asyncio.create_task(kiosk.uplink.run())
    try:
        yield kiosk
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
async def kiosk(tmp_path: Path, broker: Mosquitto) -> AsyncIterator[Kiosk]:
    made = Kiosk(tmp_path, broker.port)
    async with running(made):
        yield made
    await made.journal.close()
    made.replica.close()


def counts(home: Home) -> tuple[int, int, int]:
    ledger = open_ledger(home)
    try:
        return tuple(
            ledger.store.value(f"SELECT {what}")
            for what in (
                "count(*) FROM facts",
                "count(DISTINCT id) FROM facts",
                "count(*) FROM loans WHERE ended IS NULL",
            )
        )
    finally:
        ledger.close()


async def test_a_replica_fills_and_a_reader_is_known_by_the_card(home, broker, kiosk):
    async with gateway(config_of(home, broker)):
        await until(lambda: kiosk.replica.version > 0)
        visitor = await kiosk.desk.reader(["C1"])
        assert (visitor.name, visitor.online, visitor.refusal) == ("An", True, "")
        assert kiosk.replica.item("B1").title == "Truyện Kiều"
        assert kiosk.replica.reader(visitor.card).reader == visitor.reader.reader


async def test_a_visit_ends_in_the_ledger_and_in_the_replica(home, broker, kiosk):
    async with gateway(config_of(home, broker)):
        await until(lambda: kiosk.replica.version > 0)
        visitor = await kiosk.desk.reader(["C1"])
        verdicts = await kiosk.desk.lend(visitor.card, ["B1", "B5"])
        assert [verdict.ok for verdict in verdicts] == [True, False]
        await kiosk.note(Loan(item="B1", card=visitor.card, due=verdicts[0].due, online=True))
        await until(lambda: kiosk.journal.backlog().count == 0)
        account = await kiosk.desk.reader(["C1"])
        assert [loan.title for loan in account.loans] == ["Truyện Kiều"]
        [renewal] = await kiosk.desk.renew(visitor.card, ["B1"])
        assert renewal.ok
        await kiosk.note(RenewalWish(item="B1", card=visitor.card))
        await kiosk.note(Return(item="B1"))
        await until(lambda: kiosk.journal.backlog().count == 0)
        await until(lambda: kiosk.replica.loans_of(visitor.reader.reader) == [])
    assert counts(home) == (3, 3, 0)


async def test_a_backlog_survives_restarts_of_gateway_and_broker(home, broker, kiosk):
    card = kiosk.desk.card_ref("C1")
    for n in range(600):
        fact = Loan(item=f"B{n % 4 + 1}", card=card, due=0) if n % 2 else Return(item="B1")
        await kiosk.journal.append(fact)
    for n in itertools.count(1):
        async with gateway(config_of(home, broker)):
            for _ in range(n * 20):
                await asyncio.sleep(0.02)
                if kiosk.journal.backlog().count == 0:
                    break
        await broker.stop()
        await broker.start()
        if kiosk.journal.backlog().count == 0:
            break
    facts, ids, _ = counts(home)
    assert (facts, ids) == (600, 600)


async def test_a_ledger_from_a_backup_gets_again_what_a_device_had_settled_in_earlier_epochs(
    home, broker, kiosk, tmp_path
):
    backup = tmp_path / "backup.db"
    async with gateway(config_of(home, broker)):
        await kiosk.note(Return(item="B1"))
        await until(lambda: kiosk.journal.backlog().count == 0)
        ledger = open_ledger(home)
        ledger.store.run("VACUUM INTO ?", str(backup))
        ledger.close()
        for n in range(2):
            await kiosk.note(*[Return(item="B2")] * 3)
            await until(lambda: kiosk.journal.backlog().count == 0)
            await kiosk.uplink._begin_epoch(None)
            await kiosk.note(Return(item=f"B{3 + n}"))
            await until(lambda: kiosk.journal.backlog().count == 0)
    assert counts(home)[:2] == (9, 9)
    for suffix in ("-wal", "-shm"):
        (home.folder / f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copyfile(backup, home.folder / "ledger.db")
    assert counts(home)[:2] == (1, 1)
    async with gateway(config_of(home, broker)):
        await until(lambda: counts(home)[:2] == (9, 9))
        await until(lambda: kiosk.journal.backlog().count == 0)


async def test_the_gateway_ends_whatever_it_was_doing(home: Home, broker: Mosquitto) -> None:
    for n in range(12):
        async with asyncio.timeout(15), gateway(config_of(home, broker), now_ms):
            await asyncio.sleep(0.02 * n)


async def test_a_cancellation_that_the_library_swallowed_is_heeded_all_the_same() -> None:
    async def swallowing() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        _heed()
        await asyncio.sleep(60)

    task = asyncio.create_task(swallowing())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,), timeout=5)
    assert task.cancelled()


async def test_a_gate_of_another_branch_soon_knows_of_a_loan(
    home, broker, kiosk, tmp_path, monkeypatch
):
    monkeypatch.setattr("edge.uplink.elsewhere.AGAIN", 0.2)
    folder, ledger = tmp_path / "xa", open_ledger(home)
    enrol(home, ledger, "xa", "xa-gate", folder / "keys", now_ms())
    ledger.close()
    broker.reload()
    gate = Kiosk(folder, broker.port, "xa", "xa-gate")
    gate.lent.begin()
    async with gateway(config_of(home, broker)), running(gate):
        await until(lambda: kiosk.replica.version > 0 and gate.lent.version > 0)
        assert gate.replica.item("B1") is None, "its own copy is of its branch"
        card = kiosk.desk.card_ref("C1")
        await kiosk.note(Loan(item="B1", card=card, due=kiosk.clock.now_ms() + 86_400_000))
        await until(lambda: gate.lent.since("B1", "") is not None)
        assert gate.lent.since(None, "E004010000000001") is not None
        await kiosk.note(Return(item="B1"))
        await until(lambda: gate.lent.since("B1", "") is None)
    assert not kiosk.lent.version, "no gate there, nothing asked"
    await gate.journal.close()
    gate.replica.close()
