import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.model import ItemView, Policy
from edge.wire import messages
from edge.wire.errors import WireError
from edge.wire.facts import card_ref, normal_card, uid_card

KINDS = [
    messages.Cursor, messages.State, messages.Part, messages.Have, messages.Allowed,
    messages.Health, messages.Ask, messages.Answer,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_message_or_a_wire_error(kind: type, data: bytes) -> None:
    with contextlib.suppress(WireError):
        messages.decode(data, kind)


def test_a_message_with_a_field_missing_names_kind_and_field() -> None:
    with pytest.raises(WireError, match=r"Cursor.*seq"):
        messages.decode(b'{"epoch": "e"}', messages.Cursor)


def test_a_newer_side_may_add_a_field() -> None:
    assert messages.decode(b'{"version": 3, "later": 1}', messages.Have).version == 3


def test_a_part_with_vietnamese_titles_comes_back_as_it_went() -> None:
    part = messages.Part(version=2, items=[ItemView(item="TV0000001", title="Dế Mèn ẵ ỗ ự")])
    assert messages.decode(messages.encode(part), messages.Part) == part


def test_two_policies_do_not_share_their_groups() -> None:
    assert Policy().groups is not Policy().groups


def test_a_card_reference_depends_on_key_and_number_and_shows_neither() -> None:
    ref = card_ref(b"k" * 32, "TV-000123")
    assert len(ref) == 32
    assert "000123" not in ref
    assert ref != card_ref(b"x" * 32, "TV-000123")
    assert ref != card_ref(b"k" * 32, "TV-000124")


@given(st.text(max_size=30))
def test_a_card_number_is_the_same_with_spaces_and_in_any_case(text: str) -> None:
    key = b"k" * 32
    assert card_ref(key, f" {text} ") == card_ref(key, text)
    assert normal_card(normal_card(text)) == normal_card(text)


def test_a_card_known_by_its_uid_has_a_text_of_its_own() -> None:
    assert uid_card(bytes.fromhex("04a1b2c3")) == "UID:04A1B2C3"
