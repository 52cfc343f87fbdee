"""A history that the ledger does not know is told to staff, and is over when they say so."""

from typing import Any

import pytest

from edge.doctor import journal as doctor
from edge.doctor.model import Finding
from edge.journal import Journal
from edge.uplink import astray
from edge.wire.batch import decode_event
from edge.wire.facts import Return, Trouble
from edge.wire.messages import Cursor

WEEK = 7 * 86_400


def facts(journal: Journal) -> list[Any]:
    return [decode_event(body).fact for _, body in journal.waiting(0)]


async def test_an_older_image_of_the_card_is_told_to_staff_and_stays_open(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    told = facts(journal)
    assert [(fact.part, fact.reason) for fact in told] == [("journal", "old_image")] * 2
    assert all(isinstance(fact, Trouble) for fact in told), "each time counts on the worklist"
    assert "older image of the storage" in caplog.text
    assert astray.open_reasons(journal) == ["old_image"]


async def test_a_ledger_that_lacks_what_is_kept_no_more_is_told_with_how_much(
    journal: Journal, hands: Any
) -> None:
    for n in range(5):
        await journal.append(Return(item=f"B{n}"))
    await journal.acknowledge(journal.epoch, 4)
    await journal.tend(30)
    hands.pass_time(40 * 86_400)
    await journal.tend(30)
    await astray.ledger_older(journal, Cursor(epoch=journal.epoch, seq=1))
    assert facts(journal)[-1].why == "The ledger lacks 3 facts of this machine."
    assert astray.open_reasons(journal) == ["ledger_older"]


async def test_it_is_over_when_staff_say_so(journal: Journal) -> None:
    await astray.settle(journal)
    assert facts(journal) == []
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    await astray.settle(journal)
    assert astray.open_reasons(journal) == []
    assert [type(fact).__name__ for fact in facts(journal)] == ["Trouble", "Well"]


async def test_it_is_over_by_itself_after_a_week_without_another_sign(
    journal: Journal, hands: Any
) -> None:
    now = lambda: int(hands.wall * 1000)  # noqa: E731
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    hands.pass_time(WEEK - 5)
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    hands.pass_time(10)
    await astray.settle(journal, now())
    assert astray.open_reasons(journal) == ["old_image"]
    hands.pass_time(WEEK)
    await astray.settle(journal, now())
    assert astray.open_reasons(journal) == []


async def test_the_doctor_says_what_it_is_and_what_to_do(journal: Journal, tmp_path: Any) -> None:
    found: list[Finding] = []
    await astray.old_image(journal, Cursor(epoch=journal.epoch, seq=9), 3)
    await journal.append(Trouble(part="printer", reason="paper_out"))
    rest = doctor.look(found.append, tmp_path)
    assert rest == [("printer", "paper_out")]
    assert [(one.level, one.key) for one in found][-1] == ("warn", "journal_old_image")
