import asyncio
import contextlib
import dataclasses
import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.feig import PAD, FeigSimulator
from drivers.testing.field import Field
from drivers.testing.serve import serve_tcp
from drivers.testing.tag15693 import Tag
from edge.circulation.model import LoanView, ReaderView, Verdict
from edge.clock import Clock
from edge.config import AgentOptions
from edge.device import Device
from edge.items import PadItem, PadWatch
from edge.journal import Journal, JournalError
from edge.replica import Replica
from edge.station import Services
from edge.tagwork import ALLOW_MS, Healed, TagWork
from edge.wire.batch import decode_event
from edge.wire.facts import Loan, Return, Secured, TagStillArmed, TagTrouble
from edge.wire.messages import Part

IN, OUT = 0x07, 0xC2
UID = bytes.fromhex("E004010000000001")
KEY = UID.hex().upper()
YES = Verdict(item="B1", ok=True, due=1_800_000_000_000)


def item_of(*tags, **fields):
    here = tuple((tag.uid, tag.afi) for tag in tags)
    uid = here[0][0] if here else b""
    afi = here[0][1] if here else None
    return PadItem(uid=uid, item="B1", title="Số đỏ", afi=afi, tags=here, **fields)


@pytest.fixture
def tag():
    return Tag(UID, afi=IN)


@pytest.fixture
def field(tag):
    return Field(tag)


@pytest.fixture
async def pad(field, journal, on_wire):
    async with on_wire("pad", PAD, FeigSimulator(field, block_seconds=0), journal) as pad:
        yield pad


@pytest.fixture
def work(services, pad):
    return TagWork(services, pad[0])


async def test_a_loan_is_recorded_then_the_tag_is_silent_then_that_is_recorded(
    work, tag, facts, journal
):
    lent = await work.lend(item_of(tag), "c1", YES, "s1", online=True)
    assert (lent.secured, lent.removed, tag.afi) == (True, False, OUT)
    loan, secured = facts()
    assert (loan.item, loan.card, loan.due, loan.online, loan.session) == (
        "B1", "c1", YES.due, True, "s1",
    )  # fmt: skip
    assert (loan.evidence.uid, loan.evidence.afi_before) == (KEY, IN)
    assert secured == Secured(item="B1", uid=KEY, afi=OUT, about=lent.event_id)
    assert journal.open_tasks() == []


async def test_a_return_is_armed_first_and_recorded_with_what_was_read_back(
    work, tag, facts, journal
):
    tag.afi = OUT
    back = await work.take_back(item_of(tag, owner="VN-TINH"), "drop", bin_name="2")
    assert (back.secured, tag.afi) == (True, IN)
    returned, secured = facts()
    assert (returned.place, returned.bin, returned.owner) == ("drop", "2", "VN-TINH")
    assert (returned.evidence.afi_before, returned.evidence.afi_after) == (OUT, IN)
    assert secured.about == back.event_id
    assert journal.open_tasks() == []


async def test_a_tag_that_has_the_right_byte_already_is_only_read(work, tag, field):
    tag.afi = OUT
    field.tear_after(UID, 0)
    assert (await work.lend(item_of(tag), "c1", YES)).secured


async def test_a_remembered_byte_that_is_wrong_is_not_trusted(work, tag):
    remembered = item_of(tag)
    tag.afi = OUT
    assert (await work.take_back(remembered, "kiosk")).secured
    assert tag.afi == IN


async def test_an_item_lifted_too_early_keeps_its_loan_and_may_pass_the_gate(
    work, tag, field, facts, journal, services, clock
):
    field.tear_after(UID, 0)
    lent = await work.lend(item_of(tag), "c1", YES)
    assert (lent.secured, lent.removed, tag.afi) == (False, True, IN)
    until = clock.now_ms() + ALLOW_MS
    assert facts(TagStillArmed) == [
        TagStillArmed(item="B1", uid=KEY, about=lent.event_id, until=until)
    ]
    assert services.allowed == {KEY: until}
    assert [task.afi for task in journal.open_tasks()] == [OUT]


