"""A real broker for the tests of the uplink."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class Broker:
    """A Mosquitto of the test's own, on loopback, that can be killed and started again."""

    def __init__(self, folder: Path, lines: list[str]) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            "\n".join(["user root", f"listener {self.port} 127.0.0.1", "persistence false", *lines])
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.01)
        raise RuntimeError("mosquitto did not start")

    def kill(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def broker_of(tmp_path: Path) -> Callable[[list[str]], Broker]:
    return lambda lines: Broker(tmp_path, lines)


@pytest.fixture
def broker(broker_of: Callable[[list[str]], Broker]) -> Iterator[Broker]:
    broker = broker_of(["allow_anonymous true", "set_tcp_nodelay true"])
    broker.start()
    yield broker
    broker.kill()
