"""Commands of the centre: typed, for one device, until a moment, once, and signed (Ed25519).

```
Command (JSON)   body: base64 of the order's JSON | sign: base64 of 64 bytes
signed           "shelfwire command 1", a line feed, the bytes of body
body             the order as this module writes it, byte for byte: nothing else is accepted
```
"""

from typing import Annotated, Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from edge.wire.errors import WireError
from edge.wire.messages import Message

CONTEXT = b"shelfwire command 1\n"
"""Said before what is signed, so that the key's other signatures mean nothing here."""
LONGEST = 4096
"""A command is never longer than this, in bytes."""
LONGEST_LIFE_MS = 7 * 24 * 3_600_000
LOG_LINES = 500
REPLY_BYTES = 48 * 1024
"""What a device sends back with a command is never longer than this."""

Word = Annotated[str, msgspec.Meta(max_length=80)]
Station = Annotated[str, msgspec.Meta(max_length=48)]


class Deed(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """What all deeds share. A deed for a station with no name goes to the first that can do it."""


class Reboot(Deed, tag="reboot", frozen=True, kw_only=True):
    """Start the computer again."""


class Restart(Deed, tag="restart", frozen=True, kw_only=True):
    """Start the agent again."""


class Reread(Deed, tag="reread", frozen=True, kw_only=True):
    """Read the configuration again; one that cannot be used changes nothing."""


class OutOfService(Deed, tag="out_of_service", frozen=True, kw_only=True):
    """Serve nobody until told otherwise; a visit that goes on is finished."""

    station: Station = ""


class InService(Deed, tag="in_service", frozen=True, kw_only=True):
    """Serve again."""

    station: Station = ""


class Mute(Deed, tag="mute", frozen=True, kw_only=True):
    """Keep a gate's lamp and buzzer quiet; 0 minutes ends it."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=12 * 60)]
    why: Word = ""
    who: Word = ""
    station: Station = ""


class OpenBin(Deed, tag="open_bin", frozen=True, kw_only=True):
    """Unlock the door of a book drop's bin."""

    bin: Word = ""
    station: Station = ""


class SendLogs(Deed, tag="logs", frozen=True, kw_only=True):
    """Send the last lines of the agent's log."""

    lines: Annotated[int, msgspec.Meta(ge=1, le=LOG_LINES)] = 200


class Screen(Deed, tag="screen", frozen=True, kw_only=True):
    """Send what the kiosk shows, without anything of the reader."""

    station: Station = ""


class Test(Deed, tag="test", frozen=True, kw_only=True):
    """Ask every device of a kiosk whether it answers, and print a line; while nobody is there."""

    station: Station = ""


class Resolve(Deed, tag="resolve", frozen=True, kw_only=True):
    """A kiosk's call was answered, its jam is out."""

    station: Station = ""


class Reprint(Deed, tag="reprint", frozen=True, kw_only=True):
    """Print the receipt of the visit that is just ending at a kiosk again."""

    station: Station = ""


class TellHealth(Deed, tag="health", frozen=True, kw_only=True):
    """Say at once how the device is."""


class Refresh(Deed, tag="replica", frozen=True, kw_only=True):
    """Fetch the whole local copy anew."""


AnyDeed = (
    Reboot | Restart | Reread | OutOfService | InService | Mute | OpenBin | SendLogs | Screen
    | Test | Resolve | Reprint | TellHealth | Refresh
)  # fmt: skip
"""Everything the centre can ask for."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deed for one device: ``id`` is never used twice; ``made`` and ``expires`` in ms."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}$")]
    site: str
    device: str
    made: int
    expires: int
    deed: AnyDeed


class Command(Message, frozen=True, kw_only=True, omit_defaults=True):
    """An order as it travels: the order's JSON and the centre's signature of it."""

    body: bytes
    sign: bytes


class Reply(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a device sends back with a command: log lines or a masked screen."""

    order: Annotated[str, msgspec.Meta(max_length=36)]
    lines: list[str] = msgspec.field(default_factory=list)
    screen: dict[str, Any] = msgspec.field(default_factory=dict)


def write_order(order: Order, key: Ed25519PrivateKey) -> Command:
    """Return a signed command."""
    body = msgspec.json.encode(order)
    return Command(body=body, sign=key.sign(CONTEXT + body))


def read_order(command: Command, key: Ed25519PublicKey, site: str, device: str) -> Order:
    """Return the order of a command; raise WireError unless it is signed, well formed and for us.

    Whether it has expired, or was done before, is not known here.
    """
    if len(command.body) > LONGEST:
        raise WireError(f"command: longer than {LONGEST} bytes")
    try:
        key.verify(command.sign, CONTEXT + command.body)
    except InvalidSignature:
        raise WireError("command: not signed by the centre") from None
    try:
        order = msgspec.json.decode(command.body, type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"command: {error}") from None
    if msgspec.json.encode(order) != command.body:
        raise WireError("command: not in its one form")
    if (order.site, order.device) != (site, device):
        raise WireError("command: meant for another device")
    if not 0 < order.expires - order.made <= LONGEST_LIFE_MS:
        raise WireError("command: lives longer than a command may")
    return order


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half, as a device gets it at enrolment."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_public(pem: bytes) -> Ed25519PublicKey:
    """Return the key of a PEM file; raise WireError when it is none of Ed25519."""
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise WireError(f"the centre's key cannot be read: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise WireError("the centre's key is not an Ed25519 key")
    return key