async def test_put_back_it_is_healed(work, tag, field, facts, journal, services):
    field.tear_after(UID, 0)
    lent = await work.lend(item_of(tag), "c1", YES)
    field.put(tag)
    assert await work.heal(item_of(tag)) is Healed.SECURED
    assert tag.afi == OUT
    assert facts(Secured) == [Secured(item="B1", uid=KEY, afi=OUT, about=lent.event_id)]
    assert services.allowed == {}
    assert [task.afi for task in journal.open_tasks()] == [IN], "for when the loan is over"
    assert await work.heal(item_of(tag)) is Healed.NOTHING
    assert (await work.take_back(item_of(tag), "kiosk")).secured
    assert journal.open_tasks() == []


async def test_a_tag_that_cannot_be_disarmed_is_tried_and_told(work, tag, facts):
    tag.afi_locked = True
    lent = await work.lend(item_of(tag), "c1", YES)
    assert (lent.secured, lent.removed) == (False, False)
    assert [fact.uid for fact in facts(TagStillArmed)] == [KEY]
    assert await work.heal(item_of(tag)) is Healed.FAILED


async def test_a_return_that_cannot_be_armed_is_recorded_with_an_open_task(
    work, tag, facts, journal
):
    tag.afi, tag.afi_locked = OUT, True
    back = await work.take_back(item_of(tag), "kiosk")
    assert back.event_id is not None
    assert not back.secured
    assert [fact.reason for fact in facts(TagTrouble)] == ["not_armed"]
    assert [(task.uid, task.afi, task.about) for task in journal.open_tasks()] == [
        (KEY, IN, back.event_id)
    ]
    tag.afi_locked = False
    assert await work.heal(item_of(tag)) is Healed.SECURED
    assert tag.afi == IN


async def test_a_return_taken_away_before_it_is_armed_is_no_return(work, tag, field, facts):
    tag.afi = OUT
    field.tear_after(UID, 0)
    back = await work.take_back(item_of(tag), "kiosk")
    assert (back.event_id, back.removed, tag.afi) == (None, True, OUT)
    assert facts() == []
    field.put(tag)
    assert await work.heal(item_of(tag)) is Healed.NOTHING, "nothing happened yet"
    assert (await work.take_back(item_of(tag), "kiosk")).secured


async def test_a_reader_that_goes_away_leaves_the_loan_and_the_task(work, tag, pad, facts, journal):
    await pad[1].unplug()
    lent = await work.lend(item_of(tag), "c1", YES)
    assert (lent.secured, lent.removed) == (False, False)
    assert len(journal.open_tasks()) == 1
    back = await work.take_back(item_of(tag), "kiosk")
    assert (back.event_id, back.removed) == (None, False)


async def test_all_tags_of_a_set_are_written_and_one_that_is_missing_is_told(
    work, tag, field, facts
):
    other = Tag(bytes.fromhex("E004010000000002"), afi=OUT)
    tag.afi = OUT
    field.put(other)
    back = await work.take_back(item_of(tag, other, missing=1), "kiosk")
    assert (back.secured, tag.afi, other.afi) == (True, IN, IN)
    assert len(facts(Return)) == 1
    assert {fact.about for fact in facts(Secured)} == {back.event_id}
    assert [fact.reason for fact in facts(TagTrouble)] == ["incomplete_set"]


async def test_a_set_half_disarmed_names_the_half(work, tag, field, facts, services):
    other = Tag(bytes.fromhex("E004010000000002"), afi=IN)
    lent = await work.lend(item_of(tag, other), "c1", YES)
    assert lent.removed
    assert [fact.uid for fact in facts(Secured)] == [KEY]
    assert list(services.allowed) == [other.uid.hex().upper()]


async def test_an_item_known_by_its_barcode_is_lent_without_a_tag(work, facts, journal):
    lent = await work.lend(item_of(by="barcode"), "c1", YES)
    assert (lent.secured, lent.removed, journal.open_tasks()) == (False, False, [])
    assert [fact.evidence.by for fact in facts(Loan)] == ["barcode"]
    back = await work.take_back(item_of(by="barcode"), "kiosk")
    assert back.event_id
    assert [fact.reason for fact in facts(TagTrouble)] == ["no_tag"]


