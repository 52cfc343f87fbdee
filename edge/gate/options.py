"""The options of a gate: the table ``[stations.NAME]`` of the configuration."""

from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.ports import Board, GateReader
from edge.gate.tags import Rule


def _help(text: str, **more: Any) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """A gate: one RFID reader, and a board for beams, lamp and buzzer if there is one."""

    reader: str = field(metadata=_help("device: the gate's RFID reader", device=GateReader))
    board: str = field(
        default="",
        metadata=_help("device: inputs beam_a, beam_b, tamper; outputs lamp, buzzer", device=Board),
    )
    name: str = field(default="gate", metadata=_help("the gate's name in facts and on the console"))
    people: Literal["beams", "reader"] = field(
        default="beams", metadata=_help("who counts people: the board's beams, or the reader")
    )
    people_seconds: float = field(
        default=30.0, metadata=_help("pause between two questions to the reader's counter, s")
    )
    relay: int = field(
        default=0, metadata=_help("relay of the reader that rings too (lamp_seconds); 0: none")
    )
    alarm_on: Literal["any", "out"] = field(
        default="any", metadata=_help("any: whoever carries an armed item; out: only who leaves")
    )
    lamp_seconds: float = field(default=5.0, metadata=_help("how long the lamp is lit, s"))
    buzzer_seconds: float = field(
        default=3.0, metadata=_help("how long the buzzer sounds, s; 0: mute")
    )
    sightings: int = field(default=1, metadata=_help("sightings within window_ms that make sure"))
    window_ms: int = field(default=1000, metadata=_help("time in which sightings count together"))
    absence_ms: int = field(
        default=5000, metadata=_help("a tag unseen for so long may alarm again")
    )
    direction_ms: int = field(
        default=700, metadata=_help("how long a tag waits for the beams to tell the way")
    )
    gap_ms: int = field(default=1500, metadata=_help("longest time a person is between the beams"))
    blocked_seconds: float = field(
        default=10.0, metadata=_help("a beam dark for so long is blocked, s")
    )
    poll_ms: int = field(default=30, metadata=_help("pause between two questions to the reader"))
    count_minutes: float = field(
        default=15.0, metadata=_help("how often the people counted are recorded, min")
    )

    def __post_init__(self) -> None:
        """Refuse numbers that make no gate."""
        for option in ("sightings", "window_ms", "absence_ms", "poll_ms", "count_minutes",
                       "people_seconds"):  # fmt: skip
            if getattr(self, option) <= 0:
                raise ValueError(f"{option}: must be more than 0")

    def rule(self) -> Rule:
        """Return what the judgement of tags needs of the options."""
        return Rule(
            sightings=self.sightings,
            window_ms=self.window_ms,
            absence_ms=self.absence_ms,
            direction_ms=self.direction_ms,
            alarm_on=self.alarm_on,
        )
