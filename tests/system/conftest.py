"""A running demo of its own for the tests of a file, as ``make demo`` starts it."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from demo.places import saved_places

DEMO = str(Path(sys.executable).with_name("shelfwire-demo"))


class RunningDemo:
    """``shelfwire-demo up`` in a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    def begin(self) -> "subprocess.Popen[str]":
        """Start it and wait for nothing."""
        command = [DEMO, "--folder", str(self.folder), "--any-ports", *self.options, "up"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.said = ""
        return self.process

    def start(self) -> float:
        """Start it and wait until it says it is ready; return the seconds that took."""
        began = time.monotonic()
        self.begin()
        while "Ctrl-C" not in self.said:
            line = self.process.stdout.readline()
            assert line, f"the demo ended: {self.said}"
            self.said += line
        return time.monotonic() - began

    def stop(self, how: int = signal.SIGINT) -> int:
        """End it; return its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.process = None
        return status

    @property
    def places(self):
        return saved_places(self.folder)

    def get(self, door: str, path: str):
        """Return the JSON of a page of the demo."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {"Authorization": f"Bearer {self.places.secrets()['token']}"}
        request = urllib.request.Request(self.places.url(door) + path, headers=headers)  # noqa: S310
        with opener.open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def processes(self) -> list[str]:
        """Every process that was started for this folder and still lives."""
        return [line for line in running() if str(self.folder) in line]


def running() -> list[str]:
    """The command lines of all living processes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(words)
    return found


@pytest.fixture
def fresh_demo(tmp_path):
    demo = RunningDemo(tmp_path / "demo")
    yield demo
    demo.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = RunningDemo(tmp_path_factory.mktemp("province") / "demo")
    demo.start()
    yield demo
    demo.stop()


def run_day(folder: Path, *options: str, visits: int, seed: int) -> tuple[int, dict[str, int], str]:
    """Run a demo day; return its exit status, the numbers of its last line, and all it said."""
    command = [DEMO, "--folder", str(folder), "--any-ports", *options, "day"]
    command += ["--visits", str(visits), "--seed", str(seed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    numbers = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", last)}
    return done.returncode, numbers, done.stdout + done.stderr


@pytest.fixture
def day(tmp_path):
    def running_a_day(*options: str, visits: int, seed: int):
        return run_day(tmp_path / "demo", *options, visits=visits, seed=seed)

    return running_a_day
