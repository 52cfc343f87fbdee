"""The compact code of a batch: all fields of every event, in a fifth of the bytes.

```
01 | 02 | head | rows or columns        01 | 03 | zstd of the same
01 | 04 | checksum | the same, which may refer to the catalogue        01 | 05 | zstd of that
head     device, epoch, prev (text) | first (number) | count (plain) << 1 | in columns?
columns  for each of COLUMNS: its length (plain); then their bytes
event    kind (0: not packed) | shape (which fields differ from their defaults) | fields
```

Times and numbers are differences to the event before; an id that follows the one before is left
out. An event that would not come back byte for byte travels as its JSON (kind 0).
The tables below are the wire format: KINDS and COLUMNS only grow at their ends, WORDS stays.
"""

from typing import Any, get_args

import msgspec

from edge.wire.columns import BROKEN, NOTHING, In, Known, Out, put, put_plain, split
from edge.wire.errors import UnresolvedError, WireError
from edge.wire.events import Event, Stamp, decode_event, encode_event
from edge.wire.facts import Evidence, Fact

FEW = 24
"""So many events and fewer go row by row: the lengths of columns would cost more."""
MANY = 20_000
"""A batch never holds more events."""
_SEEN = (
    "evidence.by", "evidence.uid", "evidence.format", "evidence.reads", "evidence.afi_before",
    "evidence.afi_after",
)  # fmt: skip
_SAW = ("reads", "rssi", "format", "owner", "since")
KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loan", ("item", "card", "due", "online", "session", *_SEEN, "by", "about")),
    ("return", ("item", "place", "bin", "owner", "session", *_SEEN)),
    ("renewal_wish", ("item", "card", "session")),
    ("secured", ("item", "uid", "afi", "about")),
    ("tag_still_armed", ("item", "uid", "about", "until")),
    ("repaired", ("item", "uid", "afi")),
    ("gate_alarm", ("gate", "item", "uid", "afi", "direction", "part", *_SAW)),
    ("gate_let_pass", ("gate", "item", "uid", "reason", "part", "afi", *_SAW)),
    ("gate_count", ("gate", "entered", "left", "since")),
    ("bin_changed", ("bin", "percent", "items", "emptied")),
    ("drop_refused", ("reason", "uid")),
    ("tag_trouble", ("reason", "item", "uid", "station")),
    ("trouble", ("part", "reason", "why")),
    ("well", ("part", "reason")),
    ("staff_called", ("station",)),
    ("booted", ("version", "stations", "clean")),
    ("ordered", ("order", "name", "outcome", "why")),
    ("taken_aside", ("bin", "reason", "item", "uid")),
    ("gate_hint", ("gate", "item", "uid", "direction", "reason", "part", "afi", *_SAW)),
    ("gate_muted", ("gate", "until", "by", "why")),
    ("gate_day", ("gate", "entered", "left", "since")),
    ("box_received", ("name",)),
    ("staff_acted", ("station", "name", "by")),
    ("receipt_wish", ("card", "session")),
    ("class_opened", ("station", "name", "by", "until", "reason")),
    ("class_closed", ("station", "name", "by", "reason")),
)
"""Facts by number, and their fields in the order they travel (``item`` before ``uid``)."""
NUMBERS = frozenset((
    "due", "reads", "afi", "afi_before", "afi_after", "until", "entered", "left", "since",
    "percent", "items", "rssi",
))  # fmt: skip
TIMES = frozenset(("due", "until", "since"))
FLAGS = frozenset(("online", "emptied", "clean"))
LISTS = frozenset(("stations",))
_ENVELOPE = ("clock", "unc", "policy", "replica")
_NAMES = (
    "boot", "clock", "item", "uid", "card", "session", "about", "by", "format", "place", "bin",
    "owner", "gate", "direction", "reason", "station", "part", "why", "version", "stations",
    "order", "name", "outcome",
)  # fmt: skip
COLUMNS = (
    "kind", "shape", "envelope", "raw", "id", "ids", "wall", "mono", "unc", "policy", "replica",
    "due", "reads", "afi", "afi_before", "afi_after", "until", "entered", "left", "since",
    "percent", "items",
    *(name + form for name in _NAMES for form in ("", "'", '"', "+", "+'", '+"')),
    "rssi",
)  # fmt: skip
"""The columns of a batch in their order; new ones go to the end."""
OLDER = (len(COLUMNS), len(COLUMNS) - 1)
"""So many columns may a batch have: a device that was not updated yet knows fewer."""
WORDS = {
    "by": ("barcode", "hand"),
    "format": ("unknown", "blank", "3m-rfid501", "iso28560-3", "iso28560-2"),
    "place": ("desk", "drop"),
    "clock": ("unset", "holdover"),
    "direction": ("in", "out"),
    "prefix": ("", "TV"),
    "reason": ("storage", "disk_full", "no_tag", "several", "muted", "allowed", "paper_out",
               "unreadable", "lost"),
}  # fmt: skip
"""What is often said: known to both sides."""
_WIDE = 1 << 62
_Field = tuple[str, str, bool, Any]
"""Path, name, inside the evidence, default."""


