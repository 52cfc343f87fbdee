from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.feig import commands
from drivers.feig.answers import CONFIG_BYTES, UID_BYTES, Reply
from drivers.feig.commands import Command
from drivers.feig.device import FeigDevice, Output
from drivers.feig.frames import Cutter, Frame, encode
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.simulator import FeigSimulator
from drivers.feig.status import Status
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag

UID = bytes.fromhex("E004015012345678")
OTHER = bytes.fromhex("E0040150AABBCCDD")

ASKED: dict[str, bytes] = {
    "baud rate detection": b"\x00",
    "chip's own command": b"\x04\xb2\x01" + bytes.fromhex("E004015012345678"),
    "system reset": b"\x00",
    "reader info": b"\x00",
    "RF output": b"\x01",
    "set output (CPR)": bytes.fromhex("0001 0000 0019 0019"),
    "set people counter": bytes(17),
    "read buffer (old)": b"\x0a",
    "set output": bytes.fromhex("01 01 81 01 0019"),
    "read configuration": b"\x05",
    "write configuration": b"\x05" + bytes(CONFIG_BYTES),
    "save configuration": b"\x05",
    "default configuration": b"\x45",
    "login": bytes(4),
    "inventory": b"\x00",
    "lock blocks": b"\x01" + UID + b"\x00\x01",
    "read blocks": b"\x01" + UID + b"\x00\x01",
    "write blocks": b"\x01" + UID + b"\x01\x01\x04" + bytes(4),
    "write AFI": b"\x01" + UID + b"\xc2",
    "write DSFID": b"\x01" + UID + b"\x06",
    "block security": b"\x01" + UID + b"\x00\x01",
    "read buffer": b"\x00\xff",
}


def ask(
    simulator: FeigDevice, command: Command[Any], data: bytes = b"", address: int = 0xFF
) -> Any:
    """Return (status, data) of the reply, or None when the reader is silent."""
    replies = simulator.feed(encode(Frame(address, command.code, command.request(data))))
    if not replies:
        return None
    [reply] = replies
    [frame] = Cutter(replies=True).feed(reply.data)
    assert isinstance(frame, Frame)
    assert frame.command == command.code
    return frame.data[0], frame.data[1:]


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=0x3E, afi=0x07)


@pytest.fixture
def simulator(tag: Tag) -> FeigGateSimulator:
    return FeigGateSimulator(Field(tag))


@pytest.mark.parametrize("command", commands.GATE, ids=lambda command: command.name)
def test_the_simulator_answers_every_command_of_the_table(
    simulator: FeigGateSimulator, command: Command[Any]
) -> None:
    data = ASKED.get(command.name, b"\x01" + UID if command.sub else b"")
    status, answer = ask(simulator, command, data)
    assert status in command.good
    command.parse(Reply(status, answer))


@pytest.mark.parametrize("command", commands.GATE, ids=lambda command: command.name)
@given(data=st.binary(max_size=20))
def test_any_request_gets_one_reply(command: Command[Any], data: bytes) -> None:
    simulator = FeigGateSimulator(Field(Tag(UID)))
    assert ask(simulator, command, data) is not None


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_any_bytes_leave_the_simulator_able_to_answer(chunks: list[bytes]) -> None:
    simulator = FeigSimulator(Field(Tag(UID)))
    for chunk in chunks:
        simulator.feed(chunk)
    assert ask(simulator, commands.VERSION) is not None


def test_a_request_is_answered_in_its_own_form(simulator: FeigGateSimulator) -> None:
    [standard] = simulator.feed(bytes.fromhex("05ff65e5cb"))
    assert standard.data.hex() == "0d00650003030044530d303309"
    [advanced] = simulator.feed(bytes.fromhex("020007ff656e61"))
    assert advanced.data[0] == 2


def test_a_wrong_checksum_gets_silence(simulator: FeigGateSimulator) -> None:
    assert simulator.feed(bytes.fromhex("020007ff656e60")) == []


def test_a_request_to_another_address_gets_silence(simulator: FeigGateSimulator) -> None:
    simulator.address = 3
    assert ask(simulator, commands.VERSION, address=4) is None
    assert ask(simulator, commands.VERSION, address=3) is not None


