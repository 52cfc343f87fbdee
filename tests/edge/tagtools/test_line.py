import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags import decode, write_plan
from drivers.testing.tag15693 import Tag
from edge.tagtools import screen
from edge.tagtools.intents import Intent, Intents, IntentsError
from edge.tagtools.line import Line, Order
from edge.tagtools.log import Log, Row
from edge.tagtools.testing import OWNER, UID, Pad, written
from edge.tagtools.work import Rules, TagBench

UIDS = [UID[:-1] + bytes((n,)) for n in range(1, 9)]


class Operator:
    """Scans codes and moves items as the line asks for it."""

    def __init__(self, pad: Pad, *script: tuple[str, Callable[[], Any] | str | None]) -> None:
        self._pad = pad
        self._script = list(script)
        self._codes: asyncio.Queue[str | None] = asyncio.Queue()
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)
        if not self._script:
            if text == "scan a code":
                self._codes.put_nowait(None)
            return
        word, deed = self._script[0]
        if word in text:
            self._script.pop(0)
            if callable(deed):
                deed()
            else:
                self._codes.put_nowait(deed)

    async def code(self) -> str | None:
        return await self._codes.get()

    @property
    def done(self) -> bool:
        return not self._script


def swap(pad: Pad, *tags: Tag) -> Callable[[], None]:
    def do() -> None:
        pad.field.clear()
        for tag in tags:
            pad.field.put(tag)

    return do


Run = Callable[..., Awaitable[list[Row]]]


@pytest.fixture
def run(pad: Pad, intents: Intents) -> Run:
    async def line(
        operator: Operator, order: Order | None = None, rules: Rules | None = None, **more: Any
    ) -> list[Row]:
        rows: list[Row] = []
        log = Log(more.get("path"), rows.append)
        codes = None if more.get("from_tag") else operator.code
        bench = TagBench(pad.reader, intents, rules)
        work = Line(bench, order or Order(OWNER), codes, log, operator.say, pause=0.001)
        await asyncio.wait_for(work.run(), 10)
        assert operator.done, operator.heard
        return rows

    return line


def said(tag: Tag) -> str | None:
    return decode(bytes(tag.memory), dsfid=tag.dsfid).item_id


async def test_code_in_tag_written_next(pad: Pad, run: Run, tmp_path: Path) -> None:
    tags = [Tag(uid) for uid in UIDS[:3]]
    script: list[Any] = []
    for number, tag in enumerate(tags):
        item = f"VN{number:06}"
        script += [("scan", item), ("take the last" if number else "lay", swap(pad, tag))]
    path = tmp_path / "today.csv"
    rows = await run(Operator(pad, *script), path=path)
    assert [said(tag) for tag in tags] == ["VN000000", "VN000001", "VN000002"]
    assert [row.result for row in rows] == ["written"] * 3
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert [(line["item"], line["uid"], line["result"]) for line in lines] == [
        (f"VN{n:06}", UIDS[n].hex().upper(), "written") for n in range(3)
    ]
    assert {line["format"] for line in lines} == {"iso28560-3"}


async def test_an_item_taken_too_early_is_finished_when_it_is_back(pad: Pad, run: Run) -> None:
    tag = Tag(UID)

    def lay_and_tear() -> None:
        pad.field.put(tag)
        pad.field.tear_after(UID, 3)

    operator = Operator(
        pad, ("scan", "VN000001"), ("lay", lay_and_tear), ("put it back", swap(pad, tag))
    )
    [row] = await run(operator)
    assert (row.item, row.result, said(tag)) == ("VN000001", "resumed", "VN000001")


async def test_another_tag_does_not_get_the_rest_of_a_torn_one(pad: Pad, run: Run) -> None:
    tag, stranger = Tag(UIDS[0]), Tag(UIDS[1])

    def lay_and_tear() -> None:
        pad.field.put(tag)
        pad.field.tear_after(tag.uid, 3)

    def wrong_one() -> None:
        pad.field.put(stranger)
        asyncio.get_running_loop().call_later(0.05, swap(pad, tag))

    operator = Operator(
        pad, ("scan", "VN000001"), ("lay", lay_and_tear), ("put it back", wrong_one)
    )
    await run(operator)
    assert (said(tag), any(stranger.memory)) == ("VN000001", False)


async def test_two_tags_are_never_written(pad: Pad, run: Run) -> None:
    tags = [Tag(uid) for uid in UIDS[:2]]
    operator = Operator(
        pad,
        ("scan", "VN000001"),
        ("lay", swap(pad, *tags)),
        ("2 tags: leave only one", swap(pad, tags[0])),
    )
    [row] = await run(operator)
    assert row.uid == UIDS[0].hex().upper()
    assert not any(tags[1].memory)


