import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.memory import give_back

LARGE = ("PIL", "escpos", "qrcode", "zxingcpp")
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def test_what_is_let_go_between_things_that_stay_goes_back_to_the_machine() -> None:
    if not os.confstr("CS_GNU_LIBC_VERSION"):
        pytest.skip("this C library keeps its own house")
    pieces = [bytearray(b"x" * 2000) for _ in range(30_000)]
    kept = pieces[::200]
    pieces.clear()
    before = resident()
    task = asyncio.create_task(give_back())
    await asyncio.sleep(0)
    task.cancel()
    assert before - resident() > 20_000_000
    assert len(kept) == 150


def test_an_agent_that_prints_nothing_and_has_no_camera_loads_no_pictures() -> None:
    program = (
        "import sys, edge.cli, drivers.printer, drivers.barcode;"
        f"print(*set({LARGE!r}) & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, "", "")
