"""All other messages of the topic table, as typed values in JSON."""

from typing import Any, TypeVar

import msgspec

from edge.circulation.model import ItemView, LoanView, Policy, ReaderView, Verdict
from edge.wire.errors import WireError

T = TypeVar("T")


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all messages share: unknown fields are ignored, so that a newer side may add some."""


class Cursor(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The ledger has committed everything of ``epoch`` up to ``seq``.

    ``last`` is the mark of that event there: a device that holds another one under the number works
    on an old image of its storage, and must not take this for its own acknowledgement.
    ``outcomes`` names what did not simply fit, for the latest batch: seq -> codes of rules R6, R7.
    ``version`` is the replica version from which on these facts show (0: not known).
    ``plain``: the latest batch could not be read, since it refers to another catalogue than the
    ledger's; it is to be sent in full. ``past`` answers State's: epoch -> up to where the ledger has it too, and the mark there.
    """

    epoch: str
    seq: int
    outcomes: dict[str, list[str]] = {}
    last: str = ""
    version: int = 0
    plain: bool = False
    past: dict[str, tuple[int, str]] = {}


class State(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Presence of a device (retained). ``online=False`` is also the last will.

    ``past``: the newest number that the device keeps of each earlier epoch. A ledger that was put
    back may have less, and must get it again.
    """

    online: bool
    epoch: str = ""
    boot: str = ""
    version: str = ""
    since: int = 0
    past: dict[str, int] = {}


class Part(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the replica: rows from version ``start`` (0: a snapshot) to ``to``.

    A snapshot has ``count`` parts numbered from 0; the device applies it when all are there.
    Changes have ``count`` 1 and apply only on a replica at exactly version ``start``.
    ``gone`` lists keys that no longer exist as ``table:key``.
    """

    version: int
    start: int = 0
    number: int = 0
    count: int = 1
    items: list[ItemView] = []
    readers: list[ReaderView] = []
    loans: list[LoanView] = []
    gone: list[str] = []
    policy: dict[str, Any] | None = None
    made: int = 0


PARTS_AT_ONCE = 8
"""Parts of a snapshot that the centre sends for one Have; a device asks again for the next."""


class Have(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The replica version a device has (0: none). The centre sends what is missing.

    ``snapshot`` and ``parts``: which parts of a newer snapshot are here already. ``key``: name (hex)
    of the newest key of the centre that the device knows. ``slice``: messages of more bytes shall come
    in slices (0: whole); ``cut`` and ``got``: the name of one that is begun, and its bytes here.
    """

    version: int
    snapshot: int = 0
    parts: list[int] = []
    key: str = ""
    slice: int = 0
    cut: str = ""
    got: int = 0


class Allowed(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Tags that gates of the site let pass though armed: UID (hex) -> until (ms).

    ``noisy``: what gives false alarms there: ``uid:UID``, ``antenna:GATE:NUMBER``, ``hour:GATE:HOUR``.
    """

    uids: dict[str, int]
    noisy: list[str] = []


class Share(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What neighbours need of a device's facts with numbers after ``after`` up to ``upto``.

    ``events`` is all there is of that (JSON as journaled); facts that concern nobody else are left
    out.
    """

    epoch: str
    after: int
    upto: int
    events: list[msgspec.Raw] = []


class Place(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How far a device has come (retained): the number of its newest fact for the neighbours.

    The ledger has committed ``settled``, and a replica from ``version`` on shows it.
    """

    epoch: str
    seq: int
    settled: int = 0
    version: int = 0


class Want(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A device misses the facts of ``device`` (of ``epoch``) after the number ``after``."""

    device: str
    epoch: str
    after: int = 0


class PartHealth(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How one part of a machine is: up or not, and the reason in a word."""

    up: bool
    why: str = ""


class Health(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How a device is. ``waiting`` facts are not yet acknowledged; ``oldest`` is their first (ms).

    ``acked`` facts of ``epoch`` are: a ledger that has fewer was put back, and says so.
    """

    at: int
    version: str
    boot: str
    clock: str = "synced"
    waiting: int = 0
    oldest: int = 0
    epoch: str = ""
    acked: int = 0
    replica: int = 0
    replica_age_s: int = 0
    parts: dict[str, PartHealth] = {}
    numbers: dict[str, float] = {}


class Ask(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A question of the desk. ``what``: ``reader``, ``lend``, ``take_back``, ``renew``, ``pin``.

    ``card`` is a card reference, ``sealed`` a PIN (:mod:`edge.wire.pins`). The answer carries the
    same ``id``. ``armed``: the item of a ``take_back`` lies in a book drop, armed, and its return is
    recorded next: a library system may be told of it already, to hear its sort bin.
    """

    id: str
    what: str
    card: str = ""
    items: list[str] = []
    at: int = 0
    sealed: str = ""
    armed: bool = False


class Holding(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A hold of the reader: ready to fetch until then (ms, 0: no end), or waiting.

    ``ahead`` others wait before this reader; ``place``: the building where it is fetched.
    """

    item: str
    title: str
    ready: bool
    until: int = 0
    ahead: int = 0
    place: str = ""


class Answer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The centre's answer; only what was asked for is filled in.

    ``name`` is the given name only, never kept by the device. ``verdicts`` are in the order of the
    items asked. ``bins``: item -> the sort bin that the circulation system names for it.
    ``mail``: a receipt can be sent to this reader by e-mail. ``pin``: right, wrong, locked (for ``wait`` seconds) or unset. ``error`` is a word when the
    question could not be answered.
    ``now`` is the centre's time as the answer left, ``held`` the ms since it had heard the question:
    with the device's own two times they give its clock's error, and how sure that is.
    """

    id: str
    reader: ReaderView | None = None
    name: str = ""
    loans: list[LoanView] = []
    holds: list[Holding] = []
    fees: int = 0
    verdicts: list[Verdict] = []
    items: list[ItemView] = []
    bins: dict[str, str] = {}
    now: int = 0
    held: int = 0
    error: str = ""
    pin: str = ""
    wait: int = 0
    mail: bool = False


def policy_of(raw: dict[str, Any] | None) -> Policy | None:
    """Return the policy of a part; raise WireError when it cannot be understood."""
    if raw is None:
        return None
    try:
        return msgspec.convert(raw, Policy)
    except msgspec.ValidationError as error:
        raise WireError(f"Part.policy: {error}") from None


def encode(message: Message) -> bytes:
    """Return the JSON of a message."""
    return msgspec.json.encode(message)


def decode(data: bytes, kind: type[T]) -> T:
    """Return a message of the given kind; raise WireError naming the kind and the field."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"{kind.__name__}: {error}") from None
