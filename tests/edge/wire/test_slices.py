import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.errors import WireError
from edge.wire.slices import LEAST, MOST, Gathered, cut, is_slice, name_of

WORDS = bytes(range(256)) * 20


def test_slices_make_the_message_again_and_say_who_they_are() -> None:
    here, slices = Gathered(), cut(WORDS, 2000)
    assert [is_slice(one) for one in slices] == [True] * 3
    assert not is_slice(WORDS)
    assert here.take(slices[0]) is None
    assert (here.name, here.got) == (name_of(WORDS), 2000)
    assert here.take(slices[1]) is None
    assert here.take(slices[2]) == WORDS
    assert (here.name, here.got) == ("", 0)


def test_it_goes_on_at_the_byte_where_it_stopped() -> None:
    here = Gathered()
    here.take(cut(WORDS, 1500)[0])
    rest = cut(WORDS, LEAST, here.got)
    assert sum(len(one) - 17 for one in rest) == len(WORDS) - 1500
    assert [here.take(one) for one in rest][-1] == WORDS


@given(st.permutations(range(6)))
def test_slices_in_any_order_and_twice_make_the_message(order: list[int]) -> None:
    here, slices = Gathered(), cut(WORDS, LEAST)
    [*first, last] = [one for one in order if one < len(slices)]
    for one in (*first, first[0]):
        assert here.take(slices[one]) is None
        assert here.got % LEAST == 0
    assert here.take(slices[last]) == WORDS
    assert here.take(slices[last]) is None
    assert here.ask() == ("", 0)
    assert [here.take(one) for one in slices][-1] == WORDS, "it was asked for once more"


def test_another_message_begins_anew() -> None:
    here, other = Gathered(), WORDS[::-1]
    here.take(cut(WORDS, 2000)[0])
    here.take(cut(other, 3000)[1])
    assert (here.name, here.got) == (name_of(other), 0)
    assert here.take(cut(other, 3000)[0]) == other


def test_slices_that_make_another_message_are_no_message() -> None:
    here, [first, second] = Gathered(), cut(WORDS[:2000], 1500)
    here.take(first)
    with pytest.raises(WireError):
        here.take(second[:-1] + b"!")
    assert here.got == 0


def test_nobody_is_asked_to_keep_more_than_a_message() -> None:
    head = cut(WORDS, 2000)[0]
    with pytest.raises(WireError):
        Gathered().take(head[:13] + (MOST + 1).to_bytes(4, "big") + head[17:])


@given(st.lists(st.binary(max_size=60)), st.integers(0, 40))
def test_noise_raises_its_own_error_only(noise: list[bytes], at: int) -> None:
    here, good = Gathered(), cut(WORDS, LEAST)
    for data in [good[0], *noise, good[1][:at]]:
        try:
            here.take(b"\x03" + data[1:])
        except WireError:
            continue
