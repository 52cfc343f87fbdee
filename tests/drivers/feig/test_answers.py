import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DriverError, FrameError, RefusedError, TagLostError
from drivers.feig import answers, commands
from drivers.feig.answers import Blocks, BufferPage, Inventory, Passage, People, Reply, Version
from drivers.feig.commands import Command
from drivers.feig.fields import Fields
from drivers.feig.frames import Cutter, Frame
from drivers.feig.status import IsoError, Status, TagRefusedError, trouble, words
from drivers.ports import AirTag, SeenTag, Sighting, TagInfo

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
UID = bytes.fromhex("E004015012345678")


def vector(name: str) -> Frame:
    told = VECTORS[name]
    [frame] = Cutter(replies=told["dir"] == "reader>host").feed(bytes.fromhex(told["hex"]))
    assert isinstance(frame, Frame)
    return frame


def reply(name: str) -> Reply:
    data = vector(name).data
    return Reply(data[0], data[1:])


SAID: dict[str, tuple[Command[Any], object]] = {
    "GetSoftwareVersion rsp std": (commands.VERSION, Version(0x0303, 0x44, 0x53, 0x0D30)),
    "Inventory rsp ISO15693 std": (
        commands.INVENTORY,
        Inventory([SeenTag(bytes.fromhex("E0040150A05F02B7"), 0)]),
    ),
    "Inventory rsp ISO14443B adv": (commands.INVENTORY, Inventory([], others=1)),
    "No transponder rsp std": (commands.INVENTORY, Inventory()),
    "Inventory 2 tags + more data": (
        commands.INVENTORY,
        Inventory(
            [SeenTag(UID, 0x3E), SeenTag(bytes.fromhex("E0040150AABBCCDD"), 0x3E)], more=True
        ),
    ),
    "Select rsp": (commands.SELECT, None),
    "GetSystemInfo rsp": (commands.SYSTEM_INFO, TagInfo(UID, 0x3E, 0x07, 4, 28, 1)),
    "ReadMultipleBlocks rsp 3 blocks": (
        commands.READ_BLOCKS,
        Blocks(
            4,
            [bytes((4, 3, 2, 1)), bytes((8, 7, 6, 5)), bytes((12, 11, 10, 9))],
            [False, False, True],
        ),
    ),
    "Gate notification 0x22 with AFI": (
        commands.READ_BUFFER,
        BufferPage([Passage(Sighting(UID, 0x07, 0x3E, antenna=1))]),
    ),
    "Buffer empty": (commands.READ_BUFFER, BufferPage()),
    "People counter event": (commands.PEOPLE, People(12, 9, 0, 0)),
}

