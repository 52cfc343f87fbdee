from pathlib import Path
from typing import Any

import pytest

from drivers.errors import RefusedError, TagLostError
from drivers.tags import DSFID, FORMATS, Format, NewTag, TagError, decode
from drivers.testing.tag15693 import Tag
from edge.tagtools.intents import Intents
from edge.tagtools.testing import OWNER, UID, Pad, written
from edge.tagtools.work import NotTakenError, OtherItemError, Outcome, Rules, TagBench, faults

NEW = NewTag("VN000123", OWNER)


async def put(bench: TagBench, tag: NewTag = NEW) -> Outcome:
    found = await bench.read(UID)
    return await bench.write(bench.plan(found, tag))


def said(tag: Tag) -> str | None:
    return decode(bytes(tag.memory), dsfid=tag.dsfid).item_id


@pytest.mark.parametrize("model", FORMATS)
async def test_a_blank_tag_is_written_labelled_and_armed(
    pad: Pad, intents: Intents, model: Format
) -> None:
    tag = Tag(UID)
    pad.field.put(tag)
    new = NewTag("VN000123", "" if model == "3m-rfid501" else OWNER)
    bench = TagBench(pad.reader, intents, Rules(format=model))
    assert await put(bench, new) is Outcome.WRITTEN
    assert (said(tag), tag.dsfid, tag.afi) == ("VN000123", DSFID[model], 0x07)
    assert faults(await bench.read(UID), Rules(), "VN000123") == []
    assert intents.all() == []
    assert await put(bench, new) is Outcome.UNCHANGED


async def test_a_model_without_a_place_for_the_owner_is_refused_by_name(
    pad: Pad, intents: Intents
) -> None:
    pad.field.put(Tag(UID))
    bench = TagBench(pad.reader, intents, Rules(format="3m-rfid501"))
    with pytest.raises(TagError, match=f"cannot say that the owner is {OWNER}"):
        await put(bench, NewTag("VN000123", OWNER))
    assert intents.all() == []


async def writes_of(pad: Pad, intents: Intents, old: Tag, rules: Rules) -> int:
    """Return how many writes the whole work takes."""
    pad.field.put(old)
    count = 0
    real = pad.field.reach_for_write

    def counting(uid: bytes) -> Tag | None:
        nonlocal count
        count += 1
        return real(uid)

    pad.field.reach_for_write = counting  # type: ignore[method-assign]
    await put(TagBench(pad.reader, intents, rules))
    pad.field.reach_for_write = real  # type: ignore[method-assign]
    pad.field.clear()
    return count


@pytest.mark.parametrize(
    ("before", "after"),
    [("blank", "iso28560-3"), ("iso28560-2", "iso28560-3"), ("iso28560-3", "iso28560-2"),
     ("iso28560-2", "iso28560-2"), ("3m-rfid501", "iso28560-3")],
)  # fmt: skip
async def test_torn_at_any_write_a_tag_never_says_a_wrong_number_and_is_finished_later(
    pad: Pad, path: Path, before: Any, after: Format
) -> None:
    def old() -> Tag:
        return Tag(UID) if before == "blank" else written("VN999999", before)

    rules = Rules(format=after, overwrite=True)
    with Intents(path) as intents:
        total = await writes_of(pad, intents, old(), rules)
    assert total >= 3
    for survived in range(total):
        tag = old()
        was = said(tag)
        pad.field.put(tag)
        pad.field.tear_after(UID, survived)
        with Intents(path) as intents, pytest.raises(TagLostError):
            await put(TagBench(pad.reader, intents, rules))
        assert said(tag) in (None, was, NEW.item_id), survived
        pad.field.put(tag)
        with Intents(path) as intents:  # another day, another process
            bench = TagBench(pad.reader, intents, rules)
            assert bench.open_item(UID) == NEW.item_id
            assert await bench.resume(UID) is Outcome.RESUMED
            assert intents.all() == []
        assert (said(tag), tag.dsfid, tag.afi) == (NEW.item_id, DSFID[after], 0x07), survived
        pad.field.clear()


async def test_torn_twice_is_finished_the_third_time(pad: Pad, intents: Intents) -> None:
    tag = Tag(UID)
    bench = TagBench(pad.reader, intents)
    for survived in (3, 2):
        pad.field.put(tag)
        pad.field.tear_after(UID, survived)
        with pytest.raises(TagLostError):
            await (bench.resume(UID) if intents.of(UID) else put(bench))
    pad.field.put(tag)
    assert await bench.resume(UID) is Outcome.RESUMED
    assert said(tag) == "VN000123"


async def test_a_tag_that_somebody_else_wrote_since_is_left_alone(
    pad: Pad, intents: Intents
) -> None:
    tag = Tag(UID)
    pad.field.put(tag)
    pad.field.tear_after(UID, 3)
    bench = TagBench(pad.reader, intents)
    with pytest.raises(TagLostError):
        await put(bench)
    theirs = written("VN777777")
    pad.field.put(theirs)
    assert await bench.resume(UID) is Outcome.GIVEN_UP
    assert said(theirs) == "VN777777"
    assert intents.all() == []