def _fields(kind: type[Any], paths: tuple[str, ...]) -> tuple[_Field, ...] | None:
    """Return how to read a fact's fields; None: the fact has fields that the table lacks."""
    made, tops = [], {path.split(".")[0] for path in paths}
    if tops != _names(kind) or {f"evidence.{name}" for name in _names(Evidence)} != {*_SEEN}:
        return None
    for path in paths:
        inside = path.startswith("evidence.")
        name = path.removeprefix("evidence.")
        owner = Evidence if inside else kind
        (field,) = [one for one in msgspec.structs.fields(owner) if one.name == name]
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        made.append((path, name, inside, default))
    return tuple(made)


def _names(kind: type[Any]) -> set[str]:
    return {one.name for one in msgspec.structs.fields(kind)}


_WHOLE = _names(Event) == {"seq", "id", "at", "fact", "policy", "replica"} and _names(Stamp) == {
    "wall", "mono", "boot", "clock", "unc",
}  # fmt: skip
"""False: the envelope has grown, and nothing is packed until the tables know how."""
_TYPES = {kind.__struct_config__.tag: kind for kind in get_args(Fact)}
_CODE = {_TYPES[tag]: n for n, (tag, _) in enumerate(KINDS, 1)}
_TABLE = [None, *((_TYPES[tag], _fields(_TYPES[tag], paths)) for tag, paths in KINDS)]
_STAMP = ("synced", 0, 0, 0)


class _State:
    """What both sides remember of the events before."""

    def __init__(self) -> None:
        self.before: dict[str, int] = {}
        self.wall = self.mono = 0
        self.dice = 0
        self.ids: list[str] = []


def pack(
    device: str, epoch: str, first: int, events: list[bytes], prev: str, known: Known = NOTHING
) -> bytes:
    """Return the compact code of events that are already JSON."""
    apart = len(events) > FEW
    out, state = Out(apart=apart, words=WORDS, known=known), _State()
    for seq, raw in enumerate(events, first):
        event = _packable(raw, seq)
        if event is None:
            out.to("kind").append(0)
            put_plain(out.to("raw"), len(raw))
            out.to("raw").extend(raw)
            state.ids.append("")
        else:
            _put_event(out, state, event)
    head = Out(apart=False)
    for n, text in enumerate((device, epoch, prev)):
        head.text("head", f"{n}", text)
    put(head.to("head"), first)
    put_plain(head.to("head"), len(events) << 1 | apart)
    if not apart:
        return head.whole() + out.whole()
    for name in COLUMNS:
        put_plain(head.to("head"), len(out.streams.get(name, b"")))
    return head.whole() + b"".join(out.streams.get(name, b"") for name in COLUMNS)


def unpack(data: bytes, known: Known = NOTHING) -> tuple[str, str, int, str, list[bytes]]:
    """Return device, epoch, first, prev and the events as JSON; raise WireError."""
    try:
        return _unpack(data, known)
    except BROKEN as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"batch: damaged compact code ({type(error).__name__})") from None


