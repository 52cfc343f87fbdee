"""The topic table: who may say what where. The broker's access list is written from it.

``shelfwire/1/{site}/{device}/…``; site and device are 1..48 characters of ``a-z 0-9 -`` (no dots:
some brokers turn them into separators).
"""

import re
from dataclasses import dataclass
from enum import Enum

from edge.wire.errors import WireError

ROOT = "shelfwire/1"
SHARED = "shared"
"""The name that stands in the place of the device in the topics of a whole site."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}\Z")


class Who(Enum):
    """Who publishes to a topic."""

    DEVICE = "device"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Topic:
    """A row of the table. ``shared`` topics belong to a site, the others to one device.

    ``neighbours``: what a device says under its own name to the other devices of its site. It stays
    on the site's broker; the centre has no part in it.
    """

    path: str
    publisher: Who
    retained: bool
    help: str
    shared: bool = False
    neighbours: bool = False

    def of(self, site: str, device: str = SHARED) -> str:
        """Return the full topic; raise WireError for a name that cannot stand in one."""
        check_name(site)
        check_name(device)
        if self.shared != (device == SHARED):
            raise WireError(f"topic {self.path} does not belong to device {device!r}")
        return f"{ROOT}/{site}/{device}/{self.path}"

    def at_site(self, site: str) -> str:
        """Return the filter that matches this topic for every device of a site."""
        return self.everywhere().replace("+", check_name(site), 1)

    def everywhere(self) -> str:
        """Return the filter that matches this topic for every site and device."""
        return f"{ROOT}/+/{SHARED if self.shared else '+'}/{self.path}"


FACTS = Topic("up/facts", Who.DEVICE, False, "a batch of facts (Batch)")
ASK = Topic("up/ask", Who.DEVICE, False, "a question of the desk (Ask)")
HEALTH = Topic("up/health", Who.DEVICE, False, "how the device and its parts are (Health)")
REPLICA_WANTED = Topic("up/replica", Who.DEVICE, False, "the replica version a device has (Have)")
REPLY = Topic("up/reply", Who.DEVICE, False, "log lines or a masked screen, asked for (Reply)")
ELSEWHERE_WANTED = Topic(
    "up/elsewhere", Who.DEVICE, False, "which loans elsewhere a gate wants to know (Wanted)"
)
STATE = Topic("state", Who.DEVICE, True, "connected or not (State), with last will")
CURSOR = Topic("down/cursor", Who.CENTRE, True, "how far the ledger has committed (Cursor)")
ANSWER = Topic("down/answer", Who.CENTRE, False, "the answer to a question (Answer)")
REPLICA = Topic("down/replica", Who.CENTRE, False, "a part of a replica snapshot or changes (Part)")
ELSEWHERE = Topic(
    "down/elsewhere", Who.CENTRE, False, "what is lent elsewhere in the province (Elsewhere)"
)
COMMAND = Topic("down/command", Who.CENTRE, False, "what the device shall do, signed (Command)")
CHANGES = Topic("changes", Who.CENTRE, False, "replica changes for a site (Part)", shared=True)
ALLOWED = Topic("allowed", Who.CENTRE, True, "tags the gates let pass (Allowed)", shared=True)
SITE_FACTS = Topic(
    "site/facts", Who.DEVICE, False, "facts for the neighbours (Share)", neighbours=True
)
SITE_PLACE = Topic(
    "site/place", Who.DEVICE, True, "how far a device's facts go (Place)", neighbours=True
)
SITE_WANT = Topic(
    "site/want", Who.DEVICE, False, "which facts of a neighbour are missing (Want)", neighbours=True
)

ALL = (
    FACTS, ASK, HEALTH, REPLICA_WANTED, REPLY, ELSEWHERE_WANTED, STATE, CURSOR, ANSWER, REPLICA,
    ELSEWHERE, COMMAND, CHANGES, ALLOWED, SITE_FACTS, SITE_PLACE, SITE_WANT,
)  # fmt: skip


def check_name(name: str) -> str:
    """Return a site or device name, or raise WireError if it may not stand in a topic."""
    if not _NAME.match(name):
        raise WireError(f"{name!r} is no name for a topic: use 1 to 48 of a-z, 0-9 and -")
    return name


def parse(topic: str) -> tuple[str, str, Topic]:
    """Return site, device and row of a full topic; raise WireError for one not in the table."""
    parts = topic.split("/", 4)
    if len(parts) == 5 and "/".join(parts[:2]) == ROOT:
        site, device, path = parts[2], parts[3], parts[4]
        for row in ALL:
            if row.path == path and row.shared == (device == SHARED):
                return check_name(site), check_name(device), row
    raise WireError(f"topic {topic!r} is not in the table")
