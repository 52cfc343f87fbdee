"""Keeps the browser of a kiosk alive: starts it when the page answers, starts it anew when it shows nothing.

``python -m kiosk.browser COMMAND …`` runs beside the agent, as a user who can read neither journal
nor keys. Only the page tells whether the screen is well: the kiosk counts the pages that are open.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.notify import notify

ROUND = 1.0
MOST_BYTES = 65_536
GOODBYE = 5.0


@dataclass
class Sight:
    """Decides from what the kiosk says whether the browser must go. Times in seconds.

    A kiosk that does not answer is the agent's trouble and never the browser's: its page waits
    and comes back by itself.
    """

    patience: float
    seen: bool = False
    _dark_since: float | None = field(default=None, init=False)

    def look(self, pages: int | None, now: float) -> bool:
        """Take the number of open pages (None: no answer); False when the screen stayed dark."""
        if pages is None or pages > 0:
            self.seen = self.seen or bool(pages)
            self._dark_since = None
            return True
        if self._dark_since is None:
            self._dark_since = now
        return now - self._dark_since < self.patience


def pages_open(url: str) -> int | None:
    """Ask the kiosk how many pages show it; None when it does not answer."""
    with contextlib.suppress(OSError, ValueError):
        with urllib.request.urlopen(f"{url}health", timeout=3) as answer:  # noqa: S310  loopback
            said = json.loads(answer.read(MOST_BYTES))
        if isinstance(said, dict) and isinstance(said.get("pages"), int):
            return int(said["pages"])
    return None


def wait_for_page(url: str, alive: Callable[[], bool]) -> None:
    """Return when the kiosk answers, so that nobody sees a browser's own words."""
    while alive() and pages_open(url) is None:
        notify("STATUS=waiting for the kiosk", "WATCHDOG=1")
        time.sleep(ROUND)


def keep(url: str, patience: float, command: list[str]) -> int:
    """Run the browser until told to stop (0), until it ends or stays dark (1)."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopped.append(number))
    notify("READY=1")
    wait_for_page(url, lambda: not stopped)
    if stopped:
        return 0
    browser = subprocess.Popen(command, start_new_session=True)  # noqa: S603  the unit's own words
    sight = Sight(patience)
    try:
        while not stopped:
            if browser.poll() is not None:
                _say(f"the browser ended with {browser.returncode}")
                return 1
            if not sight.look(pages_open(url), time.monotonic()):
                _say(f"no page for {patience:.0f} seconds: the browser is started again")
                return 1
            notify("STATUS=showing" if sight.seen else "STATUS=starting", "WATCHDOG=1")
            time.sleep(ROUND)
        return 0
    finally:
        _end(browser)


def _end(browser: "subprocess.Popen[bytes]") -> None:
    """End the browser and everything that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            browser.wait(GOODBYE)


def _say(text: str) -> None:
    sys.stderr.write(f"kiosk screen: {text}\n")


def main(argv: list[str] | None = None) -> int:
    """Run as a program; return its exit status."""
    told = argparse.ArgumentParser(prog="python -m kiosk.browser", description=__doc__)
    told.add_argument("--url", default="http://127.0.0.1:8080/", help="the kiosk (%(default)s)")
    told.add_argument("--patience", type=float, default=30.0, help="seconds without a page (30)")
    told.add_argument("command", nargs=argparse.REMAINDER, help="the browser and its options")
    args = told.parse_args(argv)
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        told.error("say which browser to start")
    return keep(args.url, args.patience, command)


if __name__ == "__main__":
    sys.exit(main())
