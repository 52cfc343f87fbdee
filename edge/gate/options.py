"""The options of a gate: the table ``[stations.NAME]`` of the configuration."""

from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.ports import Board, GateReader
from edge.gate.hours import read
from edge.gate.judge import Ways
from edge.gate.tags import Rule


def _help(text: str, **more: Any) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """A gate: one RFID reader, and a board for beams, lamp and buzzer if there is one."""

    reader: str = field(metadata=_help("device: the gate's RFID reader", device=GateReader))
    board: str = field(
        default="",
        metadata=_help(
            "device: inputs beam_a, beam_b, tamper, fire; outputs lamp, buzzer, and a lock",
            device=Board,
        ),
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
    alarm_on: Literal["auto", "any", "out"] = field(
        default="auto",
        metadata=_help(
            "any: whoever carries an armed item; out: only who leaves, or whose way stays unknown; "
            "auto: out where beams give the direction"
        ),
    )
    security: Literal["afi", "eas", "loans"] = field(
        default="afi",
        metadata=_help(
            "what arms a tag. afi: its AFI (or what a UHF driver shows as such); eas: the RFID "
            "reader reports armed tags only; loans: nothing on the tag, the list of loans decides"
        ),
    )
    armed_lent: Literal["pass", "recent", "ring"] = field(
        default="pass",
        metadata=_help(
            "an armed tag of an item on loan. pass: quietly, and it is healed at the next pad; "
            "recent: only while the centre answers, or when lent in the last two hours; ring"
        ),
    )
    silent_unlent: Literal["hint", "nothing"] = field(
        default="hint",
        metadata=_help("a disarmed tag of an item that is not lent; the gate is quiet"),
    )
    schedule: list[str] = field(
        default_factory=list,
        metadata=_help(
            "when the gate behaves otherwise, such as 'lamp 22:00-06:00' (no sound) or "
            "'record 12:00-13:00 0-4' (neither, Monday to Friday)"
        ),
    )
    lock: str = field(
        default="", metadata=_help("output that holds a door or barrier shut; let go by input fire")
    )
    screen_port: int = field(
        default=0, metadata=_help("port of the polite screen beside the gate, loopback; 0: none")
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
        for row in self.schedule:
            try:
                read(row)
            except ValueError as error:
                raise ValueError(f"schedule: {error}") from None

    def rule(self) -> Rule:
        """Return what the judgement of tags needs of the options."""
        return Rule(
            sightings=self.sightings,
            window_ms=self.window_ms,
            absence_ms=self.absence_ms,
            direction_ms=self.direction_ms,
            alarm_on="out" if self._only_out() else "any",
        )

    def count_seconds(self) -> float:
        """Return how often to look whether an interval of counting is over."""
        return min(5.0, self.count_minutes * 60)

    def ways(self) -> Ways:
        """Return how the site wants tags to be judged."""
        return Ways(self.security, self.armed_lent, self.silent_unlent)

    def _only_out(self) -> bool:
        beams = bool(self.board) and self.people == "beams"
        return self.alarm_on == "out" or (self.alarm_on == "auto" and beams)
