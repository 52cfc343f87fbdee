"""What a gate keeps over a restart: that it is muted, who is inside, how its counter errs."""

import contextlib
import logging
from pathlib import Path

import msgspec

from edge.files import write_whole

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, kw_only=True, omit_defaults=True):
    """``day`` is the local date that ``entered`` and ``left`` belong to.

    ``leak``: how many are counted out for each one counted in, learned at closing times.
    ``closed``: the date of the last closing that was settled.
    """

    muted_until: int = 0
    muted_by: str = ""
    day: str = ""
    entered: int = 0
    left: int = 0
    alarms: int = 0
    leak: float = 1.0
    closed: str = ""


def load(path: Path) -> Kept:
    """Return what was kept, or a fresh start."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    return Kept()


def save(path: Path, kept: Kept) -> None:
    """Keep it; a file is there whole or not at all."""
    try:
        write_whole(path, msgspec.json.encode(kept))
    except OSError as error:
        log.info("%s could not be kept: %s", path.name, error)
