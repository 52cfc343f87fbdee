"""The simulated reader knows every command of the table, and is silent where a real one is."""

import pytest

from drivers.a0 import A0Simulator, commands
from drivers.a0.commands import RoundEnd, read_words, seen, written
from drivers.a0.frames import Cutter, encode
from drivers.a0.status import Status
from drivers.ports import AirTag, Bank
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.uhf.line import Frame

EPC = bytes.fromhex("e200301666130121155074ef")


def ask(device: A0Simulator, code: int, data: bytes = b"") -> list[bytes]:
    raw = b"".join(reply.data for reply in device.feed(encode(Frame(1, code, data))))
    frames = Cutter().feed(raw)
    assert all(isinstance(frame, Frame) for frame in frames)
    return [frame.data for frame in frames]


@pytest.fixture
def tag() -> Gen2Tag:
    return Gen2Tag(bytes(range(12)), EPC, rssi=0x45)


def test_codes_are_unique_and_one_byte() -> None:
    codes = [command.code for command in commands.ALL]
    assert len(set(codes)) == len(codes)
    assert all(0 <= code <= 0xFF for code in codes)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
def test_every_command_of_the_table_is_answered(command: commands.Command[object]) -> None:
    [reply, *_] = ask(A0Simulator(), command.code)
    assert reply != bytes((Status.FAILED,))


def test_an_unknown_command_fails() -> None:
    assert ask(A0Simulator(), 0x5E) == [bytes((Status.FAILED,))]


def test_a_wrong_checksum_and_another_address_get_no_answer() -> None:
    device = A0Simulator(address=3)
    assert device.feed(encode(Frame(3, 0x72))[:-1] + b"\0") == []
    assert device.feed(encode(Frame(4, 0x72))) == []
    assert len(device.feed(encode(Frame(0xFF, 0x72)))) == 1


def test_an_inventory_ends_with_its_sum(tag: Gen2Tag) -> None:
    first, last = ask(A0Simulator(AirField(tag)), 0x89, b"\1")
    assert seen(first) == AirTag(EPC, 0x3000, 1, -60)
    end = seen(last)
    assert isinstance(end, RoundEnd)
    assert (end.antenna, end.total) == (1, 1)


def test_the_published_tag_is_told_as_published(tag: Gen2Tag) -> None:
    published = bytes.fromhex("a0130189043000e200301666130121155074ef45bf")
    said = A0Simulator(AirField(tag)).feed(encode(Frame(1, 0x89, b"\1")))[0].data
    assert said[5:-1] == published[5:-1]  # all but frequency and checksum


def test_only_the_chosen_antenna_looks(tag: Gen2Tag) -> None:
    tag.antenna = 2
    device = A0Simulator(AirField(tag))
    assert len(ask(device, 0x8B, b"\1\0\1")) == 1
    assert ask(device, 0x74, b"\1") == [b"\x10"]
    first, _ = ask(device, 0x8B, b"\1\0\1")
    assert first[0] & 3 == 1
    assert ask(device, 0x74, b"\x09") == [bytes((Status.NO_SUCH_ANTENNA,))]


def test_read_and_write_are_for_the_matched_tag(tag: Gen2Tag) -> None:
    other = Gen2Tag(b"\2" * 12, EPC[:-1] + b"\0")
    device = A0Simulator(AirField(tag, other))
    request = commands.read_request(Bank.TID, 0, 6, bytes(4))
    assert len(ask(device, 0x81, request)) == 2
    assert ask(device, 0x85, commands.match_request(EPC)) == [b"\x10"]
    assert ask(device, 0x86) == [b"\0\x0c" + EPC]
    [reply] = ask(device, 0x81, request)
    assert read_words(reply).words == tag.tid
    [reply] = ask(device, 0x82, commands.write_request(Bank.USER, 0, b"\7\7", bytes(4)))
    assert written(reply).status == Status.OK
    assert (tag.user[:2], other.user[:2]) == (b"\7\7", b"\0\0")
    assert ask(device, 0x85, commands.MATCH_ANY) == [b"\x10"]
    assert ask(device, 0x86) == [b"\1"]


def test_a_tag_that_leaves_in_a_write_is_a_write_error(tag: Gen2Tag) -> None:
    field = AirField(tag)
    field.tear_after(tag.tid, 1)
    [reply] = ask(
        A0Simulator(field), 0x82, commands.write_request(Bank.USER, 0, b"\1" * 8, bytes(4))
    )
    assert written(reply).status == Status.WRITE_ERROR


def test_settings_are_kept_and_told() -> None:
    device = A0Simulator()
    assert ask(device, 0x76, b"\x14") == [b"\x10"]
    assert ask(device, 0x77) == [b"\x14"]
    assert ask(device, 0x61, b"\x03\x01") == [b"\x10"]
    assert device.outputs[3] == 1
    assert ask(device, 0x61, b"\x01\x01") == [bytes((Status.WRONG_PARAMETER,))]
