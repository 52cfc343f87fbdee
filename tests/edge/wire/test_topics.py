import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire import topics
from edge.wire.errors import WireError
from edge.wire.topics import ALL, Topic, Who, parse


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.path)
def test_a_topic_is_parsed_back_to_its_row(row: Topic) -> None:
    device = topics.SHARED if row.shared else "xa-all"
    assert parse(row.of("xa", device)) == ("xa", device, row)


@given(st.text(max_size=80))
def test_any_text_is_a_topic_of_the_table_or_a_wire_error(text: str) -> None:
    with contextlib.suppress(WireError):
        parse(text)


@pytest.mark.parametrize("name", ["", "A", "a.b", "a/b", "+", "#", "a" * 49, "-a", "xa\n", "thư"])
def test_a_name_that_could_reach_another_topic_is_refused(name: str) -> None:
    with pytest.raises(WireError):
        topics.FACTS.of(name, "xa-all")
    with pytest.raises(WireError):
        topics.FACTS.of("xa", name)


def test_a_device_may_not_be_called_shared() -> None:
    with pytest.raises(WireError):
        topics.FACTS.of("xa", "shared")
    with pytest.raises(WireError):
        parse("shelfwire/1/xa/shared/up/facts")


def test_a_device_speaks_only_below_up_and_site_and_in_its_state() -> None:
    spoken = [row.path for row in ALL if row.publisher is Who.DEVICE and not row.neighbours]
    assert all(row.path.startswith("site/") for row in ALL if row.neighbours)
    assert all(path == "state" or path.startswith("up/") for path in spoken)
    heard = [row.path for row in ALL if row.publisher is Who.CENTRE and not row.shared]
    assert all(path.startswith("down/") for path in heard)
