"""What a station is and what the agent gives it: the seam between edge, gate, drop and kiosk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.config import AgentOptions
    from edge.desk import Desk
    from edge.device import Device
    from edge.journal import Journal
    from edge.replica import Replica


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of an agent that its stations share. ``devices`` are by configured name."""

    agent: "AgentOptions"
    clock: "Clock"
    journal: "Journal"
    replica: "Replica"
    desk: "Desk"
    devices: Mapping[str, "Device[Any]"]
    allowed: dict[str, int] = field(default_factory=dict)
    """Tags that gates let pass: UID hex -> until (ms). Fed by the centre and by this agent."""


class Station(Protocol):
    """A kiosk, a gate or a book drop."""

    async def run(self) -> None:
        """Work until cancelled. Driver errors are handled inside; anything else ends the agent."""

    def numbers(self) -> dict[str, float]:
        """Return figures for the health message (people in, bin percent, …)."""


@dataclass(frozen=True, slots=True)
class StationEntry:
    """An entry of the ``shelfwire.stations`` entry points.

    ``options`` is a frozen dataclass, each field an option of ``[stations.NAME]`` with
    ``metadata={"help": "…"}``; options that name a device hold its name in ``[devices]``.
    """

    name: str
    options: type[Any]
    make: Callable[[Any, Services], Station]
    help: str = ""
