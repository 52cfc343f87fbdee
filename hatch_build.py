"""What a build adds: the dependencies of requirements.in, and when the program was made."""

import contextlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

CLOCK = "edge/clock.py"
_FLOOR = re.compile(r"^BUILT_MS = ([\d_]+)$", re.MULTILINE)


class RequirementsHook(MetadataHookInterface):
    """Read requirements.in into the package's metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in ``dependencies``."""
        lines = (Path(self.root) / "requirements.in").read_text().splitlines()
        metadata["dependencies"] = [
            line for line in map(str.strip, lines) if line and not line.startswith("#")
        ]


class ClockFloorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Write into a wheel when its source was made: no clock is believed that stands before that.

    The moment is that of the newest commit, or SOURCE_DATE_EPOCH; never that of the building machine,
    which may be a Pi with a wrong clock. A checkout that is worked on keeps what its source says.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the stamped file in the place of the one in the checkout."""
        made = made_at(Path(self.root))
        if version == "editable" or made is None:
            return
        stamped = Path(self.directory) / "clock.py"
        stamped.parent.mkdir(parents=True, exist_ok=True)
        stamped.write_text(stamp((Path(self.root) / CLOCK).read_text("utf-8"), made), "utf-8")
        build_data["force_include"][str(stamped)] = CLOCK

    def finalize(self, *_: Any, **__: Any) -> None:
        """Leave nothing behind."""
        (Path(self.directory) / "clock.py").unlink(missing_ok=True)


def made_at(root: Path) -> int | None:
    """Return when the source was made (seconds since 1970), or None where nothing says so."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
        said = said or subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)  # noqa: S603
    return int(said) if said.strip().isdigit() else None


def stamp(source: str, made: int) -> str:
    """Return the source of the clock with its floor lifted to ``made``; it is never lowered."""
    found = _FLOOR.search(source)
    if found is None:
        raise ValueError(f"{CLOCK} has no floor to lift")
    floor = max(int(found[1]), made * 1000)
    return source[: found.start(1)] + f"{floor:_}" + source[found.end(1) :]
