"""The class that the kiosk is open for, kept over a restart of the agent; no name, no child is in the file.

The time left is counted by the kernel's monotonic clock, which no wrong date can make longer. After a
start of the machine itself that clock means nothing: then the lesson is over.
"""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.circulation.model import SchoolClass
from edge.clock import Clock
from edge.files import write_whole
from kiosk.lesson import LONGEST_MS, Lesson

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a :class:`Lesson` is written down; ``boot`` is the kernel's."""

    group: str
    boot: str
    until: int
    ends: int
    latest: int
    by: str
    about: str
    lent: int
    returned: int


def keep(path: Path, lesson: Lesson | None, clock: Clock) -> None:
    """Write the lesson down for the next start; without one the file goes.

    A disk that takes nothing is a line in the log: the lesson then ends with the agent.
    """
    try:
        if lesson is None:
            path.unlink(missing_ok=True)
            return
        kept = _Kept(
            group=lesson.group.id, boot=_kernel(clock), until=lesson.until, ends=lesson.ends,
            latest=lesson.latest, by=lesson.by, about=lesson.about,
            lent=lesson.lent, returned=lesson.returned,
        )  # fmt: skip
        write_whole(path, msgspec.json.encode(kept), mode=0o600)
    except OSError as error:
        log.warning("the class that is open will not outlive a restart: %s", error)


def kept(path: Path, classes: Sequence[SchoolClass], clock: Clock) -> Lesson | None:
    """Return the lesson of before the restart; of another start of the machine it ends at once.

    None, and no file any more: there was none, or the class is not known here now.
    """
    try:
        was = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("the class of before the restart cannot be read: %s", error)
        was = None
    group = next((one for one in classes if was is not None and one.id == was.group), None)
    if was is None or group is None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return None
    now = clock.mono_ms()
    same = was.boot == _kernel(clock) and was.ends - now <= LONGEST_MS
    ends = was.ends if same else now
    return Lesson(group, was.until, ends, was.latest, was.by, was.about, was.lent, was.returned)


def _kernel(clock: Clock) -> str:
    """Return which start of the machine this is; what follows it is of this process."""
    return clock.boot.partition("-")[0]
