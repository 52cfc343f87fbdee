import contextlib
import json
from typing import get_args

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from edge.wire import batch
from edge.wire.batch import Batch, Event, Stamp, Unreadable, decode_batch, encode_batch
from edge.wire.errors import WireError
from edge.wire.facts import Booted, Fact, GateCount, Loan, Return, Well

TEXT = st.text(max_size=40)
FACTS = st.one_of(
    st.builds(Loan, item=TEXT, card=TEXT, due=st.integers(0, 2**53)),
    st.builds(Return, item=TEXT, bin=TEXT),
    st.builds(Well, part=TEXT, reason=TEXT),
    st.builds(GateCount, gate=TEXT, entered=st.integers(0, 10**6)),
    st.builds(Booted, version=TEXT, stations=st.lists(TEXT, max_size=3), clean=st.booleans()),
)


def _event(seq: int, fact: Fact) -> Event:
    return Event(seq=seq, id=f"id-{seq}", at=Stamp(wall=1, mono=2, boot="b"), fact=fact)


def _bytes(first: int, facts: list[Fact]) -> bytes:
    events = [batch.encode_event(_event(first + n, fact)) for n, fact in enumerate(facts)]
    return encode_batch("xa-all", "e1", first, events)


@given(first=st.integers(1, 2**40), facts=st.lists(FACTS, max_size=30))
def test_a_batch_comes_back_as_it_went(first: int, facts: list[Fact]) -> None:
    assert decode_batch(_bytes(first, facts)) == Batch(
        device="xa-all",
        epoch="e1",
        first=first,
        events=[_event(first + n, fact) for n, fact in enumerate(facts)],
    )


@given(st.binary(max_size=300))
def test_any_bytes_give_a_batch_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_batch(data)


@given(st.binary(max_size=200), st.sampled_from([0, 1]))
def test_any_payload_behind_a_good_head_gives_a_batch_or_a_wire_error(
    data: bytes, codec: int
) -> None:
    body = zstandard.compress(data) if codec else data
    with contextlib.suppress(WireError):
        decode_batch(bytes((1, codec)) + body)


@given(cut=st.integers(0, 400), facts=st.lists(FACTS, min_size=1, max_size=10))
def test_a_cut_batch_is_refused_whole(cut: int, facts: list[Fact]) -> None:
    data = _bytes(1, facts)
    if cut < len(data):
        with pytest.raises(WireError):
            decode_batch(data[:cut])


def test_an_event_nobody_understands_does_not_take_its_neighbours_with_it() -> None:
    events = [batch.encode_event(_event(n, Well(part="pad", reason="x"))) for n in (1, 3)]
    strange = json.dumps({"seq": 2, "id": "x", "at": {}, "fact": {"k": "from_the_future"}}).encode()
    found = decode_batch(encode_batch("d", "e", 1, [events[0], strange, events[1]])).events
    assert [type(event) for event in found] == [Event, Unreadable, Event]
    assert found[1].seq == 2


def test_an_event_out_of_its_place_is_set_aside() -> None:
    raw = batch.encode_event(_event(9, Well(part="pad", reason="x")))
    (found,) = decode_batch(encode_batch("d", "e", 4, [raw])).events
    assert isinstance(found, Unreadable)
    assert "its place is 4" in found.why


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "shorter"),
        (b"\x02\x00{}", "version 2"),
        (b"\x01\x09{}", "codec 9"),
        (b"\x01\x07\x01nonsense", "zstd"),
        (b"\x01\x01nonsense", "zstd"),
        (b'\x01\x00{"device":"d","epoch":"e","first":0,"events":[]}', "start at 1"),
        (b'\x01\x00{"device":"d","epoch":"e","events":[]}', "first"),
    ],
)
def test_a_bad_batch_is_refused_with_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        decode_batch(data)


def test_a_bomb_does_not_unpack() -> None:
    bomb = b"\x01\x01" + zstandard.compress(b" " * (batch.MAX_PAYLOAD + 1))
    with pytest.raises(WireError, match="unpacks to more"):
        decode_batch(bomb)
    unsized = zstandard.ZstdCompressor().compressobj()
    stream = unsized.compress(b" " * (batch.MAX_PAYLOAD + 1)) + unsized.flush()
    with pytest.raises(WireError, match="zstd"):
        decode_batch(b"\x01\x01" + stream)


def test_a_long_batch_is_compressed_and_a_short_one_is_not() -> None:
    assert _bytes(1, [Well(part="pad", reason="lost")])[1] == batch.JSON
    many = _bytes(1, [Loan(item=f"TV{n:07}", card="c" * 32, due=n) for n in range(100)])
    assert many[1] == batch.JSON_ZSTD
    assert len(many) < 100 * 60


def test_every_fact_has_its_own_word() -> None:
    words = [kind.__struct_config__.tag for kind in get_args(Fact)]
    assert len(words) == len(set(words))