async def test_a_scanned_item_whose_tag_does_not_answer_may_pass_the_gate(
    work, tag, field, facts, services
):
    field.take(UID)
    lent = await work.lend(item_of(tag, by="barcode"), "c1", YES)
    assert (lent.secured, lent.removed) == (False, False)
    assert list(services.allowed) == [KEY]
    back = await work.take_back(item_of(tag, by="barcode"), "kiosk")
    assert back.event_id, "the book is here, whatever its tag does"
    assert [fact.reason for fact in facts(TagTrouble)] == ["not_armed"]


async def test_a_tag_that_alarms_though_lent_to_this_reader_is_lent_again_and_silent(
    work, tag, replica, facts
):
    loan = LoanView(item="B1", reader="r1", due=YES.due)
    replica.apply(Part(version=1, loans=[loan], readers=[ReaderView(card="c1", reader="r1")]))
    assert await work.heal(item_of(tag), "r1") is Healed.NOTHING, "it may have been returned"
    assert await work.heal(item_of(tag), "somebody else", "c9") is Healed.NOTHING
    assert await work.heal(item_of(tag), "r1", "c1") is Healed.REPAIRED
    [loan, secured] = facts()
    assert (tag.afi, loan.item, loan.card, loan.due) == (OUT, "B1", "c1", YES.due)
    assert isinstance(secured, Secured)


async def test_a_tag_to_be_disarmed_is_armed_instead_when_the_loan_is_over(
    work, tag, field, replica, journal, facts
):
    field.tear_after(UID, 0)
    await work.lend(item_of(tag), "c1", YES)
    replica.settle(10, "e1")
    replica.apply(Part(version=1))
    tag.afi = OUT
    field.put(tag)
    assert await work.heal(item_of(tag)) is Healed.REPAIRED
    assert (tag.afi, journal.open_tasks()) == (IN, [])


@pytest.mark.parametrize("seconds", [3600, 20, 0, -3600])
async def test_a_tag_disarmed_when_met_again_is_armed_when_its_loan_turns_out_to_be_over(
    work, tag, field, replica, journal, hands, seconds
):
    field.tear_after(UID, 0)
    await work.lend(item_of(tag), "c1", YES)
    field.put(tag)
    hands.wall += seconds  # it came back at another machine, which has not told anybody yet
    assert await work.heal(item_of(tag)) is Healed.SECURED
    assert tag.afi == OUT
    assert await work.heal(item_of(tag)) is Healed.NOTHING, "as far as is known it is lent"
    [task] = journal.open_tasks()
    assert (task.uid, task.afi) == (KEY, IN)
    replica.settle(10, "e1")
    replica.apply(Part(version=1))
    assert await work.heal(item_of(tag)) is Healed.SECURED
    assert (tag.afi, journal.open_tasks()) == (IN, [])


async def test_a_tag_stays_armed_while_nobody_can_tell_whether_its_loan_is_over(
    work, tag, field, replica, services, journal
):
    field.tear_after(UID, 0)
    await work.lend(item_of(tag), "c1", YES)
    field.put(tag)
    replica.settle(10, "e1")
    services.heal[KEY] = "B1"
    doubtful = LoanView(item="B1", reader="r1", due=YES.due, doubt=True)
    replica.apply(Part(version=1, loans=[doubtful]))
    assert await work.heal(item_of(tag)) is Healed.NOTHING
    await journal.append(close_tasks=[KEY])
    assert await work.heal(item_of(tag)) is Healed.NOTHING
    assert tag.afi == IN
    replica.apply(Part(version=2, start=1, loans=[LoanView(item="B1", reader="r1", due=YES.due)]))
    assert await work.heal(item_of(tag)) is Healed.REPAIRED
    assert tag.afi == OUT


