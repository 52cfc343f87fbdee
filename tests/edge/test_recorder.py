import asyncio
import contextlib

from edge.journal import Journal, JournalFullError
from edge.recorder import LIMIT, Recorder
from edge.wire.facts import GateCount, Trouble, Well


@contextlib.asynccontextmanager
async def working(recorder):
    task = asyncio.create_task(recorder.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def count(entered):
    return GateCount(gate="g", entered=entered)


async def test_facts_are_journaled_in_their_order(journal, facts):
    recorder = Recorder(journal)
    async with working(recorder):
        for number in range(1, 50):
            recorder.put(count(number))
        await recorder.drained()
        assert [fact.entered for fact in facts()] == list(range(1, 50))


async def test_what_is_queued_when_the_station_stops_is_journaled(journal, facts):
    recorder = Recorder(journal)
    async with working(recorder):
        await asyncio.sleep(0)
        recorder.put(count(1))
        recorder.put(count(2))
    assert [fact.entered for fact in facts()] == [1, 2]


async def test_a_trouble_is_told_once_and_its_end_only_if_it_was_told(journal, facts):
    recorder = Recorder(journal)
    async with working(recorder):
        recorder.well("g", "tamper")
        recorder.trouble("g", "tamper", "Look.")
        recorder.trouble("g", "tamper", "Look.")
        recorder.well("g", "tamper")
    assert facts() == [
        Trouble(part="g", reason="tamper", why="Look."), Well(part="g", reason="tamper"),
    ]  # fmt: skip


async def test_a_trouble_that_was_told_before_the_restart_is_not_told_again(journal, facts):
    await journal.append(Trouble(part="g", reason="tamper"))
    recorder = Recorder(journal)
    async with working(recorder):
        recorder.trouble("g", "tamper", "Look.")
        recorder.well("g", "tamper")
    assert [type(fact) for fact in facts()] == [Trouble, Well]


async def test_a_fact_without_room_is_logged_and_the_next_is_tried(
    journal, facts, caplog, monkeypatch
):
    append = Journal.append

    async def full_once(self, *facts, **tasks):
        monkeypatch.setattr(Journal, "append", append)
        raise JournalFullError("the disk is full")

    monkeypatch.setattr(Journal, "append", full_once)
    recorder = Recorder(journal)
    async with working(recorder):
        recorder.put(count(1))
        recorder.put(count(2))
        await recorder.drained()
    assert [fact.entered for fact in facts()] == [2]
    assert "GateCount not recorded: the disk is full" in caplog.text


async def test_a_queue_that_runs_over_says_so(journal, caplog):
    recorder = Recorder(journal)
    for number in range(LIMIT + 1):
        recorder.put(count(number))
    assert "does not keep up" in caplog.text
