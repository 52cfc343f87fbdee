import contextlib
import json
from typing import Any, get_args

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.journal.ids import Ids
from edge.wire import batch, compact, dictionaries, layout
from edge.wire.batch import (
    Event,
    Stamp,
    Unreadable,
    decode_batch,
    encode_batch,
    encode_event,
    refers,
)
from edge.wire.columns import Before, In, Out
from edge.wire.errors import UnresolvedError, WireError
from edge.wire.facts import Evidence, Fact, Loan, Secured, Well

HEX = st.binary(min_size=1, max_size=20).map(bytes.hex)
TEXT = st.one_of(
    st.text(max_size=30),
    HEX,
    HEX.map(str.upper),
    st.from_regex(r"(TV|E00401|)[0-9]{1,20}", fullmatch=True),
    st.uuids().map(str),
    st.sampled_from(["", "B1", "kiosk", "0" * 17, "E0040100000000AA", "E0040100000000AB"]),
)
NUMBER = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 300)
for kind, how in ((str, TEXT), (int, NUMBER)):
    st.register_type_strategy(kind, how)
FACTS = st.one_of([st.from_type(kind) for kind in get_args(Fact)])
STAMPS = st.builds(Stamp, wall=NUMBER, mono=NUMBER, boot=TEXT, clock=TEXT, unc=NUMBER)
IDS = TEXT | st.integers(0, 2**40).map(lambda at: Ids().uuid7(at))


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    events, ids, wall = [], Ids(), draw(st.integers(0, 2**44))
    for seq in range(7, 7 + draw(st.integers(0, 40))):
        wall += draw(st.integers(-5, 10**6))
        at = draw(st.just(Stamp(wall=wall, mono=wall // 2, boot="b")) | STAMPS)
        about = events[-1].id if events else ""
        fact = draw(FACTS)
        if isinstance(fact, Secured) and draw(st.booleans()):
            fact = msgspec.structs.replace(fact, about=about)
        ident = draw(st.just(ids.uuid7(max(0, wall))) | IDS)
        events.append(Event(seq=seq, id=ident, at=at, fact=fact, policy=draw(NUMBER)))
    return [encode_event(event) for event in events]


def strange(seq: int) -> bytes:
    return json.dumps({"seq": seq, "id": "x", "fact": {"k": "from_the_future"}}).encode()


@settings(max_examples=25, deadline=None)
@given(histories(), st.booleans(), st.data())
def test_every_event_comes_back_byte_for_byte(
    events: list[bytes], odd: bool, data: st.DataObject
) -> None:
    if odd and events:
        n = data.draw(st.integers(0, len(events) - 1))
        events[n] = data.draw(st.sampled_from([strange(7 + n), b"{}", b" " + events[n], b""]))
    packed = compact.pack("xa-all", "00ff" * 4, 7, events, "0123abcd")
    assert compact.unpack(packed) == ("xa-all", "00ff" * 4, 7, "0123abcd", events)


class Catalogue:
    """Some tags and readers that a side knows, and the event before, of device d."""

    def __init__(
        self, uids: dict[str, str], cards: list[str], event: bytes = b"", epoch: str = "e"
    ) -> None:
        self.uids, self.cards = uids, cards
        self.event, self.epoch = event, epoch

    def before(self, seq: int) -> Before | None:  # noqa: ARG002
        return Before("d", self.epoch, self.event) if self.event else None

    def uid(self, item: str) -> str:
        return self.uids.get(item, "")

    def shorten(self, card: str) -> bytes:
        alike = [one for one in self.cards if one[:6] == card[:6]]
        return bytes.fromhex(card[:6]) if alike == [card] else b""

    def card(self, begins: bytes) -> str:
        found = [card for card in self.cards if card.startswith(begins.hex())]
        return found[0] if len(found) == 1 else ""


def referred(events: list[bytes]) -> Catalogue:
    """Return a catalogue that knows what these events speak of, where it can be in one."""
    facts = [one.fact for one in map(_event_or_none, events) if one is not None]
    seen = [(getattr(f, "item", None), getattr(f, "uid", None)) for f in facts]
    seen += [(f.item, f.evidence.uid) for f in facts if hasattr(f, "evidence")]
    cards = {getattr(f, "card", "") for f in facts} | {"ab" * 16}
    hexes = [card for card in cards if len(card) == 32 and not set(card) - set("0123456789abcdef")]
    return Catalogue({item: uid for item, uid in seen if item and uid}, hexes)


def _event_or_none(raw: bytes) -> Event | None:
    with contextlib.suppress(WireError):
        return batch.decode_event(raw)
    return None


@settings(max_examples=25, deadline=None)
@given(histories())
def test_a_batch_that_refers_to_the_catalogue_comes_back(events: list[bytes]) -> None:
    known = referred(events)
    sent = encode_batch("d", "e", 7, events, "m", small=True, known=known)
    assert refers(sent)
    assert decode_batch(sent, known) == decode_batch(encode_batch("d", "e", 7, events, "m"))


@settings(max_examples=15, deadline=None)
@given(histories(), st.integers(0, 40))
def test_a_batch_that_goes_on_from_the_event_before_comes_back(
    events: list[bytes], at: int
) -> None:
    at = min(at, max(0, len(events) - 1))
    before, rest, first = b"".join(events[at : at + 1]), events[at + 1 :], 8 + at
    known = referred(events)
    known.event = before
    sent = encode_batch("d", "e", first, rest, "m", small=True, known=known, before=before)
    assert refers(sent)
    found, plain = decode_batch(sent, known), decode_batch(encode_batch("d", "e", first, rest, "m"))
    assert found.events == plain.events
    assert (found.device, found.epoch, found.first) == ("d", "e", first)
    event = _event_or_none(before)
    assert found.prev in ("m", batch.mark(event.id) if event else "m")


@settings(max_examples=8, deadline=None)
@given(histories())
def test_a_batch_that_goes_on_from_another_event_is_asked_in_full(events: list[bytes]) -> None:
    before = _loan(6, Ids())
    known = referred(events)
    sent = encode_batch("d", "e", 7, events, small=True, known=known, before=before)
    for event, epoch in ((b"", "e"), (_loan(6, Ids()), "e"), (before, "other")):
        other = Catalogue(known.uids, known.cards, event, epoch)
        with pytest.raises(UnresolvedError):
            decode_batch(sent, other)


def test_a_fact_that_goes_on_takes_half_of_the_bytes() -> None:
    ids = Ids()
    before, event = _loan(1, ids), _loan(2, ids)
    known = referred([before, event])
    alone = encode_batch("tinh-kiosk", "00ff" * 4, 2, [event], "0123abcd", small=True, known=known)
    on = encode_batch(
        "tinh-kiosk", "00ff" * 4, 2, [event], "0123abcd", small=True, known=known, before=before
    )
    assert len(on) <= len(alone) / 2


def test_another_catalogue_is_noticed_and_never_believed() -> None:
    ids = Ids()
    events = [_loan(n, ids) for n in range(1, 40)]
    known = referred(events)
    sent = encode_batch("d", "e" * 16, 1, events, small=True, known=known)
    assert len(sent) < len(encode_batch("d", "e" * 16, 1, events, small=True)) * 2 / 3
    item = next(iter(known.uids))
    for other in (
        Catalogue({}, known.cards),
        Catalogue(known.uids, []),
        Catalogue({**known.uids, item: "E004019999999999"}, known.cards),
        Catalogue(known.uids, [*known.cards, known.cards[0][:8] + "0" * 24]),
    ):
        with pytest.raises(UnresolvedError) as caught:
            decode_batch(sent, other)
        assert caught.value.epoch == "e" * 16


@settings(max_examples=25, deadline=None)
@given(histories())
def test_both_codecs_give_the_same_batch(events: list[bytes]) -> None:
    sent = [encode_batch("d", "e", 7, events, "m", small=small) for small in (False, True)]
    assert decode_batch(sent[0]) == decode_batch(sent[1])


@given(st.binary(max_size=300), st.sampled_from([2, 3, 4, 5, 6]))
def test_any_bytes_behind_a_good_head_give_a_batch_or_a_wire_error(data: bytes, code: int) -> None:
    body = zstandard.compress(data) if code in (3, 5) else data
    known = Catalogue({}, [], _loan(1, Ids()))
    with contextlib.suppress(WireError):
        decode_batch(bytes((1, code)) + body, known)


@given(st.binary(max_size=300), st.sampled_from([7, 8]), st.booleans())
def test_any_bytes_behind_a_dictionary_give_a_batch_or_a_wire_error(
    data: bytes, code: int, packed: bool
) -> None:
    body = dictionaries.shorten(data) if packed else data
    with contextlib.suppress(WireError):
        decode_batch(bytes((1, code)) + body, Catalogue({}, [], _loan(1, Ids())))


@settings(max_examples=15, deadline=None)
@given(histories(), st.data())
def test_damaged_bytes_give_a_batch_or_a_wire_error(
    events: list[bytes], data: st.DataObject
) -> None:
    known, before = referred(events), _loan(6, Ids())
    known.event = before
    whole = encode_batch("d", "e", 7, events, small=True, known=known, before=before)
    for packed in (
        bytearray(b"\x01\x02" + compact.pack("d", "e", 7, events, "")),
        bytearray(whole),
    ):
        for _ in range(data.draw(st.integers(1, 3))):
            packed[data.draw(st.integers(2, len(packed) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(2, len(packed)))
        for damaged in (packed, packed[:cut]):
            with contextlib.suppress(WireError):
                decode_batch(bytes(damaged), known)


def test_an_event_nobody_understands_travels_as_it_is() -> None:
    raw = strange(2)
    known = [_loan(n, Ids()) for n in (1, 3)]
    found = decode_batch(encode_batch("d", "e", 1, [known[0], raw, known[1]], small=True)).events
    assert [type(event) for event in found] == [Event, Unreadable, Event]
    assert isinstance(found[1], Unreadable)
    assert found[1].raw == raw


def test_the_tables_know_every_field_of_every_fact() -> None:
    assert layout.WHOLE
    assert [tag for tag, _ in layout.KINDS] == [
        kind.__struct_config__.tag for kind in get_args(Fact)
    ]
    for entry in layout.TABLE[1:]:
        assert entry is not None
        assert entry[1] is not None, f"{entry[0]}: append its new fields to layout.KINDS"
    paths = {path.removeprefix("evidence.") for _, fields in layout.KINDS for path in fields}
    assert paths - layout.FLAGS <= set(layout.COLUMNS)


def test_a_field_that_the_tables_lack_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [None, (Loan, None), *layout.TABLE[2:]]
    monkeypatch.setattr(compact, "TABLE", table)
    raw = _loan(1, Ids())
    assert compact.unpack(compact.pack("d", "e", 1, [raw], ""))[4] == [raw]


def test_five_hundred_facts_take_few_bytes() -> None:
    ids = Ids()
    events = []
    for n in range(250):
        events.append(_loan(2 * n + 1, ids))
        loan = batch.decode_event(events[-1])
        at = msgspec.structs.replace(loan.at, wall=loan.at.wall + 310, mono=loan.at.mono + 310)
        assert isinstance(loan.fact, Loan)
        uid = loan.fact.evidence.uid or ""
        fact = Secured(item=loan.fact.item, uid=uid, afi=0xC2, about=loan.id)
        event = Event(seq=2 * n + 2, id=ids.uuid7(at.wall), at=at, fact=fact)
        events.append(encode_event(event))
    sizes = [
        len(encode_batch("tinh-kiosk", "00ff" * 4, 1, events[:count], "0123abcd", small=True))
        for count in (1, 10, 500)
    ]
    assert sizes[0] <= 130
    assert sizes[1] / 10 <= 32
    assert sizes[2] / 500 <= 15


def test_a_text_that_repeats_without_end_does_not_unpack() -> None:
    well = encode_event(
        Event(
            seq=1, id="", at=Stamp(wall=1, mono=1, boot=""), fact=Well(part="x" * 9000, reason="")
        )
    )
    events = [well.replace(b'"seq":1', b'"seq":%d' % n) for n in range(1, 600)]
    with pytest.raises(WireError, match="unpacks to more"):
        decode_batch(encode_batch("d", "e", 1, events, small=True))


@given(st.lists(st.tuples(st.sampled_from(["item", "uid", "card"]), TEXT, TEXT), max_size=30))
def test_texts_come_back_in_their_order(said: list[tuple[str, str, str]]) -> None:
    for apart in (False, True):
        out = Out(apart=apart)
        for kind, text, item in said:
            out.text(kind, kind, text, item)
        streams = {name: bytes(data) for name, data in out.streams.items()}
        source = In(streams if apart else None, out.whole())
        assert [source.text(kind, kind, item) for kind, _, item in said] == [
            text for _, text, _ in said
        ]
        source.end()


def _loan(seq: int, ids: Ids) -> bytes:
    n = seq * 7919
    wall = 1_795_330_800_000 + n * 1000 % 100_000_000
    seen: dict[str, Any] = {"format": "iso28560-3", "reads": 3, "afi_before": 7}
    fact = Loan(
        item=f"TV{n % 1_000_000:06}",
        card=f"{n % 97 * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}",
        due=1_796_600_000_000,
        session=f"{seq // 6:08x}",
        evidence=Evidence(uid=f"E00401{n * 7919 % (1 << 40):010X}", **seen),
    )
    at = Stamp(wall=wall, mono=wall - 1_795_000_000_000, boot="abcd0123-4567abcd", unc=50)
    return encode_event(Event(seq=seq, id=ids.uuid7(wall), at=at, fact=fact, policy=3, replica=99))


def test_a_batch_of_a_device_that_knows_fewer_columns_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [_loan(n, Ids()) for n in range(1, 60)]
    with monkeypatch.context() as older:
        older.setattr(compact, "COLUMNS", compact.COLUMNS[:-1])
        data = compact.pack("d", "e", 1, events, "")
    assert compact.unpack(data)[4] == events
