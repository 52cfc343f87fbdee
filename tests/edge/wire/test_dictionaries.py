import contextlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire import dictionaries
from edge.wire.dictionaries import dictionary, lengthen, shorten
from edge.wire.errors import UnresolvedError, WireError

SHIPPED = {1: "5e73fe86ae3319db"}
"""Of each dictionary that ever was: what it holds."""


@given(st.binary(max_size=2000))
def test_what_is_shortened_comes_back(data: bytes) -> None:
    assert lengthen(shorten(data), 2000) == data


def test_what_would_be_longer_than_allowed_is_refused() -> None:
    with pytest.raises(WireError, match="more than 999"):
        lengthen(shorten(bytes(1000)), 999)


@given(st.binary(max_size=100))
def test_any_bytes_give_bytes_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        lengthen(data, 1000)


@pytest.mark.parametrize("head", [b"", b"\0", b"\x02", b"\xff"])
def test_a_dictionary_that_is_not_here_is_told_from_damage(head: bytes) -> None:
    with pytest.raises(UnresolvedError, match="dictionary"):
        lengthen(head + shorten(b"x")[1:], 1000)


def test_a_dictionary_that_was_shipped_never_changes() -> None:
    found = {n: sha256(dictionary(n).as_bytes()).hexdigest()[:16] for n in SHIPPED}
    assert found == SHIPPED
    assert max(SHIPPED) == dictionaries.NEWEST
    assert all(len(dictionary(n)) <= 16_384 for n in SHIPPED)
