"""The simulated reader knows every command of the table, and is silent where a real one is."""

import pytest

from drivers.ports import Bank
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.uhf.line import Frame
from drivers.uhf18 import Model, Uhf18Simulator, commands
from drivers.uhf18.commands import Reply, info, tags_18, tags_288
from drivers.uhf18.frames import Cutter, encode
from drivers.uhf18.status import Status

EPC = bytes.fromhex("e200301666130121155074ef")


def ask(device: Uhf18Simulator, code: int, data: bytes = b"", address: int = 0) -> list[Reply]:
    raw = b"".join(reply.data for reply in device.feed(encode(Frame(address, code, data))))
    frames = Cutter().feed(raw)
    assert all(isinstance(frame, Frame) for frame in frames)
    return [Reply(frame.data[0], frame.data[1:]) for frame in frames]  # type: ignore[union-attr]


@pytest.fixture
def tag() -> Gen2Tag:
    return Gen2Tag(bytes(range(12)), EPC, rssi=0x6B)


def test_codes_are_unique_and_one_byte() -> None:
    codes = [command.code for command in commands.ALL]
    assert len(set(codes)) == len(codes)
    assert all(0 <= code <= 0xFF for code in codes)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
def test_every_command_of_the_table_is_answered(command: commands.Command[object]) -> None:
    [reply, *_] = ask(Uhf18Simulator(), command.code)
    assert reply.status != Status.UNKNOWN_COMMAND


def test_an_unknown_command_is_said_to_be_so() -> None:
    assert ask(Uhf18Simulator(), 0x7E) == [Reply(Status.UNKNOWN_COMMAND)]


def test_a_wrong_checksum_and_another_address_get_no_answer() -> None:
    device = Uhf18Simulator(address=3)
    assert device.feed(encode(Frame(3, 0x21))[:-1] + b"\0") == []
    assert device.feed(encode(Frame(4, 0x21))) == []
    assert len(device.feed(encode(Frame(0xFF, 0x21)))) == 1


def test_half_a_frame_is_forgotten_when_a_whole_one_comes() -> None:
    device = Uhf18Simulator()
    assert device.feed(b"\x20\x00\x02") == []
    assert len(device.feed(encode(Frame(0, 0x21)))) == 1


def test_the_published_answers_are_what_it_says(tag: Gen2Tag) -> None:
    tag = Gen2Tag(bytes(12), bytes.fromhex("000000000000000000000313"), rssi=0x6B)
    device = Uhf18Simulator(AirField(tag), model=Model.R288)
    first, last = device.feed(encode(Frame(0, 1)))
    assert first.data.hex() == "1500010301010c0000000000000000000003136bb1a5"
    assert last.data.hex() == "0700010101001e4b"


def test_an_inventory_comes_in_pages() -> None:
    field = AirField(*(Gen2Tag(bytes((n,)) * 12, EPC[:-1] + bytes((n,))) for n in range(5)))
    replies = ask(Uhf18Simulator(field, page=2), 0x01)
    assert [reply.status for reply in replies] == [Status.MORE, Status.MORE, Status.DONE]
    assert sum(len(tags_18(reply)) for reply in replies) == 5


def test_only_the_asked_antenna_looks() -> None:
    near, far = Gen2Tag(b"\1" * 12, EPC), Gen2Tag(b"\2" * 12, EPC[:-1] + b"\0", antenna=3)
    device = Uhf18Simulator(AirField(near, far), model=Model.R288)
    request = commands.inventory_request_288(3)
    assert request.hex() == "040001000000008200"
    [found, end] = ask(device, 0x01, request)
    [seen] = tags_288(found)
    assert (seen.epc, seen.antenna) == (far.epc, 3)
    assert end.data == bytes((4, 0))
    assert ask(device, 0x01, bytes((4, 0, 0, 0x82, 0))) == [found, end]


def test_settings_are_kept_and_told() -> None:
    device = Uhf18Simulator(model=Model.R288)
    assert ask(device, 0x2F, b"\x1a") == [Reply(Status.OK)]
    assert ask(device, 0x25, b"\x05") == [Reply(Status.OK)]
    [reply] = ask(device, 0x21)
    told = info(reply)
    assert (told.power, told.scan_time, told.model) == (26, 5, Model.R288)


def test_one_tag_gets_a_new_epc_of_another_length(tag: Gen2Tag) -> None:
    device = Uhf18Simulator(AirField(tag))
    assert ask(device, 0x04, bytes((2,)) + bytes(4) + b"\xaa\xbb\xcc\xdd") == [Reply(Status.OK)]
    assert tag.epc == b"\xaa\xbb\xcc\xdd"
    assert tag.bank(Bank.EPC)[2:4] == b"\x10\x00"


def test_a_tag_that_leaves_in_a_write_is_a_poor_link(tag: Gen2Tag) -> None:
    field = AirField(tag)
    field.tear_after(tag.tid, 1)
    request = commands.write_request(EPC, Bank.USER, 0, b"\1" * 8, bytes(4))
    assert ask(Uhf18Simulator(field), 0x03, request) == [Reply(Status.POOR_LINK)]
    assert tag.user[:4] == b"\1\1\0\0"


def test_locked_and_missing_words_are_errors_of_the_tag(tag: Gen2Tag) -> None:
    device = Uhf18Simulator(AirField(tag))
    tag.locked.add(Bank.USER)
    locked = commands.write_request(EPC, Bank.USER, 0, b"\1\1", bytes(4))
    assert ask(device, 0x03, locked) == [Reply(Status.TAG_ERROR, b"\x04")]
    missing = commands.read_request(EPC, Bank.TID, 5, 2, bytes(4))
    assert ask(device, 0x02, missing) == [Reply(Status.TAG_ERROR, b"\x03")]
    crc = commands.write_request(EPC, Bank.EPC, 0, b"\1\1", bytes(4))
    assert ask(device, 0x03, crc) == [Reply(Status.TAG_ERROR, b"\x03")]
