import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import FrameError, RefusedError, TagLostError
from drivers.fields import Fields
from drivers.ports import TagInfo
from drivers.rl866 import answers, commands, status
from drivers.rl866.answers import Reply, Report
from drivers.rl866.frames import Cutter, Frame

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}


def reply(name: str) -> Reply:
    [frame] = Cutter().feed(bytes.fromhex(VECTORS[name]["hex"]))
    assert isinstance(frame, Frame)
    return Reply(int.from_bytes(frame.inf[1:3], "little"), frame.inf[3:])


def request(name: str) -> bytes:
    [frame] = Cutter().feed(bytes.fromhex(VECTORS[name]["hex"]))
    assert isinstance(frame, Frame)
    return frame.inf


def test_the_captured_inventory_has_three_tags() -> None:
    page = answers.inventory(reply("tag inventory rsp 3 tags"))
    uids = ["E00401003F3827A7", "E00401003F382624", "E00401003F3825A4"]
    assert page.tags == [Report(bytes.fromhex(uid), kind=1) for uid in uids]
    assert (page.total, page.more) == (3, False)


def test_the_captured_system_info_has_28_blocks_of_4() -> None:
    code, inner = answers.access(reply("system info rsp"))
    assert code == commands.SYSTEM_INFO.sub
    uid = bytes.fromhex("E00401003F3827A7")
    assert answers.system_info(inner) == TagInfo(uid, 0, 0, 4, 28, 1)


def test_the_captured_block_is_in_memory_order() -> None:
    code, inner = answers.access(reply("read block 12 rsp"))
    assert code == commands.READ_BLOCKS.sub
    assert answers.blocks(inner) == (1, b"678\0")


def test_the_captured_connection_has_a_handle() -> None:
    assert answers.handle(reply("tag connect rsp")) == 1


def test_the_captured_configuration_is_a_block_of_14() -> None:
    [block] = answers.config(reply("config rsp 1 block"))
    assert block.hex() == "0102020003016400000000000000"


def test_our_questions_are_the_captured_ones() -> None:
    uid = bytes.fromhex("E00401003F3827A7")
    made = {
        "inventory": commands.INVENTORY.request(b"\x00"),
        "read config block": commands.READ_CONFIG.request(b"\x01\x01"),
        "tag connect": commands.CONNECT.request(commands.connect_to(uid, 1, 0)),
        "get system info": commands.SYSTEM_INFO.request(handle=1),
        "write block 12": commands.WRITE_BLOCKS.request(bytes.fromhex("0c00010036373800"), 1),
        "tag disconnect": commands.DISCONNECT.request(b"\x01"),
    }
    assert made == {name: request(name) for name in made}


def test_every_command_has_its_own_code() -> None:
    codes = [(command.code, command.sub) for command in commands.ALL]
    assert len(set(codes)) == len(codes)


@given(st.integers(0, 100_000))
def test_a_length_of_any_size_comes_back(value: int) -> None:
    fields = Fields(answers.to_ebv(value))
    assert answers.ebv(fields) == value
    fields.end()


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_a_frame_error(
    command: commands.Command[object], data: bytes
) -> None:
    try:
        command.parse(Reply(0, data))
        answers.access(Reply(0, data))
    except FrameError:
        pass


def test_a_refusal_is_about_the_frame_the_tag_or_the_question() -> None:
    assert isinstance(status.trouble(0x0101, tag_command=True), FrameError)
    assert isinstance(status.trouble(status.NO_TAG, tag_command=True), TagLostError)
    assert isinstance(status.trouble(0x0404, tag_command=False), FrameError)
    locked = status.trouble(status.LOCKED_OR_NO_BLOCK, tag_command=True)
    assert isinstance(locked, RefusedError)
    assert "locked" in str(locked)
    assert status.trouble(0x0417, tag_command=False).hint
    assert status.words(0x7777) == "unknown status"


def test_a_ninth_byte_of_a_serial_number_is_a_dsfid_only_if_it_says_something() -> None:
    head, uid = bytes.fromhex("00010001 0e010109"), bytes.fromhex("A727383F000104E0")
    [with_zero] = answers.inventory(Reply(0, head + uid + b"\x00")).tags
    [with_six] = answers.inventory(Reply(0, head + uid + b"\x06")).tags
    assert (with_zero.dsfid, with_six.dsfid) == (None, 6)


def test_cards_are_counted_and_not_told() -> None:
    page = answers.inventory(Reply(0, bytes.fromhex("00 0100 01 0e 02 02 04 deadbeef")))
    assert (page.tags, page.others) == ([], 1)
