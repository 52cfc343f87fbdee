from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.circulation.model import ItemView, LoanView, ReaderView, Verdict
from edge.clock import Clock
from edge.desk import Desk
from edge.replica import Replica
from edge.wire.batch import Event, Stamp
from edge.wire.facts import Loan, card_ref
from edge.wire.messages import Answer, Ask, Holding, Part

KEY = b"k" * 32
CARD = card_ref(KEY, "10203040")
UID = card_ref(KEY, "UID:04A1")
DAY = 86_400_000
NOW = 1_795_000_000_000
AN = ReaderView(card=CARD, reader="r1")


class Far:
    """The centre, as far as the desk can tell: it answers, refuses or is silent."""

    def __init__(self) -> None:
        self.connected = True
        self.heard_ms = 0
        self.asked: list[Ask] = []
        self.answer: Callable[[Ask], Answer | None] = lambda _: None

    async def ask(self, question: Ask, seconds: float) -> Answer | None:
        assert seconds == (3.0 if question.what == "pin" else 0.8)
        self.asked.append(question)
        return self.answer(question)


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def replica(tmp_path: Path, clock: Clock) -> Iterator[Replica]:
    replica = Replica.open(tmp_path / "replica.db", clock.now_ms)
    replica.apply(
        Part(
            version=5,
            items=[ItemView(item="b1", title="Số đỏ"), ItemView(item="b2", title="Dế mèn")],
            readers=[AN, ReaderView(card="old", reader="r2", expires=NOW - DAY)],
            loans=[LoanView(item="b2", reader="r1", due=NOW + DAY)],
            policy={"version": 1, "groups": {"adult": {"limit": 5, "days": 14, "renewals": 2}}},
            made=NOW,
        )
    )
    yield replica
    replica.close()


@pytest.fixture
def desk(replica: Replica, clock: Clock, far: Far) -> Desk:
    return Desk(KEY, replica, clock, far)


def test_a_card_is_only_ever_a_reference(desk: Desk) -> None:
    assert desk.card_ref(" 10203040 ") == CARD
    assert len(CARD) == 32


async def test_the_centre_says_whose_card_it_is(desk: Desk, far: Far) -> None:
    far.answer = lambda ask: Answer(
        id=ask.id,
        reader=AN if ask.card == CARD else None,
        name="An",
        fees=2000,
        holds=[Holding(item="b9", title="T", ready=True)],
        error="" if ask.card == CARD else "unknown_card",
    )
    visitor = await desk.reader(["UID:04A1", "10203040"])
    assert (visitor.card, visitor.reader, visitor.name) == (CARD, AN, "An")
    assert (visitor.refusal, visitor.online, visitor.fees) == ("", True, 2000)
    assert [ask.card for ask in far.asked] == [UID, CARD]
    assert len({ask.id for ask in far.asked}) == 2


async def test_a_card_nobody_knows_is_refused(desk: Desk, far: Far) -> None:
    far.answer = lambda ask: Answer(id=ask.id, error="unknown_card")
    visitor = await desk.reader(["77"])
    assert (visitor.reader, visitor.refusal, visitor.online) == (None, "unknown_card", True)


async def test_a_reader_whose_membership_ended_is_known_and_refused(desk: Desk, far: Far) -> None:
    ended = ReaderView(card=CARD, reader="r1", expires=NOW - 1)
    far.answer = lambda ask: Answer(id=ask.id, reader=ended)
    visitor = await desk.reader(["10203040"])
    assert (visitor.reader, visitor.refusal) == (ended, "expired")


async def test_alone_the_local_copy_says_whose_card_it_is(desk: Desk, far: Far) -> None:
    far.connected = False
    visitor = await desk.reader(["UID:04A1", "10203040"])
    assert visitor.reader is not None
    assert (visitor.card, visitor.online, visitor.name) == (CARD, False, "")
    assert [loan.item for loan in visitor.loans] == ["b2"]
    assert far.asked == []


async def test_alone_an_unknown_card_is_only_unverified(desk: Desk, far: Far) -> None:
    far.connected = False
    assert (await desk.reader(["77"])).refusal == "card_unverified"
    assert (await desk.reader([])).refusal == "card_unverified"


async def test_a_village_may_trust_a_card_it_cannot_check(
    desk: Desk, far: Far, replica: Replica
) -> None:
    far.connected = False
    replica.apply(Part(version=6, start=5, policy={"offline_trust": True}, made=NOW))
    visitor = await desk.reader(["77"])
    assert visitor.refusal == ""
    assert visitor.reader is not None
    assert [verdict.ok for verdict in await desk.lend(visitor.card, ["b1"])] == [True]