def _unpack(data: bytes, known: Known) -> tuple[str, str, int, str, list[bytes]]:
    head = In(None, data)
    device, epoch, prev = (head.text("head", f"{n}") for n in range(3))
    stream = head.of("head")
    first, count = stream.number(), stream.plain()
    apart, count = count & 1, count >> 1
    if count > MANY:
        raise WireError(f"batch: more than {MANY} events")
    streams = split(stream, COLUMNS, OLDER) if apart else None
    source = In(streams, b"" if apart else stream.take(stream.left()), WORDS, known)
    state = _State()
    try:
        events = [_take_event(source, state, first + n) for n in range(count)]
    except UnresolvedError as error:
        error.epoch = epoch
        raise
    source.end()
    return device, epoch, first, prev, events


def _packable(raw: bytes, seq: int) -> Event | None:
    """Return the event, if it comes back from the compact code byte for byte."""
    try:
        event = decode_event(raw)
    except WireError:
        return None
    if b'"evidence":{}' in raw:  # said, though it says nothing
        return None
    known = _TABLE[_CODE.get(type(event.fact), 0)]
    if (
        not _WHOLE
        or known is None
        or known[1] is None
        or event.seq != seq
        or encode_event(event) != raw
    ):
        return None
    at = event.at
    numbers = [at.wall, at.mono, at.unc, event.policy, event.replica]
    for _, name, inside, _ in known[1]:
        value = getattr(event.fact.evidence if inside else event.fact, name)  # type: ignore[union-attr]
        if name in NUMBERS and value is not None:
            numbers.append(value)
    return event if all(-_WIDE < 2 * number < _WIDE for number in numbers) else None


def _put_event(out: Out, state: _State, event: Event) -> None:
    code = _CODE[type(event.fact)]
    out.to("kind").append(code)
    at = event.at
    values = (at.clock, at.unc, event.policy, event.replica)
    differs = [value != usual for value, usual in zip(values, _STAMP, strict=True)]
    out.to("envelope").append(sum(1 << n for n, yes in enumerate(differs) if yes))
    _put_stamp(out, state, event)
    for name, value, yes in zip(_ENVELOPE, values, differs, strict=True):
        if yes:
            _put(out, state, name, value, "")
    _put_fact(out, state, event.fact, code)
    state.ids.append(event.id)


def _put_stamp(out: Out, state: _State, event: Event) -> None:
    at = event.at
    out.text("boot", "boot", at.boot)
    out.number("wall", at.wall - state.wall)
    out.number("mono", (at.mono - state.mono) - (at.wall - state.wall))
    state.wall, state.mono = at.wall, at.mono
    dice = _dice(event.id, at.wall)
    stream = out.to("id")
    if dice is None:
        stream.append(2)
        data = event.id.encode()
        put_plain(out.to("ids"), len(data))
        out.to("ids").extend(data)
        return
    if dice == state.dice + 1:
        stream.append(0)
    else:
        stream.append(1)
        out.to("ids").extend(dice.to_bytes(10, "big"))
    state.dice = dice


def _put_fact(out: Out, state: _State, fact: Any, code: int) -> None:
    _, fields = _TABLE[code] or (None, ())
    values = [
        getattr(fact.evidence if inside else fact, name) for _, name, inside, _ in fields or ()
    ]
    shape = 0
    for n, (value, field) in enumerate(zip(values, fields or (), strict=True)):
        if value != field[3]:
            shape |= 1 << n
    put_plain(out.to("shape"), shape)
    item = ""
    for n, (value, (_, name, _, _)) in enumerate(zip(values, fields or (), strict=True)):
        if shape >> n & 1:
            _put(out, state, name, value, item)
            if name == "item":
                item = value