async def test_the_item_that_is_done_must_be_taken_away_first(pad: Pad, run: Run) -> None:
    first, second = Tag(UIDS[0]), Tag(UIDS[1])
    operator = Operator(
        pad,
        ("scan", "VN000001"),
        ("lay", swap(pad, first)),
        ("scan", "VN000002"),
        ("VN000002: take the last one away", swap(pad)),
        ("VN000002: lay", swap(pad, second)),
    )
    await run(operator)
    assert (said(first), said(second)) == ("VN000001", "VN000002")


async def test_a_tag_of_another_item_is_refused_and_kept(pad: Pad, run: Run) -> None:
    theirs = written("VN999999")
    operator = Operator(pad, ("scan", "VN000001"), ("lay", swap(pad, theirs)))
    [row] = await run(operator)
    assert (row.result, said(theirs)) == ("refused", "VN999999")
    assert "belongs to item VN999999" in row.detail


async def test_a_number_is_written_once_in_a_run(pad: Pad, run: Run) -> None:
    operator = Operator(
        pad,
        ("scan", "VN000001"),
        ("lay", swap(pad, Tag(UID))),
        ("scan", "VN000001"),
        ("scan", "R0001"),
        ("scan", "skip"),
    )
    rows = await run(operator, Order(OWNER, pattern=r"VN\d{6}"))
    assert [row.result for row in rows] == ["written", "refused", "refused"]


async def test_a_dry_run_changes_nothing(pad: Pad, run: Run, intents: Intents) -> None:
    tag = Tag(UID)
    operator = Operator(pad, ("scan", "VN000001"), ("lay", swap(pad, tag)))
    [row] = await run(operator, Order(OWNER, dry_run=True))
    assert row.result == "would_write"
    assert row.blocks > 4
    assert decode(bytes.fromhex(row.detail)).item_id == "VN000001"
    assert not any(tag.memory)
    assert intents.all() == []


async def test_tags_are_rewritten_in_another_model_with_all_they_say(pad: Pad, run: Run) -> None:
    tags = [written(f"VN{n:06}", "iso28560-2", UIDS[n], afi=0xC2) for n in range(3)]
    script = [("lay an item", swap(pad, tags[0]))]
    script += [("done: take", swap(pad, tag)) for tag in tags[1:]]
    rows = await run(
        Operator(pad, *script), Order(count=3), Rules(format="iso28560-3"), from_tag=True
    )
    assert [row.result for row in rows] == ["written"] * 3
    for number, tag in enumerate(tags):
        content = decode(bytes(tag.memory), dsfid=tag.dsfid)
        assert (content.format, content.item_id, content.owner) == (
            "iso28560-3", f"VN{number:06}", OWNER,
        )  # fmt: skip
        assert tag.afi == 0xC2


async def test_a_right_tag_is_not_written_again(pad: Pad, run: Run) -> None:
    operator = Operator(pad, ("scan", "VN000001"), ("lay", swap(pad, written("VN000001"))))
    [row] = await run(operator)
    assert (row.result, row.blocks) == ("unchanged", 0)


def test_the_log_goes_on_in_its_file_and_keeps_formulas_out(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for item in ("VN1", "=1+1"):
        log = Log(path)
        log(Row(item, "E0", "written", seconds=1.5))
        log(Row(item, "E0", "refused"))
        assert (log.good, log.summary()) == (1, "1 refused, 1 written")
    assert [row["item"] for row in csv.DictReader(path.read_text().splitlines())] == [
        "VN1",
        "VN1",
        "'=1+1",
        "'=1+1",
    ]


def test_a_file_of_open_work_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database" * 100)
    with pytest.raises(IntentsError, match="--intents"):
        Intents(bad)
    with pytest.raises(IntentsError, match="--intents"):
        Intents(bad / "below")


def test_a_terminal_shows_counts_that_move(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with screen.shown(2) as shown:
        log = Log(told=shown.row)
        shown.say("VN000001: lay the item down")
        log(Row("VN000001", "E0", "written", "iso28560-3", 9))
        log(Row("VN000002", "E0", "refused", detail="this tag belongs to item [VN9]"))
        shown.end(log.summary())
    told = capsys.readouterr().err
    assert "VN000001  E0  written (iso28560-3, 9 blocks)" in told
    assert "item [VN9]" in told
    assert "1/2" in told


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.data())
def test_a_memory_belongs_to_a_write_wherever_it_was_torn(
    before: bytes, image: bytes, data: st.DataObject
) -> None:
    intent = Intent(UID, "VN000001", 4, before, image)
    memory = bytearray(before)
    steps = write_plan(before, image, 4)
    for block, content in steps[: data.draw(st.integers(0, len(steps)))]:
        memory[block * 4 : block * 4 + 4] = content
    assert intent.belongs(bytes(memory))
    assert not intent.belongs(bytes(memory[:-4]))