async def test_a_card_nobody_could_check_has_its_limit_in_an_outage_too(
    desk: Desk, far: Far, replica: Replica
) -> None:
    far.connected = False
    policy = {"offline_trust": True, "offline_limit": 2}
    items = [ItemView(item=f"n{n}", title="") for n in range(4)]
    replica.apply(Part(version=6, start=5, items=items, policy=policy, made=NOW))
    card = (await desk.reader(["77"])).card
    for n in range(2):
        [verdict] = await desk.lend(card, [f"n{n}"])
        assert verdict.ok
        stamp = Stamp(wall=NOW, mono=1, boot="b")
        replica.note(Event(seq=n + 1, id="", at=stamp, fact=Loan(item=f"n{n}", card=card, due=1)))
    assert [one.reason for one in await desk.lend(card, ["n3"])] == ["offline_limit"]
    assert [one.reason for one in await desk.lend(desk.card_ref("78"), ["n3"])] == [""]


async def test_the_centre_decides_when_it_answers(desk: Desk, far: Far) -> None:
    far.answer = lambda ask: Answer(
        id=ask.id, verdicts=[Verdict(item=one, ok=False, reason="held") for one in ask.items]
    )
    verdicts = await desk.lend(CARD, ["b1"])
    assert verdicts.online
    assert verdicts[0].reason == "held"
    assert far.asked[0].what == "lend"


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: None,
        lambda ask: Answer(id=ask.id, error="busy"),
        lambda ask: Answer(id=ask.id),
        lambda ask: Answer(id=ask.id, verdicts=[Verdict(item="other", ok=True)]),
    ],
    ids=["silence", "error", "no verdict", "verdict on something else"],
)
async def test_without_a_usable_answer_the_desk_decides_alone(
    desk: Desk, far: Far, answer: Callable[[Ask], Answer | None]
) -> None:
    far.answer = answer
    verdicts = await desk.lend(CARD, ["b1", "b2", "nowhere"])
    assert not verdicts.online
    assert [(one.ok, one.reason) for one in verdicts] == [
        (True, ""),
        (False, "already_yours"),
        (False, "unknown_item"),
    ]
    assert verdicts[0].due > NOW + 13 * DAY


async def test_a_card_that_was_taken_away_meanwhile_gets_nothing(desk: Desk, far: Far) -> None:
    far.answer = lambda ask: Answer(id=ask.id, error="unknown_card")
    verdicts = await desk.lend(CARD, ["b1"])
    assert (verdicts.online, verdicts[0].reason) == (True, "unknown_card")


async def test_after_a_silence_nobody_waits_again_until_the_centre_is_heard(
    desk: Desk, far: Far, hands: object
) -> None:
    await desk.lend(CARD, ["b1"])
    assert not desk.online
    await desk.lend(CARD, ["b1"])
    assert len(far.asked) == 1
    hands.pass_time(11)  # type: ignore[attr-defined]
    assert desk.online
    await desk.lend(CARD, ["b1"])
    assert len(far.asked) == 2
    assert not desk.online
    hands.pass_time(1)  # type: ignore[attr-defined]
    far.heard_ms = 62_000
    assert desk.online


async def test_a_reader_the_centre_knew_is_still_known_when_it_falls_silent(
    desk: Desk, far: Far, hands: object
) -> None:
    new = ReaderView(card=desk.card_ref("99"), reader="r9")
    far.answer = lambda ask: Answer(id=ask.id, reader=new)
    visitor = await desk.reader(["99"])
    far.connected = False
    assert (await desk.lend(visitor.card, ["b1"]))[0].ok
    hands.pass_time(16 * 60)  # type: ignore[attr-defined]
    assert (await desk.lend(visitor.card, ["b1"]))[0].reason == "card_unverified"


async def test_alone_a_renewal_is_never_promised(desk: Desk, far: Far) -> None:
    far.connected = False
    assert [one.reason for one in await desk.renew(CARD, ["b2"])] == ["needs_network"]


async def test_the_centre_renews(desk: Desk, far: Far) -> None:
    far.answer = lambda ask: Answer(id=ask.id, verdicts=[Verdict(item="b2", ok=True, due=NOW)])
    verdicts = await desk.renew(CARD, ["b2"])
    assert (verdicts.online, verdicts[0].due) == (True, NOW)


async def test_what_comes_back_is_known_from_the_centre_or_from_here(desk: Desk, far: Far) -> None:
    fresh = ItemView(item="b1", title="Số đỏ", held=True)
    far.answer = lambda ask: Answer(id=ask.id, items=[fresh])
    views = await desk.take_back(["b1", "b2", "nowhere"])
    assert views[0] == fresh
    assert views[1] is not None
    assert views[1].title == "Dế mèn"
    assert views[2] is None
    assert desk.item("b2") == views[1]