def _put(out: Out, state: _State, name: str, value: Any, item: str) -> None:
    if name in FLAGS:
        return
    if name in NUMBERS or name in ("unc", "policy", "replica"):
        out.number(name, value - state.before.get(name, state.wall if name in TIMES else 0))
        state.before[name] = value
    elif name in LISTS:
        put_plain(out.to(name), len(value))
        for one in value:
            out.text(name, name, one)
    elif name == "about":
        back = _back(state.ids, value)
        put_plain(out.to("about"), back)
        if not back:
            out.text("about", "about", value)
    else:
        out.text(name, name, value, item)


def _back(ids: list[str], about: str) -> int:
    """Return how many events back the event of this id is; 0: not among the last few."""
    for back in range(1, min(len(ids), 16) + 1):
        if ids[-back] == about:
            return back
    return 0


def _take_event(source: In, state: _State, seq: int) -> bytes:
    code = source.of("kind").byte()
    if not code:
        raw = source.of("raw")
        state.ids.append("")
        return raw.take(raw.plain())
    kind, fields = _TABLE[code] or (None, None)
    if kind is None or fields is None:
        raise WireError(f"batch: a fact of number {code} is not known")
    differs = source.of("envelope").byte()
    ident, stamp = _take_stamp(source, state)
    more = {
        name: _take(source, state, name, "") for n, name in enumerate(_ENVELOPE) if differs >> n & 1
    }
    for name in ("clock", "unc"):
        if name in more:
            stamp[name] = more.pop(name)
    fact = _take_fact(source, state, kind, fields)
    state.ids.append(ident)
    return encode_event(Event(seq=seq, id=ident, at=Stamp(**stamp), fact=fact, **more))


def _take_stamp(source: In, state: _State) -> tuple[str, dict[str, Any]]:
    boot = source.text("boot", "boot")
    step = source.number("wall")
    state.wall += step
    state.mono += source.number("mono") + step
    how = source.of("id").byte()
    if how == 2:
        ids = source.of("ids")
        ident = ids.take(ids.plain()).decode()
    else:
        state.dice = int.from_bytes(source.of("ids").take(10), "big") if how else state.dice + 1
        ident = _ident(state.wall, state.dice)
    return ident, {"wall": state.wall, "mono": state.mono, "boot": boot}


def _take_fact(source: In, state: _State, kind: Any, fields: tuple[_Field, ...]) -> Any:
    shape = source.of("shape").plain()
    if shape >> len(fields):
        raise WireError("batch: a fact with fields that are not known")
    values: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    item = ""
    for n, (_, name, inside, default) in enumerate(fields):
        if shape >> n & 1:
            value = not default if name in FLAGS else _take(source, state, name, item)
            (seen if inside else values)[name] = value
            item = str(value) if name == "item" else item
    if seen:
        values["evidence"] = Evidence(**seen)
    return kind(**values)


def _take(source: In, state: _State, name: str, item: str) -> Any:
    if name in NUMBERS or name in ("unc", "policy", "replica"):
        start = state.before.get(name, state.wall if name in TIMES else 0)
        state.before[name] = value = start + source.number(name)
        return value
    if name in LISTS:
        count = source.of(name).plain()
        if count > MANY:
            raise WireError("batch: a list is too long")
        return [source.text(name, name) for _ in range(count)]
    if name == "about":
        back = source.of("about").plain()
        if back > min(len(state.ids), 16):
            raise WireError("batch: an id is named that was not said")
        return state.ids[-back] if back else source.text("about", "about")
    return source.text(name, name, item)


def _dice(ident: str, wall: int) -> int | None:
    """Return the random bits of a UUIDv7 of this time; None: it is not one as we write them."""
    try:
        value = int(ident.replace("-", ""), 16)
    except ValueError:
        return None
    dice = (value >> 64 & 0xFFF) << 62 | value & (1 << 62) - 1
    return dice if 0 <= wall < 1 << 48 and _ident(wall, dice) == ident else None


def _ident(wall: int, dice: int) -> str:
    if not 0 <= wall < 1 << 48 or dice >> 74:
        raise WireError("batch: an id that cannot be")
    value = wall << 80 | 7 << 76 | dice >> 62 << 64 | 2 << 62 | dice & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
