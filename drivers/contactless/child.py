"""The child's side of a reader in a process of its own: answer questions of the parent, line by line.

parent:  {"n": 1, "do": "targets"}   {"n": 2, "do": "read", "place": 4}
child:   {"n": 0, "ok": null}        {"n": 1, "ok": [["04a1b2…", "ntag"]]}   {"n": 2, "torn": true}
         {"n": 3, "lost": "why"}     {"n": 0, "option": "which option, and why"}

Line 0 says that the reader is open. The child ends with its parent.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from drivers.contactless.antenna import Found, TornAwayError
from drivers.errors import DriverError, OptionError

_PR_SET_PDEATHSIG = 1


class Front(Protocol):
    """An antenna whose calls block; as :class:`drivers.contactless.antenna.Antenna` otherwise."""

    def targets(self) -> Sequence[Found]:
        """Return the cards in the field, two at most; the last is selected."""

    def read(self, place: int) -> bytes:
        """Return 16 bytes of the selected card; TornAwayError without."""

    def unlock(self, block: int, key: bytes, uid: bytes) -> bool:
        """Open the sector of a block; False for a wrong key."""

    def rest(self) -> None:
        """Switch the field off."""

    def close(self) -> None:
        """Let go of the reader."""


def serve(make: Callable[[], Front]) -> int:
    """Open a reader and answer until standard input ends; return the exit status."""
    _die_with_parent()
    # What a C library prints must not get between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    say = _Speaker(out)
    try:
        front = make()
    except DriverError as error:
        say(0, **_bad(error))
        return 1
    with contextlib.closing(front):
        say(0, ok=None)
        for line in sys.stdin:
            if not _answer(front, json.loads(line), say):
                return 1
    return 0


class _Speaker:
    def __init__(self, out: Any) -> None:
        self._out = out

    def __call__(self, number: int, **words: Any) -> None:
        print(json.dumps({"n": number, **words}), file=self._out, flush=True)


def _answer(front: Front, question: dict[str, Any], say: _Speaker) -> bool:
    number = int(question["n"])
    try:
        say(number, ok=_do(front, question))
    except TornAwayError:
        say(number, torn=True)
    except DriverError as error:
        say(number, **_bad(error))
        return False
    return True


def _do(front: Front, question: dict[str, Any]) -> Any:
    match question["do"]:
        case "targets":
            return [[one.uid.hex(), one.kind] for one in front.targets()]
        case "read":
            return front.read(question["place"]).hex()
        case "unlock":
            key, uid = bytes.fromhex(question["key"]), bytes.fromhex(question["uid"])
            return front.unlock(question["block"], key, uid)
        case _:
            return front.rest()


def _bad(error: DriverError) -> dict[str, str]:
    return {"option" if isinstance(error, OptionError) else "lost": str(error)}


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however that happens."""
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
