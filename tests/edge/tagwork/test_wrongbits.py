"""A silent tag that is merely met: armed when its item is surely not lent, left alone else."""

import pytest

from drivers.feig import PAD, FeigSimulator
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from edge.circulation.model import ItemView, LoanView, Verdict
from edge.items import PadItem
from edge.journal import TagTask
from edge.tagwork import Healed, TagWork
from edge.wire.facts import Repaired, TagTrouble
from edge.wire.messages import Part
from edge.wrongbits import FRESH_MS, MOST, REST_MS, Rests

IN, OUT = 0x07, 0xC2
UID = bytes.fromhex("E004010000000001")
KEY = UID.hex().upper()


@pytest.fixture
def tag():
    return Tag(UID, afi=OUT)


@pytest.fixture
def field(tag):
    return Field(tag)


@pytest.fixture
def known(replica, line, clock):
    """The centre is there, and its copy is a minute old."""
    line.connected = True
    book = ItemView(item="B1", title="Số đỏ", branch="tinh", uid=KEY)
    replica.apply(Part(version=1, items=[book], made=clock.now_ms() - 60_000))
    return replica


@pytest.fixture
async def work(services, field, journal, on_wire, known):
    async with on_wire("pad", PAD, FeigSimulator(field, block_seconds=0), journal) as (pad, _):
        yield TagWork(services, pad, arm_silent=True)


def here(tag, **fields):
    return PadItem(uid=tag.uid, item="B1", afi=tag.afi, tags=((tag.uid, tag.afi),), **fields)


async def test_a_silent_book_that_nobody_lent_is_armed_and_that_is_a_fact(
    work, tag, journal, facts
):
    assert work.wants(here(tag))
    assert await work.heal(here(tag)) is Healed.REPAIRED
    assert tag.afi == IN
    assert facts() == [Repaired(item="B1", uid=KEY, afi=IN)]
    assert journal.open_tasks() == []
    assert not work.wants(here(tag))


async def test_the_task_is_open_before_anything_is_written_on_the_tag(work, tag, field, journal):
    field.tear_after(UID, 0)
    assert await work.heal(here(tag)) is Healed.FAILED
    assert [(task.uid, task.afi, task.about) for task in journal.open_tasks()] == [(KEY, IN, "")]
    field.put(tag)
    assert await work.heal(here(tag)) is Healed.REPAIRED
    assert (tag.afi, journal.open_tasks()) == (IN, [])


async def test_a_pad_that_was_not_told_to_arm_silent_books_leaves_them(services, tag, known):
    work = TagWork(services, None)  # type: ignore[arg-type]
    assert not work.wants(here(tag))


def _lent(services, line, hands, **loan):
    view = LoanView(item="B1", reader="r1", due=2**41, **loan)
    services.replica.apply(Part(version=2, start=1, loans=[view]))


def _elsewhere(services, line, hands):
    view = ItemView(item="B1", title="Số đỏ", branch="xa", uid=KEY)
    services.replica.apply(Part(version=2, start=1, items=[view]))


def _other_label(services, line, hands):
    view = ItemView(item="B1", title="Số đỏ", uid="E0040100000000AA")
    services.replica.apply(Part(version=2, start=1, items=[view]))


DOUBTS = {
    "it is lent": _lent,
    "nobody knows whether its loan is over": lambda *at: _lent(*at, doubt=True),
    "it is of another branch": _elsewhere,
    "the catalogue has another tag for it": _other_label,
    "the catalogue does not have it": lambda services, *_: services.replica.apply(
        Part(version=2, start=1, gone=["items:B1"])
    ),
    "the copy is old": lambda _, __, hands: hands.pass_time(FRESH_MS / 1000 - 59),
    "there is no line to the neighbours": lambda _, line, __: setattr(line, "connected", False),
    "a gate was told to let it pass": lambda services, *_: services.allowed.update({KEY: 2**42}),
    "the site wants it disarmed": lambda services, *_: services.heal.update({KEY: "B1"}),
}


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_a_silent_book_is_left_alone_when(doubt, work, tag, services, line, hands, facts):
    assert work.wants(here(tag))
    DOUBTS[doubt](services, line, hands)
    assert not work.wants(here(tag))
    assert await work.heal(here(tag)) is Healed.NOTHING
    assert (tag.afi, facts()) == (OUT, [])


async def test_a_clock_that_nobody_confirmed_arms_nothing(work, tag, clock, monkeypatch):
    monkeypatch.setattr(clock, "_ask_kernel", lambda: False)
    monkeypatch.setattr(clock, "_kernel", None)
    assert not work.wants(here(tag))


@pytest.mark.parametrize(
    "other", [{"trouble": "foreign"}, {"by": "barcode"}, {"item": None}], ids=str
)
async def test_a_strange_tag_or_a_scanned_number_is_not_armed(other, work, tag):
    thing = here(tag)
    for name, value in other.items():
        object.__setattr__(thing, name, value)
    assert not work.wants(thing)


async def test_a_byte_that_is_neither_is_nobodys_business(work, tag):
    tag.afi = 0x50
    assert not work.wants(here(tag))


async def test_a_locked_tag_is_tried_once_then_staff_know_and_it_rests(
    work, tag, facts, journal, hands
):
    tag.afi_locked = True
    assert await work.heal(here(tag), station="kiosk") is Healed.FAILED
    assert not work.wants(here(tag))
    [trouble] = facts(TagTrouble)
    assert (trouble.reason, trouble.item, trouble.uid, trouble.station) == (
        "not_armed", "B1", KEY, "kiosk",
    )  # fmt: skip
    hands.pass_time(REST_MS / 1000 + 1)
    work._services.replica.apply(Part(version=1, start=1, made=int(hands.wall * 1000)))
    assert work.wants(here(tag)), "somebody may have changed the label"
    assert await work.heal(here(tag)) is Healed.FAILED
    assert not work.wants(here(tag))
    assert len(facts(TagTrouble)) == 1, "it is told once"
    assert len(journal.open_tasks()) == 1


async def test_a_tag_that_gets_away_again_and_again_is_left_alone(work, tag, field):
    for left in (True, True, False):
        field.tear_after(UID, 0)
        assert await work.heal(here(tag)) is Healed.FAILED
        field.put(tag)
        assert work.wants(here(tag)) is left


async def test_a_loan_that_is_told_while_the_task_is_written_stops_it(
    work, tag, services, journal, facts
):
    append = journal.append

    async def told(*what, **tasks):
        events = await append(*what, **tasks)
        _lent(services, None, None)
        return events

    journal.append = told
    assert await work.heal(here(tag)) is Healed.NOTHING
    assert (tag.afi, facts()) == (OUT, [])


async def test_after_the_loan_of_a_book_that_was_armed_by_the_way_it_is_silent(work, tag):
    seen = here(tag)
    assert await work.heal(seen) is Healed.REPAIRED
    lent = await work.lend(seen, "c1", Verdict(item="B1", ok=True, due=2**41))
    assert (lent.secured, tag.afi) == (True, OUT)


async def test_a_task_of_a_loan_is_not_taken_for_a_silent_book(work, tag, journal):
    await journal.append(open_tasks=[TagTask(KEY, "B1", OUT, "e1")])
    assert await work.heal(here(tag)) is Healed.REPAIRED, "the loan is over as far as is known"
    assert tag.afi == IN


def test_only_so_many_tags_are_remembered_as_tried_in_vain():
    rests = Rests(lambda: 0)
    for n in range(MOST + 1):
        assert rests.failed(n.to_bytes(2), refused=True)
    assert not rests.resting(bytes(2))
    assert rests.resting(MOST.to_bytes(2))
