"""The broker's access list (Mosquitto ``acl_file``), written from the topic table.

The broker takes the user name from the certificate, so a row for a user is a row for a key.
"""

from collections.abc import Iterable

from edge.wire import topics
from edge.wire.topics import SHARED, Topic, Who

GATEWAY = "gateway"
"""The name in the gateway's own certificate; no device may be called so."""
BRIDGE = "bridge-"
"""A device ``bridge-SITE`` of a site is its broker's bridge: it speaks for every device there."""
_UP_AND_DOWN = [row for row in topics.ALL if not row.neighbours]
"""What neighbours say to each other stays at their site: neither bridge nor centre hear it."""


def render(devices: Iterable[tuple[str, str]]) -> str:
    """Return the file for devices as (site, device): what is not named here is forbidden."""
    blocks = [
        "# Written by shelfwire-gateway from the topic table; changes by hand are lost.",
        "\n".join([f"user {GATEWAY}", *(_centre(row) for row in _UP_AND_DOWN)]),
    ]
    for site, device in sorted(devices):
        rows = [_device(row, site, device) for row in topics.ALL]
        rows += [f"topic read {row.at_site(site)}" for row in topics.ALL if row.neighbours]
        if device == BRIDGE + site:
            rows = [_bridge(row, site) for row in _UP_AND_DOWN]
        blocks.append("\n".join([f"user {device}", *rows]))
    return "\n\n".join(blocks) + "\n"


def _centre(row: Topic) -> str:
    return f"topic {_verb(row.publisher is Who.CENTRE)} {row.everywhere()}"


def _device(row: Topic, site: str, device: str) -> str:
    topic = row.of(site, SHARED if row.shared else device)
    return f"topic {_verb(row.publisher is Who.DEVICE)} {topic}"


def _bridge(row: Topic, site: str) -> str:
    return f"topic {_verb(row.publisher is Who.DEVICE)} {row.at_site(site)}"


def _verb(speaks: bool) -> str:
    return "write" if speaks else "read"