async def test_a_tag_that_refuses_a_block_gets_back_what_it_held(
    pad: Pad, intents: Intents
) -> None:
    tag = written("VN999999", "iso28560-2")
    tag.locked = {2}
    before = bytes(tag.memory)
    pad.field.put(tag)
    with pytest.raises(RefusedError, match="block 2"):
        await put(TagBench(pad.reader, intents, Rules(overwrite=True, format="iso28560-3")))
    assert bytes(tag.memory) == before
    assert intents.all() == []


async def test_a_worn_tag_is_not_called_good(pad: Pad, intents: Intents) -> None:
    class Worn(Tag):
        def put_block(self, number: int, data: bytes) -> None:
            if number != 1:
                super().put_block(number, data)

    pad.field.put(Worn(UID))
    with pytest.raises(NotTakenError, match="blocks 1 do not keep"):
        await put(TagBench(pad.reader, intents))
    assert [one.item for one in intents.all()] == ["VN000123"]


@pytest.mark.parametrize(
    ("tag", "word"),
    [
        (written("VN999999"), "belongs to item VN999999"),
        (Tag(UID, bytearray(b"\x55\xaa" * 56)), "do not know"),
    ],
    ids=["other", "unknown"],
)
async def test_what_is_not_ours_to_write_is_left_alone(
    pad: Pad, intents: Intents, tag: Tag, word: str
) -> None:
    pad.field.put(tag)
    before = bytes(tag.memory)
    with pytest.raises(OtherItemError, match=word):
        await put(TagBench(pad.reader, intents))
    assert bytes(tag.memory) == before
    assert await put(TagBench(pad.reader, intents, Rules(overwrite=True))) is Outcome.WRITTEN


async def test_a_readers_card_is_no_book(pad: Pad, intents: Intents) -> None:
    pad.field.put(Tag(UID))
    bench = TagBench(pad.reader, intents)
    await put(bench, NewTag("R0001", OWNER, usage=0x80))
    with pytest.raises(OtherItemError, match="reader's card"):
        await put(bench, NewTag("R0001", OWNER))


async def test_nothing_of_the_item_before_is_left_but_a_vendors_mark(
    pad: Pad, intents: Intents
) -> None:
    tag = Tag(UID)
    pad.field.put(tag)
    bench = TagBench(pad.reader, intents, Rules(overwrite=True))
    await put(bench, NewTag("VN999999", OWNER, elements={"title": "Truyện Kiều, bản 1902"}))
    tag.memory[-4:] = b"MARK"
    await put(bench)
    assert bytes(tag.memory[-4:]) == b"MARK"
    assert b"Ki" not in bytes(tag.memory[:-4])


async def test_a_number_that_does_not_fit_changes_nothing(pad: Pad, intents: Intents) -> None:
    tag = Tag(UID, bytearray(32))
    pad.field.put(tag)
    with pytest.raises(TagError):
        await put(TagBench(pad.reader, intents), NewTag("X" * 60, OWNER))
    assert not any(tag.memory)
    assert intents.all() == []


@pytest.mark.parametrize(
    ("afi", "now", "wanted"),
    [("auto", 0x00, 0x07), ("auto", 0xC2, 0xC2), ("auto", 0x07, 0x07), ("in", 0xC2, 0x07),
     ("out", 0x07, 0xC2), ("keep", 0x00, 0x00)],
)  # fmt: skip
async def test_the_security_byte_is_as_asked(
    pad: Pad, intents: Intents, afi: str, now: int, wanted: int
) -> None:
    tag = Tag(UID, afi=now)
    pad.field.put(tag)
    await put(TagBench(pad.reader, intents, Rules(afi=afi)))
    assert tag.afi == wanted


async def test_labels_alone_are_put_right(pad: Pad, intents: Intents) -> None:
    tag = written("VN000123", afi=0x55)
    tag.dsfid = 0
    pad.field.put(tag)
    bench = TagBench(pad.reader, intents)
    assert faults(await bench.read(UID), Rules()) == [
        "DSFID is 00 and not 3E",
        "AFI is 55, which is neither in stock nor on loan",
    ]
    assert await bench.set_labels(await bench.read(UID))
    assert (tag.dsfid, tag.afi) == (0x3E, 0x07)
    assert not await bench.set_labels(await bench.read(UID))


async def test_faults_say_what_is_wrong(pad: Pad, intents: Intents) -> None:
    bench = TagBench(pad.reader, intents)
    damaged = written("VN000123")
    damaged.memory[5] ^= 1
    for tag, words in (
        (Tag(UID), "blank"),
        (damaged, "damaged"),
        (written("VN000124"), "expected was VN000123"),
    ):
        pad.field.clear()
        pad.field.put(tag)
        assert words in faults(await bench.read(UID), Rules(), "VN000123")[0]
    assert "owner is VN-HNLIB" in faults(await bench.read(UID), Rules(owner="VN-X"))[0]


async def test_a_whole_shelf_of_block_sizes_is_written(pad: Pad, intents: Intents) -> None:
    for block_size, size in ((4, 32), (8, 256), (4, 316)):
        pad.field.clear()
        tag = Tag(UID, bytearray(size), block_size)
        pad.field.put(tag)
        assert await put(TagBench(pad.reader, intents)) is Outcome.WRITTEN
        assert said(tag) == "VN000123"
