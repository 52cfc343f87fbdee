import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.cursors import decode_cursor, encode_cursor
from edge.wire.errors import WireError
from edge.wire.messages import Cursor

TEXT = st.text(max_size=20) | st.binary(min_size=4, max_size=8).map(bytes.hex)
CURSORS = st.builds(
    Cursor,
    epoch=TEXT,
    seq=st.integers(-2, 2**40),
    last=TEXT,
    version=st.integers(0, 2**42),
    outcomes=st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=2),
    plain=st.booleans(),
)


@given(CURSORS, st.booleans(), st.booleans())
def test_a_cursor_comes_back(cursor: Cursor, small: bool, smaller: bool) -> None:
    data = encode_cursor(cursor, small=small, smaller=smaller)
    assert decode_cursor(data, cursor.epoch) == cursor


def test_a_shorter_cursor_is_ones_own_if_the_epoch_begins_so() -> None:
    own = "00fe" * 4
    for epoch, expected in ((own, own), ("00ff" * 4, "00ff00"), ("ff00" * 4, "ff00ff")):
        cursor = Cursor(epoch=epoch, seq=1, last="0123abcd")
        data = encode_cursor(cursor, small=True, smaller=True)
        assert decode_cursor(data, own).epoch == expected
        assert decode_cursor(data).epoch == epoch[:6]


def test_an_acknowledgement_takes_few_bytes() -> None:
    cursor = Cursor(epoch="00ff" * 4, seq=12_345, last="0123abcd", version=1_795_330_800_000)
    assert len(encode_cursor(cursor, small=True)) <= 22
    assert decode_cursor(encode_cursor(cursor, small=True)) == cursor
    assert len(encode_cursor(cursor, small=True, smaller=True)) <= 17


@given(st.binary(max_size=40))
def test_any_bytes_give_a_cursor_or_a_wire_error(data: bytes) -> None:
    for head in (b"", b"\x02", b"\x03"):
        with contextlib.suppress(WireError):
            decode_cursor(head + data, "00ff" * 4)


def test_a_cursor_with_more_behind_it_is_refused() -> None:
    cursor = Cursor(epoch="00ff" * 4, seq=1, last="0123abcd")
    for smaller in (False, True):
        with pytest.raises(WireError, match="more bytes"):
            decode_cursor(encode_cursor(cursor, small=True, smaller=smaller) + b"\0")