def test_an_unknown_command_is_refused(simulator: FeigGateSimulator) -> None:
    assert ask(FeigSimulator(), commands.PEOPLE) == (Status.UNKNOWN_COMMAND, b"")


def test_an_inventory_tells_only_new_tags_until_the_field_was_off(
    simulator: FeigGateSimulator, tag: Tag
) -> None:
    assert ask(simulator, commands.INVENTORY, b"\x00") == (0, b"\x01\x03\x3e" + UID)
    assert ask(simulator, commands.INVENTORY, b"\x00") == (Status.NO_TAG, b"")
    simulator.field.take(tag.uid)
    simulator.field.put(tag)
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.OK
    ask(simulator, commands.RF_RESET)
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.OK


def test_a_reader_set_to_tell_all_tells_all(tag: Tag) -> None:
    simulator = FeigSimulator(Field(tag), only_new=False)
    for _ in range(2):
        assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.OK


def test_a_large_inventory_comes_in_pages() -> None:
    tags = [Tag(bytes(7) + bytes((n,))) for n in range(5)]
    simulator = FeigSimulator(Field(*tags), page=2, only_new=False)
    pages = [ask(simulator, commands.INVENTORY, mode) for mode in (b"\x00", b"\x80", b"\x80")]
    assert [(status, data[0]) for status, data in pages] == [(0x94, 2), (0x94, 2), (0, 1)]
    assert ask(simulator, commands.INVENTORY, b"\x80") == (Status.NO_TAG, b"")


def test_an_inventory_may_wait_for_a_tag() -> None:
    simulator = FeigSimulator()
    [reply] = simulator.feed(bytes.fromhex("02000affb00140143480"))
    assert reply.after == 2.0


def test_with_the_field_off_no_tag_answers(simulator: FeigGateSimulator) -> None:
    ask(simulator, commands.RF_OUTPUT, b"\x00")
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.NO_TAG
    assert ask(simulator, commands.SYSTEM_INFO, b"\x01" + UID)[0] == Status.NO_TAG
    ask(simulator, commands.RF_OUTPUT, b"\x01")
    assert ask(simulator, commands.SYSTEM_INFO, b"\x01" + UID)[0] == Status.OK


def test_a_command_to_nobody_in_particular_needs_exactly_one_tag(
    simulator: FeigGateSimulator,
) -> None:
    assert ask(simulator, commands.SYSTEM_INFO, b"\x00")[0] == Status.OK
    simulator.field.put(Tag(OTHER))
    assert ask(simulator, commands.SYSTEM_INFO, b"\x00")[0] == Status.COLLISION
    simulator.field.clear()
    assert ask(simulator, commands.SYSTEM_INFO, b"\x00")[0] == Status.NO_TAG


def test_a_quiet_tag_is_heard_again_when_reset(simulator: FeigGateSimulator) -> None:
    ask(simulator, commands.STAY_QUIET, b"\x01" + UID)
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.NO_TAG
    ask(simulator, commands.RESET_TO_READY, b"\x01" + UID)
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.OK


def test_a_selected_tag_needs_no_uid(simulator: FeigGateSimulator) -> None:
    simulator.field.put(Tag(OTHER))
    assert ask(simulator, commands.SYSTEM_INFO, b"\x02")[0] == Status.NO_TAG
    ask(simulator, commands.SELECT, b"\x01" + OTHER)
    _, data = ask(simulator, commands.SYSTEM_INFO, b"\x02")
    assert data[1 : 1 + UID_BYTES] == OTHER


def test_a_published_write_lands_in_memory_order(simulator: FeigGateSimulator) -> None:
    tag = Tag(bytes.fromhex("E004010809B9CB12"))
    simulator.field.put(tag)
    [reply] = simulator.feed(bytes.fromhex("020018ffb02401e004010809b9cb12010104353637383c82"))
    assert tag.block(1) == b"8765"
    assert reply.after == pytest.approx(0.005)