async def test_the_watch_hears_of_what_was_written(services, pad, tag, field):
    watch = PadWatch(pad[0], services.replica)
    await watch.look()
    await TagWork(services, pad[0], watch).lend(item_of(tag), "c1", YES)
    assert [one.afi for one in await watch.look()] == [OUT]


async def test_an_item_without_a_number_is_refused(work, tag):
    nameless = dataclasses.replace(item_of(tag), item=None)
    with pytest.raises(ValueError, match=f"tag {KEY} has no item number"):
        await work.lend(nameless, "c1", YES)
    assert await work.heal(nameless) is Healed.NOTHING


# Power cuts. A machine is built on one folder and one field; the power fails at a chosen step, that
# is before or after any durable commit or anything said to the tag. What is left is looked at.


class PowerCut(BaseException):
    """The power failed."""


class Fuse:
    """Blows at a step; every commit and every command to a tag is two: before it and after it."""

    def __init__(self, at=None):
        self.at, self.steps = at, 0

    async def around(self, doing):
        self.burn(doing)
        result = await doing
        self.burn()
        return result

    def burn(self, pending=None):
        if self.steps == self.at:
            if pending is not None:
                pending.close()
            raise PowerCut
        self.steps += 1


class Fused:
    """A journal and a device whose every step may be the last."""

    def __init__(self, inner, fuse, verbs):
        self._inner, self._fuse, self._verbs = inner, fuse, verbs

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        if name not in self._verbs:
            return value
        return lambda *args, **kwargs: self._fuse.around(value(*args, **kwargs))


@contextlib.asynccontextmanager
async def machine(folder, field, fuse):
    """A booted machine on what the folder remembers."""
    clock = Clock(disciplined=lambda: True)
    journal = Journal.open(folder / "journal.db", "tinh-kiosk", clock)
    replica = Replica.open(folder / "replica.db", clock.now_ms)
    for _, body in journal.waiting(0):
        replica.note(decode_event(body))
    journal.listen(replica.note)
    served = await serve_tcp(FeigSimulator(field, block_seconds=0))
    device = Device("pad", PAD, PAD.options(url=served.address, pause_ms=0), journal)
    task = asyncio.create_task(device.run())
    await device.wait_up()
    options = AgentOptions(site="t", device="tinh-kiosk", data=folder, site_key=folder / "key")
    services = Services(
        options, clock, Fused(journal, fuse, {"append"}), replica, SimpleNamespace(online=False), {}
    )
    try:
        yield TagWork(services, Fused(device, fuse, {"call"})), journal
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await journal.close()
        replica.close()
        await served.close()


def recorded(journal):
    return [decode_event(body).fact for _, body in journal.waiting(0)]


def check_safe_side(journal, tag):
    """Invariant 4: no silent tag without a loan, no silent return without an open task."""
    if tag.afi != OUT:
        return
    moves = [fact for fact in recorded(journal) if isinstance(fact, Loan | Return)]
    assert moves, "silent at the gate, and no loan recorded"
    if isinstance(moves[-1], Return):
        assert journal.task(tag.uid.hex().upper()), "returned, silent, and nobody knows"


ONE_TOO_MANY = 14
"""More steps than a loan or a return of one tag has."""


@pytest.mark.parametrize("step", range(ONE_TOO_MANY))
@pytest.mark.parametrize("tear", [None, 0, 1])
async def test_a_power_cut_in_a_loan_leaves_the_safe_side_and_heals(tmp_path, step, tear):
    tag = Tag(UID, afi=IN)
    field = Field(tag)
    if tear is not None:
        field.tear_after(UID, tear)
    async with machine(tmp_path, field, Fuse(step)) as (work, journal):
        with contextlib.suppress(PowerCut):
            await work.lend(item_of(tag), "c1", YES)
        check_safe_side(journal, tag)
    async with machine(tmp_path, Field(tag), Fuse()) as (work, journal):
        check_safe_side(journal, tag)
        await work.heal(item_of(tag))
        loans = [fact for fact in recorded(journal) if isinstance(fact, Loan)]
        assert tag.afi == (OUT if loans else IN)
        assert all(task.afi == IN for task in journal.open_tasks())


