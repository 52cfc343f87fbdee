"""A small library, devices that say things, and a real broker, for tests of the centre."""

import asyncio
import getpass
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.circulation.model import GroupRule, Policy
from edge.wire.batch import Batch, Event, Stamp, Unreadable, encode_batch, encode_event
from edge.wire.facts import Fact, card_ref
from gateway.home import Home
from gateway.ids import new_id
from gateway.ledger.catalogue import Branch, Item, Reader
from gateway.ledger.sqlite import SqliteLedger

NOW = 1_795_330_800_000
"""2026-11-22 14:00 in Hà Nội."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SITE = "tinh"
KEYS = {"tinh": b"a secret of tinh", "xa": b"a secret of xa.."}
POLICY = Policy(groups={"adult": GroupRule(limit=3, days=14, renewals=1)}, owners=["VN-TINH"])
BRANCHES = [
    Branch(branch="tinh", name="Thư viện tỉnh"),
    Branch(branch="xa", name="Thư viện xã", parent="tinh"),
]
ITEMS = [
    Item(item="B1", title="Truyện Kiều", author="Nguyễn Du", branch="tinh", uid="E004010000000001"),
    Item(item="B2", title="Số đỏ", author="Vũ Trọng Phụng", branch="tinh", uid="E004010000000002"),
    Item(item="B3", title="Chí Phèo", author="Nam Cao", branch="xa", uid="E004010000000003"),
    Item(item="B4", title="Tắt đèn", author="Ngô Tất Tố", branch="xa", uid="E004010000000004"),
    Item(item="B5", title="Từ điển", author="Nhiều tác giả", branch="tinh", flags=["reference"]),
    Item(item="B6", title="Lều chõng", author="Ngô Tất Tố", branch="tinh", flags=["missing"]),
]
READERS = [
    Reader(reader="R1", name="Nguyễn Văn An", expires="2027-12-31", cards=["C1", "UID:04A1B2C3"]),
    Reader(reader="R2", name="Trần Thị Bình", expires="2027-12-31", cards=["C2"]),
    Reader(reader="R3", name="Lê Văn Cường", expires="2026-01-31", cards=["C3"]),
    Reader(reader="R4", name="Phạm Thu Dung", blocked=True, cards=["C4"]),
]


def stock(ledger: SqliteLedger, now: int = NOW) -> SqliteLedger:
    """Fill a ledger with the small library, its two sites and three devices."""
    expires = {"2027-12-31": NOW + 400 * DAY, "2026-01-31": NOW - 295 * DAY, "": 0}
    with ledger.store.transaction():
        ledger.catalogue.put_policy(POLICY, now)
        ledger.catalogue.put_branches(BRANCHES)
        ledger.catalogue.put_items(ITEMS)
        ledger.catalogue.put_readers([(row, expires[row.expires], 0) for row in READERS], now)
        for site, device in (("tinh", "kiosk-1"), ("tinh", "gate-1"), ("xa", "xa-all")):
            ledger.catalogue.put_site(site, site)
            ledger.enrol(site, device, now - 30 * DAY, serial="1", fingerprint="")
    return ledger


def card(text: str, site: str = SITE) -> str:
    """Return the reference of a card at a site of the small library."""
    return card_ref(KEYS[site], text)


@dataclass
class Speaker:
    """A device with a journal in memory: facts get numbers and ids as on a real one."""

    device: str = "kiosk-1"
    site: str = SITE
    epoch: str = "e1"
    events: list[Event | Unreadable] = field(default_factory=list)

    def happened(self, fact: Fact, at: int = NOW, **stamp: int | str) -> Event:
        """Journal a fact."""
        seq = len(self.events) + 1
        clock = {"wall": at, "mono": at - NOW + DAY, "boot": "b1", "unc": 0, **stamp}
        event = Event(seq=seq, id=new_id(at), at=Stamp(**clock), fact=fact)  # type: ignore[arg-type]
        self.events.append(event)
        return event

    def batch(self, first: int = 1, last: int | None = None) -> Batch:
        """Return events ``first`` to ``last`` as a batch."""
        return Batch(
            device=self.device, epoch=self.epoch, first=first, events=self.events[first - 1 : last]
        )

    def payload(self, first: int = 1, last: int | None = None) -> bytes:
        """Return the same as it goes over the wire."""
        events = [
            encode_event(one) if isinstance(one, Event) else one.raw
            for one in self.events[first - 1 : last]
        ]
        return encode_batch(self.device, self.epoch, first, events)


def find_mosquitto() -> str | None:
    """Return the path of Debian's broker, if it is installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Mosquitto:
    """A broker of one's own, as at the centre: TLS 1.3, identity from the certificate, our ACL."""

    home: Home
    folder: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until its port is open."""
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"cafile {self.home.pki('device-ca.crt')}\n"
            f"certfile {self.home.pki('broker.crt')}\nkeyfile {self.home.pki('broker.key')}\n"
            f"crlfile {self.home.pki('revoked.crl')}\n"
            "tls_version tlsv1.3\nrequire_certificate true\nuse_identity_as_username true\n"
            f"allow_anonymous false\nacl_file {self.home.acl}\nuser {getpass.getuser()}\n"
            "set_tcp_nodelay true\npersistence false\nlog_type error\n"
        )
        self.process = await asyncio.create_subprocess_exec(
            str(find_mosquitto()), "-c", str(config), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while not await self._open():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End it; everybody is cut off."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    def reload(self) -> None:
        """Let it read access list and revocations again."""
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    async def _open(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


@asynccontextmanager
async def mosquitto(home: Home, folder: Path) -> AsyncIterator[Mosquitto]:
    """Run a broker inside."""
    broker = Mosquitto(home, folder)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