def test_locks_are_for_good(simulator: FeigGateSimulator, tag: Tag) -> None:
    at_tag = b"\x01" + UID
    for command, data in (
        (commands.LOCK_BLOCKS, b"\x03\x01"),
        (commands.LOCK_AFI, b""),
        (commands.LOCK_DSFID, b""),
    ):
        assert ask(simulator, command, at_tag + data)[0] == Status.OK
        assert ask(simulator, command, at_tag + data)[1][:1] == b"\x11"
    assert ask(simulator, commands.WRITE_AFI, at_tag + b"\xc2") == (0x95, b"\x12")
    assert ask(simulator, commands.WRITE_DSFID, at_tag + b"\x01") == (0x95, b"\x12")
    assert ask(simulator, commands.BLOCK_SECURITY, at_tag + b"\x02\x03") == (0, b"\x00\x01\x00")


def test_too_many_bytes_at_once_are_refused(simulator: FeigGateSimulator) -> None:
    assert ask(simulator, commands.READ_BLOCKS, b"\x01" + UID + b"\x00\x21")[0] == 0x11
    simulator.field.put(Tag(OTHER, bytearray(400)))
    data = b"\x01" + OTHER + b"\x00\x21\x04" + bytes(33 * 4)
    assert ask(simulator, commands.WRITE_BLOCKS, data)[0] == Status.PARAMETER_RANGE


def test_a_relay_is_switched_and_told(simulator: FeigGateSimulator) -> None:
    told: list[tuple[int, int, Output]] = []
    simulator.on_output = lambda kind, number, output: told.append((kind, number, output))
    simulator.feed(bytes.fromhex("02000dff72010181010019236b"))
    assert simulator.outputs == {(4, 1): Output(on=True, hold=2.5)}
    assert told == [(4, 1, Output(on=True, hold=2.5))]


def test_settings_in_ram_are_lost_without_power_and_saved_ones_are_not(
    simulator: FeigGateSimulator,
) -> None:
    first, second = bytes(range(14)), bytes(range(1, 15))
    ask(simulator, commands.WRITE_CONFIG, b"\x05" + first)
    ask(simulator, commands.SAVE_CONFIG, b"\x05")
    ask(simulator, commands.WRITE_CONFIG, b"\x05" + second)
    assert ask(simulator, commands.READ_CONFIG, b"\x05") == (0, second)
    assert ask(simulator, commands.READ_CONFIG, b"\x85") == (0, first)
    ask(simulator, commands.CPU_RESET)
    assert ask(simulator, commands.READ_CONFIG, b"\x05") == (0, first)


def test_a_reader_with_a_password_asks_for_it(tag: Tag) -> None:
    simulator = FeigSimulator(Field(tag), password=b"\x01\x02\x03\x04")
    assert ask(simulator, commands.INVENTORY, b"\x00") == (Status.LOGIN_NEEDED, b"")
    assert ask(simulator, commands.LOGIN, bytes(4)) == (Status.LOGIN_ERROR, b"")
    assert ask(simulator, commands.LOGIN, b"\x01\x02\x03\x04") == (Status.OK, b"")
    assert ask(simulator, commands.INVENTORY, b"\x00")[0] == Status.OK


def test_the_buffer_tells_size_and_filling(simulator: FeigGateSimulator, tag: Tag) -> None:
    simulator.pass_tag(tag)
    assert ask(simulator, commands.BUFFER_INFO) == (0, bytes.fromhex("00c8 0000 0001"))


def test_what_comes_between_fetch_and_clear_stays(simulator: FeigGateSimulator, tag: Tag) -> None:
    simulator.pass_tag(tag)
    ask(simulator, commands.READ_BUFFER, b"\x00\xff")
    simulator.pass_tag(Tag(OTHER))
    ask(simulator, commands.CLEAR_BUFFER)
    ask(simulator, commands.CLEAR_BUFFER)
    assert simulator.waiting == 1


def test_blocks_take_air_time(simulator: FeigGateSimulator) -> None:
    [reply] = simulator.feed(encode(Frame(0xFF, 0xB0, b"\x23\x01" + UID + bytes((0, 28)))))
    assert reply.after == pytest.approx(28 * 0.005)