@pytest.mark.parametrize("step", range(ONE_TOO_MANY))
@pytest.mark.parametrize("tear", [None, 0, 1])
async def test_a_power_cut_in_a_return_leaves_the_safe_side_and_is_done_again(tmp_path, step, tear):
    tag = Tag(UID, afi=IN)
    field = Field(tag)
    async with machine(tmp_path, field, Fuse()) as (work, _):
        await work.lend(item_of(tag), "c1", YES)
    if tear is not None:
        field.tear_after(UID, tear)
    async with machine(tmp_path, field, Fuse(step)) as (work, journal):
        with contextlib.suppress(PowerCut):
            await work.take_back(item_of(tag), "drop")
        check_safe_side(journal, tag)
        assert tag.afi == IN or not any(isinstance(f, Return) for f in recorded(journal))
    async with machine(tmp_path, Field(tag), Fuse()) as (work, journal):
        check_safe_side(journal, tag)
        assert (await work.take_back(item_of(tag), "drop")).secured
        assert tag.afi == IN
        assert journal.open_tasks() == []


@pytest.mark.parametrize("step", range(ONE_TOO_MANY))
@pytest.mark.parametrize("verb", ["lend", "take_back"])
async def test_a_power_cut_between_the_tags_of_a_set_leaves_each_on_the_safe_side(
    tmp_path, step, verb
):
    pair = [Tag(UID, afi=IN), Tag(bytes.fromhex("E004010000000002"), afi=IN)]
    if verb == "take_back":
        async with machine(tmp_path, Field(*pair), Fuse()) as (work, _):
            await work.lend(item_of(*pair), "c1", YES)
    async with machine(tmp_path, Field(*pair), Fuse(step)) as (work, journal):
        with contextlib.suppress(PowerCut):
            args = {"lend": ("c1", YES), "take_back": ("kiosk",)}[verb]
            await getattr(work, verb)(item_of(*pair), *args)
        for tag in pair:
            check_safe_side(journal, tag)
    async with machine(tmp_path, Field(*pair), Fuse()) as (work, journal):
        if verb == "take_back":
            assert (await work.take_back(item_of(*pair), "kiosk")).secured
        await work.heal(item_of(*pair))
        lent = verb == "lend" and any(isinstance(fact, Loan) for fact in recorded(journal))
        assert [tag.afi for tag in pair] == [OUT if lent else IN] * 2
        assert all(task.afi == IN for task in journal.open_tasks())
        assert lent or not journal.open_tasks()


async def test_the_power_cuts_above_reach_beyond_the_last_step(tmp_path):
    for n, verb in enumerate(("lend", "take_back")):
        fuse, tag = Fuse(), Tag(UID, afi=IN)
        tag.afi = OUT if verb == "take_back" else IN
        (tmp_path / verb).mkdir()
        async with machine(tmp_path / verb, Field(tag), fuse) as (work, _):
            args = ("c1", YES) if n == 0 else ("kiosk",)
            await getattr(work, verb)(item_of(tag), *args)
        assert 6 <= fuse.steps < ONE_TOO_MANY


moves = st.tuples(
    st.sampled_from(["lend", "take_back", "heal"]),
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(0, 1)),
)
folders = itertools.count()


@settings(max_examples=25)
@given(st.lists(moves, min_size=1, max_size=6))
def test_no_story_of_loans_returns_tears_and_power_cuts_leaves_the_safe_side(
    tmp_path_factory, story
):
    async def tell():
        folder = tmp_path_factory.mktemp(f"story{next(folders)}")
        tag = Tag(UID, afi=IN)
        for verb, step, tear in story:
            field = Field(tag)
            if tear is not None:
                field.tear_after(UID, tear)
            async with machine(folder, field, Fuse(step)) as (work, journal):
                with contextlib.suppress(PowerCut, JournalError):
                    args = {"lend": ("c1", YES), "take_back": ("kiosk",), "heal": ()}[verb]
                    await getattr(work, verb)(item_of(tag), *args)
                check_safe_side(journal, tag)

    asyncio.run(tell())
