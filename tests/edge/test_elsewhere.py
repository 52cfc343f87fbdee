import pytest

from edge import elsewhere
from edge.elsewhere import Lent
from edge.wire.elsewhere import MINUTE_MS, Elsewhere, Prints, pack_rows

KEY = b"a secret of xa.."
AT = 1_795_000_020_000
PRINTS = Prints(KEY)


def rows(*items, since=AT):
    return pack_rows(PRINTS.row(item, f"UID{item}", since) for item in items)


@pytest.fixture
def lent(tmp_path):
    made = Lent(KEY, tmp_path / "elsewhere.bin")
    made.begin()
    return made


def test_a_loan_is_known_by_number_and_by_tag_until_it_ends(lent):
    assert lent.since("B1", "") is None
    assert lent.take(Elsewhere(version=5, rows=rows("B1", "B2")))
    assert lent.since("B1", "") == lent.since(None, "uidB1") == AT // MINUTE_MS * MINUTE_MS
    assert lent.take(Elsewhere(version=6, start=5, rows=rows("B1", since=0)))
    assert lent.since("B1", "") is lent.since(None, "UIDB1") is None
    assert lent.since("B2", "") is not None
    assert len(lent) == 1


def test_of_two_loans_of_an_item_the_one_told_last_counts(lent):
    lent.take(Elsewhere(version=5, rows=rows("B1")))
    lent.take(Elsewhere(version=6, start=5, rows=rows("B1", since=AT + 9 * MINUTE_MS)))
    assert lent.since("B1", "") == AT + 9 * MINUTE_MS
    assert len(lent) == 1


def test_news_that_do_not_follow_are_left_and_older_ones_are_harmless(lent):
    lent.take(Elsewhere(version=5, rows=rows("B1"), more=(AT, "B1")))
    assert not lent.take(Elsewhere(version=9, start=7, rows=rows("B2")))
    assert lent.take(Elsewhere(version=4, start=3, rows=rows("B3")))
    assert (lent.version, lent.before, lent.item) == (5, AT, "B1")
    assert lent.since("B2", "") is lent.since("B3", "") is None
    assert lent.take(Elsewhere(version=5, start=5, rows=rows("B4"), more=(0, "")))
    assert (lent.before, len(lent)) == (0, 2)


def test_a_message_that_begins_anew_forgets_what_was_known(lent):
    lent.take(Elsewhere(version=5, rows=rows("B1")))
    lent.take(Elsewhere(version=3, rows=rows("B2")))
    assert (lent.version, lent.since("B1", "")) == (3, None)


def test_it_outlives_a_restart_names_nothing_and_is_of_one_site(lent, tmp_path):
    lent.take(Elsewhere(version=5, rows=rows("B1", "B2"), more=(AT, "B2")))
    lent.keep()
    data = (tmp_path / "elsewhere.bin").read_bytes()
    assert b"UID" not in data
    again = Lent(KEY, tmp_path / "elsewhere.bin")
    assert again.since("B1", "") is None, "nobody here wants to know"
    again.begin()
    assert (again.version, again.before, again.item, len(again)) == (5, AT, "B2", 2)
    assert again.since(None, "UIDB2") is not None
    other = Lent(b"another secret..", tmp_path / "elsewhere.bin")
    other.begin()
    assert other.version == 0


def test_where_it_went_on_is_forgotten_at_a_restart_when_the_number_is_too_long(lent, tmp_path):
    lent.take(Elsewhere(version=5, rows=rows("B1"), more=(AT, "B" * 16)))
    lent.keep()
    again = Lent(KEY, tmp_path / "elsewhere.bin")
    again.begin()
    assert (again.version, again.before, len(again)) == (5, 0, 1)


@pytest.mark.parametrize("at", [0, 5, 20, 60, -1])
def test_a_damaged_file_counts_as_none(lent, tmp_path, at):
    lent.take(Elsewhere(version=5, rows=rows("B1")))
    lent.keep()
    path = tmp_path / "elsewhere.bin"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    for content in (bytes(data), path.read_bytes()[:30], b""):
        path.write_bytes(content)
        again = Lent(KEY, path)
        again.begin()
        assert again.version == 0


def test_when_it_is_full_the_oldest_are_forgotten_and_no_more_are_asked_for(
    lent, monkeypatch, tmp_path
):
    monkeypatch.setattr(elsewhere, "MOST", 10)
    data = b"".join(rows(f"B{n}", since=AT + n * MINUTE_MS) for n in range(11))
    lent.take(Elsewhere(version=5, rows=data, more=(AT, "B0")))
    assert lent.since("B10", "") is not None
    assert lent.since("B0", "") is lent.since(None, "UIDB0") is None
    assert (len(lent), lent.before) == (9, 0)
    lent.keep()
    few, all_gone = (tmp_path / "elsewhere.bin").stat().st_size, Elsewhere(version=6)
    lent.take(all_gone)
    lent.keep()
    assert few - (tmp_path / "elsewhere.bin").stat().st_size == 9 * (12 + 16), "no tag is left over"
