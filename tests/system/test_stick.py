"""A library without a network: agent and gateway at work, and a stick carried between them."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
BIN = Path(sys.executable).parent
AGENT = """\
[agent]
site = "xa"
device = "xa-kiosk"
data = "data"
site_key = "keys/site.key"
[uplink]
ca = "keys/ca.crt"
cert = "keys/device.crt"
key = "keys/device.key"
"""
GATEWAY = """\
[gateway]
data = "."
[broker]
port = 1
ca = "pki/server-ca.crt"
cert = "pki/gateway.crt"
key = "pki/gateway.key"
[console]
port = 0
"""


def run(folder: Path, command: str, *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [BIN / command, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def at_work(folder: Path, command: str, *words: str) -> Iterator[None]:
    process = subprocess.Popen(
        [BIN / command, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait()


def until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.1)


def booted(journal: Path) -> bool:
    """Return whether the agent has written its first fact."""
    if not journal.with_name("replica.db").exists():
        return False
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        return bool(db.execute("SELECT count(*) FROM events").fetchone()[0])


def test_a_stick_joins_a_library_without_a_network_to_the_centre(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    run(tmp_path, "shelfwire-gateway", "init", "centre")
    (tmp_path / "centre/gateway.toml").write_text(GATEWAY)
    item = {"item": "XA0000001", "title": "Dế Mèn phiêu lưu ký", "branch": "xa"}
    (tmp_path / "items.jsonl").write_text(json.dumps(item) + "\n")
    home = ("--home", "centre")
    run(tmp_path, "shelfwire-gateway", "import-items", *home, "items.jsonl")
    run(tmp_path, "shelfwire-gateway", "enrol", *home, "xa", "xa-kiosk", "--out", "keys")
    (tmp_path / "agent.toml").write_text(AGENT)
    agent = ("--config", "agent.toml", "--lang", "en")
    with (
        at_work(tmp_path, "shelfwire", "agent", "--config", "agent.toml"),
        at_work(tmp_path, "shelfwire-gateway", "run", "--config", "centre/gateway.toml"),
    ):
        until(lambda: booted(tmp_path / "data/journal.db"))
        said = run(tmp_path, "shelfwire", "bundle", "export", "usb", *agent)
        assert "1 facts are on the stick" in said
        assert "1 new facts of xa-kiosk" in run(
            tmp_path, "shelfwire-gateway", "bundle", "import", *home, "usb", "--lang", "en"
        )
        said = run(tmp_path, "shelfwire", "bundle", "import", "usb", *agent)
        assert "taken in. The centre has 1 of this machine's facts, 0 wait" in said
        assert "known already" in run(tmp_path, "shelfwire", "bundle", "import", "usb", *agent)
        file = tmp_path / "usb/xa-kiosk.answer.bundle"
        file.write_bytes(file.read_bytes()[:-5])
        said = run(tmp_path, "shelfwire", "bundle", "import", "usb", *agent, fails=True)
        assert "it ends too early" in said
    assert "0 waiting" in run(tmp_path, "shelfwire", "journal", "show", "data/journal.db")