REFUSED: dict[str, tuple[Command[Any], type[DriverError], str]] = {
    "RF-Warning rsp": (commands.INVENTORY, RefusedError, "0x84: rf warning"),
    "ISO15693 error rsp": (commands.WRITE_AFI, TagRefusedError, "the tag says locked"),
    "WriteMultipleBlocks rsp write error": (commands.WRITE_BLOCKS, TagLostError, "block 5"),
    "WriteMultipleBlocks rsp ISO error": (
        commands.WRITE_BLOCKS,
        TagRefusedError,
        "the tag says locked, block 5",
    ),
    "Protocol length error rsp": (commands.INVENTORY, RefusedError, "0x81: length error"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_published_reply_says_what_the_source_says(name: str) -> None:
    command, meaning = SAID[name]
    assert vector(name).command == command.code
    assert reply(name).status in command.good
    assert command.parse(reply(name)) == meaning


@pytest.mark.parametrize("name", REFUSED)
def test_a_published_refusal_is_the_right_error(name: str) -> None:
    command, kind, said = REFUSED[name]
    told = reply(name)
    assert told.status not in command.good
    error = trouble(told.status, told.data, tag_command=command.is_to_tag)
    assert type(error) is kind
    assert said in str(error)


def test_every_published_reply_is_explained_here() -> None:
    replies = {name for name, told in VECTORS.items() if told["dir"] == "reader>host"}
    assert replies == SAID.keys() | REFUSED.keys()


def test_a_card_on_the_pad_is_no_item() -> None:
    four = bytes.fromhex("04 00 00") + bytes(7)
    ten = bytes.fromhex("04 00 00") + bytes(10)
    item = b"\x03\x00" + UID
    for card in (four, ten):
        found = answers.inventory(Reply(0, b"\x02" + card + item))
        assert found == Inventory([SeenTag(UID, 0)], others=1)


def test_blocks_and_antenna_of_a_passage_are_read() -> None:
    record = bytes((3, 0, 8)) + UID + bytes((0, 2, 4)) + bytes(range(8)) + bytes(9) + bytes((2,))
    [passage] = answers.buffer(page_of(b"\x73", record)).passages
    assert passage == Passage(Sighting(UID, None, None, 2, bytes(range(8))), 4)


def page_of(flags: bytes, record: bytes) -> Reply:
    return Reply(0, flags + b"\0\1" + (len(record) + 2).to_bytes(2, "big") + record)


def test_every_part_of_a_record_is_in_its_place() -> None:
    serial = bytes((3, 0, 10, 0x07, 0x3E)) + UID
    blocks = bytes((0, 1, 4)) + b"book"
    when = bytes(4) + bytes(5)
    others = bytes((1, 0)) + bytes(6)  # inputs, MAC
    antennas = bytes((2, 1, 60, 0, 0, 0, 0, 4, 50, 0, 0, 0, 0))
    record = serial + blocks + when + others + antennas + b"\1"
    [passage] = answers.buffer(page_of(b"\xef\x37", record)).passages
    assert passage == Passage(Sighting(UID, 0x07, 0x3E, 4, b"book", rssi=-50), 4, lsb_first=True)


EPC = bytes.fromhex("3034257bf7194e4000001a85")


@pytest.mark.parametrize(
    ("form", "serial", "tag", "tid"),
    [
        (1, "3000" + EPC.hex(), AirTag(EPC, 0x3000, 1), ""),
        (1, "32008000" + EPC.hex(), AirTag(EPC, 0x3200, 1), ""),
        (2, "3000" + EPC.hex() + "e2801105", AirTag(EPC, 0x3000, 1), "e2801105"),
    ],
)
def test_a_uhf_tag_of_a_record_has_its_pc_word(
    form: int, serial: str, tag: AirTag, tid: str
) -> None:
    data = bytes.fromhex(serial)
    record = bytes((0x84, form, len(data))) + data + b"\1"
    [passage] = answers.buffer(page_of(b"\x11", record)).passages
    assert (passage.air, passage.tid.hex(), passage.sighting.antenna) == (tag, tid, 1)


def test_a_passage_of_another_kind_of_tag_is_counted_and_skipped() -> None:
    record = bytes((4, 0, 7)) + bytes(7)
    page = bytes((0x01, 0, 1)) + (len(record) + 2).to_bytes(2, "big") + record
    assert answers.buffer(Reply(0, page)) == BufferPage(skipped=1)


@pytest.mark.parametrize("layout", [0x00, 0x02, 0x92])
def test_a_buffer_we_cannot_read_is_said_aloud_and_never_taken_for_empty(layout: int) -> None:
    with pytest.raises(FrameError, match="unknown layout"):
        answers.buffer(Reply(0, bytes((layout, 0, 0))))


@given(
    st.sampled_from(commands.GATE),
    st.integers(0, 255),
    st.binary(max_size=60),
)
def test_any_reply_is_read_or_is_a_frame_error(
    command: Command[Any], status: int, data: bytes
) -> None:
    with contextlib.suppress(FrameError):
        command.parse(Reply(status, data))


@given(st.integers(0, 255), st.binary(max_size=4), st.booleans())
def test_any_status_has_words(status: int, data: bytes, to_tag: bool) -> None:
    assert words(status)
    assert str(trouble(status, data, tag_command=to_tag))


def test_a_refusal_that_staff_can_mend_says_how() -> None:
    assert "password" in trouble(Status.LOGIN_NEEDED, b"", tag_command=False).hint
    assert "metal" in trouble(Status.RF_WARNING, b"", tag_command=True).hint


def test_the_tags_own_refusal_keeps_its_reason_and_block() -> None:
    error = trouble(0x95, bytes((0x12, 5)), tag_command=True)
    assert isinstance(error, TagRefusedError)
    assert (error.iso_error, error.block, error.status) == (IsoError.LOCKED, 5, 0x95)


@pytest.mark.parametrize("table", [commands.PAD, commands.GATE])
def test_codes_are_one_byte_and_unique(table: tuple[Command[Any], ...]) -> None:
    codes = [(command.code, command.sub) for command in table]
    assert len(set(codes)) == len(codes)
    assert all(0 <= number <= 255 for code in codes for number in code if number is not None)


def test_fields_end_where_the_data_end() -> None:
    fields = Fields(b"\x01\x02\x03")
    assert (fields.number(2), len(fields), fields.rest()) == (0x0102, 1, b"\x03")
    fields.end()
    with pytest.raises(FrameError):
        fields.take(1)
    with pytest.raises(FrameError):
        Fields(b"\x00").end()


def test_a_busy_reader_is_asked_again() -> None:
    assert isinstance(trouble(Status.BUSY, b"", tag_command=False), FrameError)


def test_a_reader_that_lost_its_settings_says_what_to_do() -> None:
    error = trouble(Status.STARTED_WITH_DEFAULTS, b"", tag_command=False)
    assert "profile" in error.hint


def test_records_that_come_with_an_overflow_are_not_thrown_away() -> None:
    tag = bytes((0x03, 0x00, 0x08)) + UID
    record = (len(tag) + 2).to_bytes(2, "big") + tag
    data = bytes((0x01,)) + (1).to_bytes(2, "big") + record
    page = answers.buffer(Reply(Status.BUFFER_OVERFLOW, data))
    assert page.overflow
    assert [passage.sighting.uid for passage in page.passages] == [UID]
    assert answers.buffer(Reply(Status.BUFFER_OVERFLOW, b"\xff\xff")) == BufferPage(overflow=True)


def test_a_record_of_the_older_form_is_read_part_by_part() -> None:
    record = "03 e00401501234567800 02 aabbccdd 112233440a0b0c0d141516171802"
    page = answers.buffer_old(Reply(Status.MORE_DATA, bytes.fromhex("73 01" + record)))
    blocks = bytes.fromhex("aabbccdd11223344")
    seen = Sighting(UID, antenna=2, data=blocks)
    assert page == BufferPage([Passage(seen, 4)], 0, more=True)
    card = "04 0400000012345678 01"
    page = answers.buffer_old(Reply(Status.OK, bytes.fromhex("11 02" + card + card)))
    assert page == BufferPage([], 2)
    assert answers.buffer_old(Reply(Status.BUFFER_OVERFLOW)) == BufferPage(overflow=True)


@pytest.mark.parametrize("data", ["00 01", "81 01 03", "01 01 84 e004015012345678", "01 02 03"])
def test_a_page_of_the_older_form_that_we_do_not_know_is_no_answer(data: str) -> None:
    with pytest.raises(FrameError):
        answers.buffer_old(Reply(Status.OK, bytes.fromhex(data)))
