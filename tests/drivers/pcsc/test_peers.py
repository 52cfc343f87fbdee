"""The driver against Debian's pcscd and pyscard, with a virtual card in its field (vpcd)."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from drivers.errors import PortLostError
from drivers.pcsc import PCSC, PcscOptions
from drivers.pcsc.simulator import PcscSimulator
from drivers.pn532.cards import make_card
from drivers.ports import Card
from drivers.testing.calling import Calling
from drivers.testing.faults import Faults

VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PYSCARD = Path("/usr/lib/python3/dist-packages/smartcard")
SOCKET = Path("/run/pcscd/pcscd.comm")
READY = b"daemon ready"
MISSING = [
    name
    for name, there in (
        ("pcscd", shutil.which("pcscd")),
        ("vsmartcard-vpcd", VPCD.exists()),
        (
            "python3-pyscard for this Python",
            any(PYSCARD.glob(f"scard/*cpython-3{sys.version_info[1]}-*")),
        ),
        ("the rights to start pcscd (root)", os.getuid() == 0),
    )
    if not there
]
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(MISSING), reason=f"missing: {', '.join(MISSING)}"),
]
NTAG = make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"), "Thẻ bạn đọc R0001")
CLASSIC = make_card("classic1k", bytes.fromhex("deadbeef"), "R0002")
OPTIONS = PcscOptions(reader="virtual pcd", poll_ms=20, mifare_block=4)


@pytest.fixture
def alone() -> Iterator[None]:
    """There is one pcscd to a machine: others that run these tests wait."""
    with (Path(tempfile.gettempdir()) / "shelfwire-test-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if SOCKET.exists():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(SOCKET))
                pytest.skip("a pcscd of this machine runs already")
        yield


@pytest.fixture
async def port(alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    folder = tmp_path / "reader.conf.d"
    folder.mkdir()
    (folder / "vpcd").write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{number:X}\n'
        f"LIBPATH {VPCD}\nCHANNELID 0x{number:X}\n"
    )
    python = tmp_path / "python"
    python.mkdir()
    (python / "smartcard").symlink_to(PYSCARD)
    monkeypatch.setenv("PYTHONPATH", str(python))
    daemon = await asyncio.create_subprocess_exec(
        "pcscd", "--foreground", "--info", "--config", str(folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert daemon.stdout is not None
    try:
        async with asyncio.timeout(20):
            while READY not in (line := await daemon.stdout.readline()):
                assert line, "pcscd did not start"
        reading = asyncio.create_task(daemon.stdout.read(), name="what pcscd says")
        yield number
        if daemon.returncode is None:
            daemon.terminate()
        await reading
    finally:
        if daemon.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                daemon.terminate()
        await daemon.wait()


@contextlib.asynccontextmanager
async def lying(
    card: PcscSimulator, port: int, faults: Faults | None = None
) -> AsyncIterator[Calling]:
    """Lay a card into the field of vpcd."""
    calling = Calling(card, "127.0.0.1", port, redial_seconds=0.1, faults=faults)
    await calling.plug()
    try:
        yield calling
    finally:
        await calling.close()


async def test_pcscd_shows_cards_that_come_and_go(port: int) -> None:
    async with PCSC.open(OPTIONS) as reader, asyncio.timeout(30):
        async with lying(PcscSimulator(NTAG), port):
            assert await reader.next_card() == Card(NTAG.uid, "ntag", "Thẻ bạn đọc R0001")
        async with lying(PcscSimulator(CLASSIC), port):
            assert await reader.next_card() == Card(CLASSIC.uid, "mifare-classic", "R0002")


async def test_a_card_that_is_torn_away_and_comes_back_is_read(port: int) -> None:
    faults = Faults()
    async with (
        PCSC.open(OPTIONS) as reader,
        lying(PcscSimulator(NTAG), port, faults) as calling,
        asyncio.timeout(30),
    ):
        faults.set("split", 0.001)  # byte by byte through pcscd
        assert (await reader.next_card()).uid == NTAG.uid
        waiting = asyncio.create_task(reader.next_card())
        await calling.unplug()
        await asyncio.sleep(0.3)
        await calling.plug()
        assert (await waiting).uid == NTAG.uid


async def test_a_pcscd_that_ends_is_a_lost_port(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm")
    with pytest.raises(PortLostError, match="is pcscd running"):
        async with PCSC.open(OPTIONS):
            pass
