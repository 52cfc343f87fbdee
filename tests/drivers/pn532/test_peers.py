import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from drivers.pn532.cards import AnyCard, make_card
from drivers.pn532.simulator import Pn532Simulator
from drivers.testing.serve import serve_pty

pytestmark = pytest.mark.peer
PEERS = Path(__file__).parent / "peers"
NTAG = make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"), "Thẻ bạn đọc R0001")
CLASSIC = make_card("classic1k", bytes.fromhex("deadbeef"))
SMART = make_card("iso14443-4", bytes.fromhex("04112233445566"))


@asynccontextmanager
async def on_pty(*cards: AnyCard) -> AsyncIterator[str]:
    served = await serve_pty(Pn532Simulator(*cards))
    try:
        yield str(served.link.resolve())
    finally:
        await served.close()


async def run(*command: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def peer(name: str, path: str) -> list[str]:
    return (await run(sys.executable, str(PEERS / f"{name}_read.py"), path)).splitlines()


@pytest.mark.skipif(not shutil.which("nfc-list"), reason="libnfc-bin is not installed")
@pytest.mark.parametrize(
    ("card", "uid", "word"),
    [
        (NTAG, "04  a1  b2  c3  d4  e5  80", "SAK (SEL_RES): 00"),
        (CLASSIC, "de  ad  be  ef", "SAK (SEL_RES): 08"),
        (SMART, "04  11  22  33  44  55  66", "SAK (SEL_RES): 20"),
    ],
    ids=["ntag", "classic", "smart"],
)
async def test_nfc_list_of_libnfc_sees_the_card(card: AnyCard, uid: str, word: str) -> None:
    async with on_pty(card) as path:
        device = f"pn532_uart:{path}:115200"
        output = await run("nfc-list", "-v", LIBNFC_DEFAULT_DEVICE=device)
    assert uid in output
    assert word in output.replace("  ", " "), output


@pytest.mark.skipif(not shutil.which("nfc-list"), reason="libnfc-bin is not installed")
async def test_nfc_list_of_libnfc_sees_that_nothing_is_there() -> None:
    async with on_pty() as path:
        output = await run("nfc-list", LIBNFC_DEFAULT_DEVICE=f"pn532_uart:{path}:115200")
    assert "opened" in output
    assert "UID" not in output


@pytest.mark.skipif(not find_spec("nfc"), reason="nfcpy is not installed")
async def test_nfcpy_reads_the_vietnamese_text_of_a_card() -> None:
    async with on_pty(NTAG) as path:
        assert await peer("nfcpy", path) == ["04a1b2c3d4e580", "Thẻ bạn đọc R0001"]


@pytest.mark.skipif(not find_spec("adafruit_pn532"), reason="the Adafruit driver is not installed")
async def test_the_adafruit_driver_reads_pages() -> None:
    async with on_pty(NTAG) as path:
        firmware, uid, pages = await peer("adafruit", path)
    assert firmware == "50 1 6 7"
    assert uid == "04a1b2c3d4e580"
    assert bytes.fromhex(pages) == bytes(NTAG.memory[16:32])


@pytest.mark.skipif(not find_spec("pynfc"), reason="pynfc is not installed")
@pytest.mark.parametrize("card", [NTAG, CLASSIC], ids=["ntag", "classic"])
async def test_pynfc_polls_the_card(card: AnyCard) -> None:
    async with on_pty(card) as path:
        assert await peer("pynfc", path) == [card.uid.hex()]
