"""The compact code of a batch: all fields of every event, in a fifth of the bytes.

```
01 | 02 | head | rows or columns        01 | 03 | zstd of the same
01 | 04 | checksum | the same, which may refer to the catalogue        01 | 05 | zstd of that
01 | 06 | checksum | the same without device, epoch and prev: it goes on from the event before
head     device, epoch, prev (text) | first (number) | count (plain) << 1 | in columns?
columns  for each of COLUMNS: its length (plain); then their bytes
event    kind (0: not packed) | shape (which fields differ from their defaults) | fields
```

Times and numbers are differences to the event before; an id that follows the one before is left
out. An event that would not come back byte for byte travels as its JSON (kind 0).
The tables are in :mod:`edge.wire.layout`.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from edge.wire.columns import (
    BROKEN,
    NOTHING,
    Before,
    In,
    Known,
    Out,
    Stream,
    Texts,
    put,
    put_plain,
    split,
)  # fmt: skip
from edge.wire.errors import UnresolvedError, WireError
from edge.wire.events import Event, Stamp, decode_event, encode_event
from edge.wire.facts import Evidence
from edge.wire.layout import (
    CODE,
    COLUMNS,
    ENVELOPE,
    FLAGS,
    LISTS,
    NUMBERS,
    OLDER,
    TABLE,
    TIMES,
    WHOLE,
    WORDS,
    Field,
)  # fmt: skip

FEW = 24
"""So many events and fewer go row by row: the lengths of columns would cost more."""
MANY = 20_000
"""A batch never holds more events."""
_WIDE = 1 << 62
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
    head = Out(apart=False)
    for n, text in enumerate((device, epoch, prev)):
        head.text("head", f"{n}", text)
    return head.whole() + _pack(first, events, known, Texts(WORDS), _State())


def pack_on(before: bytes, first: int, events: list[bytes], known: Known) -> bytes:
    """Return the compact code of events that go on from the one before, which the reader has too.

    Raises UnresolvedError when nothing can go on from that one.
    """
    return _pack(first, events, known, *_said(before, first - 1))


def _said(before: bytes, seq: int) -> tuple[Texts, _State]:
    """Return what both sides remember of an event, whatever they know besides."""
    event = _packable(before, seq)
    if event is None:
        raise UnresolvedError("batch: goes on from what cannot be said in the compact code")
    texts, state = Texts(WORDS), _State()
    _put_event(Out(apart=False, texts=texts), state, event)
    return texts, state


def _pack(first: int, events: list[bytes], known: Known, texts: Texts, state: _State) -> bytes:
    apart = len(events) > FEW
    out = Out(apart=apart, texts=texts, known=known)
    for seq, raw in enumerate(events, first):
        event = _packable(raw, seq)
        if event is None:
            out.to("kind").append(0)
            put_plain(out.to("raw"), len(raw))
            out.to("raw").extend(raw)
            state.ids.append("")
        else:
            _put_event(out, state, event)
    head = bytearray()
    put(head, first)
    put_plain(head, len(events) << 1 | apart)
    if not apart:
        return bytes(head) + out.whole()
    for name in COLUMNS:
        put_plain(head, len(out.streams.get(name, b"")))
    return bytes(head) + b"".join(out.streams.get(name, b"") for name in COLUMNS)


def unpack(data: bytes, known: Known = NOTHING) -> tuple[str, str, int, str, list[bytes]]:
    """Return device, epoch, first, prev and the events as JSON; raise WireError."""
    with _damage_told():
        head = In(None, data)
        device, epoch, prev = (head.text("head", f"{n}") for n in range(3))
        stream = head.of("head")
        first = stream.number()
        events = _unpack(stream, epoch, first, known, Texts(WORDS), _State())
        return device, epoch, first, prev, events


def unpack_on(data: bytes, known: Known) -> tuple[Before, int, list[bytes]]:
    """Return the event before, first, and the events of :func:`pack_on`.

    Raises UnresolvedError: read from another event before than it was packed, all may look damaged.
    """
    try:
        with _damage_told():
            stream = Stream(data)
            first = stream.number()
            before = known.before(first - 1)
            if before is None:
                raise UnresolvedError("batch: goes on from an event that is not here")
            events = _unpack(stream, before.epoch, first, known, *_said(before.body, first - 1))
            return before, first, events
    except WireError as error:
        raise UnresolvedError(str(error)) from None


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"batch: damaged compact code ({type(error).__name__})") from None


def _unpack(
    stream: Stream, epoch: str, first: int, known: Known, texts: Texts, state: _State
) -> list[bytes]:
    count = stream.plain()
    apart, count = count & 1, count >> 1
    if count > MANY:
        raise WireError(f"batch: more than {MANY} events")
    streams = split(stream, COLUMNS, OLDER) if apart else None
    source = In(streams, b"" if apart else stream.take(stream.left()), texts, known)
    try:
        events = [_take_event(source, state, first + n) for n in range(count)]
    except UnresolvedError as error:
        error.epoch = epoch
        raise
    source.end()
    return events


def _packable(raw: bytes, seq: int) -> Event | None:
    """Return the event, if it comes back from the compact code byte for byte."""
    try:
        event = decode_event(raw)
    except WireError:
        return None
    if b'"evidence":{}' in raw:  # said, though it says nothing
        return None
    known = TABLE[CODE.get(type(event.fact), 0)]
    if (
        not WHOLE
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
    code = CODE[type(event.fact)]
    out.to("kind").append(code)
    at = event.at
    values = (at.clock, at.unc, event.policy, event.replica)
    differs = [value != usual for value, usual in zip(values, _STAMP, strict=True)]
    out.to("envelope").append(sum(1 << n for n, yes in enumerate(differs) if yes))
    _put_stamp(out, state, event)
    for name, value, yes in zip(ENVELOPE, values, differs, strict=True):
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
    _, fields = TABLE[code] or (None, ())
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
    kind, fields = TABLE[code] or (None, None)
    if kind is None or fields is None:
        raise WireError(f"batch: a fact of number {code} is not known")
    differs = source.of("envelope").byte()
    ident, stamp = _take_stamp(source, state)
    more = {
        name: _take(source, state, name, "") for n, name in enumerate(ENVELOPE) if differs >> n & 1
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


def _take_fact(source: In, state: _State, kind: Any, fields: tuple[Field, ...]) -> Any:
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
