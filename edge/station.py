"""What a station is and what the agent gives it: the seam between edge, gate, drop and kiosk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.config import AgentOptions
    from edge.desk import Desk
    from edge.device import Device
    from edge.elsewhere import Lent
    from edge.journal import Journal
    from edge.replica import Replica
    from edge.wire.facts import Fact


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
    """Tags that gates let pass: UID hex -> until (ms). Fed by the centre, the site, this agent."""
    heal: dict[str, str] = field(default_factory=dict)
    """Tags that alarm though their item is lent: UID hex -> item. Whoever meets one disarms it."""
    noisy: set[str] = field(default_factory=set)
    """What staff found to give false alarms: ``uid:…``, ``antenna:GATE:…``, ``hour:GATE:…``."""
    on_heard: "list[Callable[[str, Fact], None]]" = field(default_factory=list)
    """Called with device and fact for each fact that a neighbour of the site told."""
    lent: "Lent | None" = None
    """What is lent elsewhere in the province; kept up to date once a gate calls its ``begin``."""


class Station(Protocol):
    """A kiosk, a gate or a book drop."""

    async def run(self) -> None:
        """Work until cancelled. Driver errors are handled inside; anything else ends the agent."""

    def numbers(self) -> dict[str, float]:
        """Return figures for the health message (people in, bin percent, …)."""


class NotPossibleError(Exception):
    """A station cannot do what the centre asked for; the text is one plain sentence for staff."""


@runtime_checkable
class Commanded(Protocol):
    """A station that takes commands of the centre (see :mod:`edge.wire.commands`).

    Names a station may know: ``out_of_service``, ``in_service``, ``mute`` (``until`` in ms, 0 ends
    it; ``who``, ``why``), ``open_bin`` (``bin``), ``screen`` (returns the masked screen), ``test``,
    ``resolve``, ``reprint``.
    """

    async def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do it and return what there is to tell; raise NotPossibleError when it cannot be done.

        A name that the station does not know raises NotPossibleError too. Nothing that is returned
        names a reader. A driver error may pass: the command has failed then.
        """


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
