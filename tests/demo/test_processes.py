import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from demo.processes import Child, ChildError, run, tethered
from drivers.testing.waiting import until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


async def test_a_child_is_started_once_and_ended(tmp_path):
    child = Child("sleeper", SLEEP, tmp_path / "log")
    await child.start()
    pid = child.pid
    await child.start()
    assert child.pid == pid
    assert child.running
    assert await child.stop() == -signal.SIGTERM
    assert not child.running


async def test_a_killed_child_can_be_started_again(tmp_path):
    child = Child("sleeper", SLEEP, tmp_path / "log")
    await child.start()
    await child.kill()
    assert not child.running
    await child.start()
    assert child.running
    await child.stop()


@pytest.mark.parametrize("with_setpriv", [True, False])
async def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path, with_setpriv):
    parent = (
        "import asyncio, sys, pathlib, shutil\n"
        f"{'' if with_setpriv else 'shutil.which = lambda name: None'}\n"
        "from demo.processes import Child\n"
        "async def main():\n"
        f"    child = Child('c', {SLEEP!r}, pathlib.Path({str(tmp_path / 'c.log')!r}))\n"
        "    await child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdout=asyncio.subprocess.PIPE
    )
    pid = int(await process.stdout.readline())
    assert await until(lambda: b"time.sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()[:80])
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert await until(lambda: not alive(pid))


async def test_a_failed_command_says_its_last_words(tmp_path):
    with pytest.raises(ChildError, match="(?s)setup ended with status 3.*no space"):
        await run("setup", ["sh", "-c", "echo no space >&2; exit 3"], tmp_path / "log")


def test_every_command_is_tied_to_its_parent():
    assert "--pdeathsig" in tethered(["true"]) or "demo.processes" in tethered(["true"])
