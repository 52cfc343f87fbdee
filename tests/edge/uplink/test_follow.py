import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.circulation.model import ItemView
from edge.config import UplinkOptions
from edge.replica import Replica
from edge.uplink import follow
from edge.uplink.follow import SLICE, Follow
from edge.uplink.trust import FILE, trust_of
from edge.wire.messages import PARTS_AT_ONCE, Have, Part
from edge.wire.parts import encode_part, with_certificate
from edge.wire.seal import SealError, Trust, seal_from
from edge.wire.slices import cut, name_of
from gateway import pki

AUTHORITY = pki.make_authority("a")
_PAIR = pki.make_signer(AUTHORITY, "centre")
SEAL = seal_from(_PAIR.key_pem, _PAIR.cert_pem)


class Line:
    """A follower, what it asked, and what holds it back."""

    def __init__(self, folder: Path, trust: Trust | None = None) -> None:
        self.asked: list[Have] = []
        self.pressed = self.spent = self.narrow = False
        self.replica = Replica.open(folder / "replica.db", lambda: 1000)
        self.follow = Follow(
            self.replica, "tinh", trust, folder, self.say,
            pressed=lambda: self.pressed, spent=lambda: self.spent, narrow=lambda: self.narrow,
        )  # fmt: skip

    async def say(self, have: Have) -> None:
        self.asked.append(have)

    async def part(self, number: int, count: int, version: int = 9) -> bool:
        items = [ItemView(item=f"B{number}", title="Số đỏ")]
        part = Part(version=version, number=number, count=count, items=items)
        return await self.follow.take(encode_part(part, "tinh"))


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.replica.close()


@asynccontextmanager
async def running(line: Line) -> AsyncIterator[None]:
    task = asyncio.create_task(line.follow.run())
    yield
    task.cancel()
    await asyncio.wait((task,))


async def asked(line: Line, count: int) -> None:
    async with asyncio.timeout(20):
        while len(line.asked) < count:  # noqa: ASYNC110 - several tasks
            await asyncio.sleep(0.01)


async def test_the_next_parts_are_asked_for_when_those_of_a_question_are_here(line: Line) -> None:
    async with running(line):
        await asked(line, 1)
        for number in range(PARTS_AT_ONCE):
            await line.part(number, 10)
        await asked(line, 2)
        assert (line.asked[1].snapshot, line.asked[1].parts) == (9, [*range(PARTS_AT_ONCE)])
        await line.part(8, 10)
        await line.part(9, 10)
        await asked(line, 3)
        assert line.asked[2] == Have(version=9), "what changed meanwhile?"


async def test_parts_that_do_not_come_are_asked_for_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "STALLED", 0.05)
    async with running(line):
        await asked(line, 1)
        await line.part(0, 3)
        await line.part(2, 3)
        await asked(line, 2)
    assert (line.asked[1].version, line.asked[1].parts) == (0, [0, 2])


async def test_a_new_connection_goes_on_with_the_parts_that_are_here(line: Line) -> None:
    async with running(line):
        await asked(line, 1)
        await line.part(1, 3)
    async with running(line):
        await asked(line, 2)
    assert line.asked[1].parts == [1]


async def test_the_copy_waits_while_the_budget_is_spent(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "LOOK", 0.01)
    line.spent = True
    async with running(line):
        await asyncio.sleep(0.1)
        assert line.asked == []
        line.spent = False
        await asked(line, 1)


async def test_a_slow_link_carries_facts_first_but_not_for_ever(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.pressed = True
    monkeypatch.setattr(follow, "HELD_BACK", 0.3)
    async with running(line):
        await asyncio.sleep(0.05)
        assert line.asked == []
        await asked(line, 1)


async def test_an_unknown_key_of_the_centre_is_asked_for_and_kept(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(AUTHORITY.cert_pem)
    options = UplinkOptions(ca=tmp_path / "ca.crt")
    data = tmp_path / "data"
    data.mkdir()
    line = Line(data, trust_of(options, data))
    news = encode_part(Part(version=9, items=[ItemView(item="B1", title="Số đỏ")]), "tinh", SEAL)
    try:
        async with running(line):
            await asked(line, 1)
            assert line.asked[0].key == ""
            assert not await line.follow.take(news)
            await asked(line, 2)
            assert await line.follow.take(with_certificate(news, SEAL.cert))
            with pytest.raises(SealError):
                await line.follow.take(encode_part(Part(version=10), "tinh"))
        assert line.replica.version == 9
    finally:
        line.replica.close()
    assert (data / FILE).exists()
    again = trust_of(options, data)
    assert again is not None
    assert again.newest == SEAL.name


async def test_a_note_does_not_wait_for_a_part_that_is_being_written(line: Line) -> None:
    """A thread that holds the copy's file never holds up the event loop."""
    from edge.wire.batch import Event, Stamp
    from edge.wire.facts import Loan

    loan = Loan(item="B1", card="c", due=5)
    event = Event(seq=1, id="id-1", at=Stamp(wall=1, mono=1, boot="b"), fact=loan)
    with line.replica._lock:
        noted = asyncio.create_task(asyncio.to_thread(line.replica.note, event))
        async with asyncio.timeout(20):
            await noted
        assert line.replica.loan("B1") is not None
        assert line.replica.lent_unsettled("c") == 1
        assert [one.item for one in line.replica.loans_of("c")] == ["B1"]
    await line.part(0, 1)
    row = line.replica._reader.execute("SELECT seq FROM overlay WHERE item = 'B1'").fetchone()
    assert row == (1,), "whoever had the file wrote it down"


async def test_a_narrow_link_gets_slices_and_a_cut_costs_no_more_than_one(line: Line) -> None:
    line.narrow = True
    message = encode_part(
        Part(version=9, number=0, count=1, items=[
            ItemView(item=f"B{n}", title=f"{n * 7919}" * 3) for n in range(1500)
        ]), "tinh",
    )  # fmt: skip
    slices = cut(message, SLICE)
    async with running(line):
        await asked(line, 1)
        assert (line.asked[0].slice, line.asked[0].got) == (SLICE, 0)
        for one in slices[:3]:
            assert await line.follow.take(one)
    async with running(line):
        await asked(line, 2)
        assert (line.asked[1].cut, line.asked[1].got) == (name_of(message), 3 * SLICE)
        for one in cut(message, SLICE, line.asked[1].got):
            await line.follow.take(one)
        assert line.replica.version == 9
        await asked(line, 3)
    assert (line.asked[2].cut, line.asked[2].got) == ("", 0)
