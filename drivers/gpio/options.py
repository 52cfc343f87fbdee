"""Options of input and output lines, by the role that a station knows them by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.errors import OptionError


def _help(text: str) -> dict[str, Any]:
    return {"help": text}


@dataclass(frozen=True, slots=True)
class LineOptions:
    """One line. What is wired the other way round is put right here, never in a station."""

    line: int | str | None = field(
        default=None, metadata=_help("number or name of the line on the chip; default: the role")
    )
    direction: Literal["in", "out"] = field(default="in", metadata=_help("in or out"))
    active_low: bool = field(
        default=False, metadata=_help("true if the line is at 0 V when the role is active")
    )
    pull: Literal["none", "up", "down"] = field(
        default="none", metadata=_help("resistor inside the chip: none, up or down")
    )
    debounce_ms: int = field(
        default=10, metadata=_help("how long an input must keep still to count, milliseconds")
    )
    max_on_s: float = field(
        default=0.0, metadata=_help("longest time an output may be on, seconds; 0 for no limit")
    )
    rest_s: float = field(
        default=0.0, metadata=_help("how long an output must stay off afterwards, seconds")
    )


Lines = Mapping[str, LineOptions]

INPUTS = (
    "beam_a", "beam_b", "tamper", "flap", "shutter_open", "bin_half", "bin_full", "bin_door",
    "fire",
)  # fmt: skip
OUTPUTS = ("lamp", "buzzer", "shutter", "light", "lock")


def every_role() -> dict[str, LineOptions]:
    """Return a line for every role our stations know: what a simulated board has."""
    lines = {role: LineOptions(debounce_ms=0) for role in INPUTS}
    return lines | {role: LineOptions(direction="out") for role in OUTPUTS}


def check(lines: Lines) -> None:
    """Raise OptionError if a line cannot be what the configuration says."""
    if not lines:
        raise OptionError("lines: there are none; add a table such as [devices.NAME.lines.beam_a]")
    for role, line in lines.items():
        for name in ("debounce_ms", "max_on_s", "rest_s"):
            if getattr(line, name) < 0:
                raise OptionError(f"lines.{role}.{name} is below 0")
        if line.debounce_ms > 1000:
            raise OptionError(f"lines.{role}.debounce_ms is over 1000: nothing would be seen")
