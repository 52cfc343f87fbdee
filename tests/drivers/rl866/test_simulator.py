from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import FrameError, NoReplyError, RefusedError, TagLostError
from drivers.ports import TagInfo
from drivers.rl866 import commands, status
from drivers.rl866.answers import Reply, access
from drivers.rl866.commands import Command, connect_to
from drivers.rl866.frames import Cutter, Frame, encode, message
from drivers.rl866.link import Link
from drivers.rl866.pad import Rl866Pad
from drivers.rl866.simulator import Answer, Rl866Simulator
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire

UID = bytes.fromhex("E004015000000000")
OTHER = bytes.fromhex("E0040150AABBCCDD")

ASKED: dict[str, bytes] = {
    "read configuration": b"\x81\x02",
    "inventory": b"\x00",
    "connect tag": connect_to(UID, 1, 0),
    "disconnect tag": b"\x00",
    "read blocks": bytes.fromhex("00 0000 0200"),
    "write blocks": bytes.fromhex("0000 0100") + b"book",
    "write AFI": b"\xc2",
    "read single block": bytes.fromhex("00 0000"),
    "write single block": bytes.fromhex("0000") + b"book",
}


class Host:
    """Asks a simulator by hand."""

    def __init__(self, simulator: Rl866Simulator) -> None:
        self.simulator = simulator
        self.number = 0

    def ask(self, command: Command[Any], data: bytes = b"", handle: int = 1) -> Reply:
        request = message(0xFF, self.number, command.request(data, handle))
        [reply] = self.simulator.feed(encode(request))
        [frame] = Cutter().feed(reply.data)
        assert isinstance(frame, Frame)
        assert (frame.address, frame.number) == (self.simulator.address, self.number)
        self.number ^= 1
        got = Reply(int.from_bytes(frame.inf[1:3], "little"), frame.inf[3:])
        return access(got)[1] if command.sub is not None and not got.status else got


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
def test_the_simulator_answers_every_command_of_the_table(
    simulator: Rl866Simulator, command: Command[Any]
) -> None:
    simulator.eas.add(UID)
    host = Host(simulator)
    assert host.ask(commands.CONNECT, connect_to(UID, 1, 0)).data == b"\x01"
    reply = host.ask(command, ASKED.get(command.name, b""))
    assert reply.status in command.good
    command.parse(reply)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
@given(data=st.binary(max_size=20))
def test_no_question_breaks_the_simulator(command: Command[Any], data: bytes) -> None:
    host = Host(Rl866Simulator(Field(Tag(UID)), block_seconds=0.0))
    host.ask(commands.CONNECT, connect_to(UID, 1, 0))
    host.ask(command, data)


def test_a_message_with_the_wrong_number_is_refused_until_resynchronised(
    simulator: Rl866Simulator,
) -> None:
    host = Host(simulator)
    host.number = 1
    assert host.ask(commands.INVENTORY, b"\x00").status == status.WRONG_NUMBER
    [answer] = simulator.feed(bytes.fromhex("fa05ffc04239"))
    assert answer.data.hex() == "fa0501e058fe"
    host.number = 0
    assert host.ask(commands.INVENTORY, b"\x00").status == status.OK


def test_other_addresses_and_broken_frames_are_met_with_silence(simulator: Rl866Simulator) -> None:
    assert simulator.feed(encode(message(7, 0, b"\x31\x00"))) == []
    assert simulator.feed(bytes.fromhex("fa07ff4031008a6d")) == []
    assert simulator.feed(bytes.fromhex("fa05ffc0")) == []
    assert len(simulator.feed(bytes.fromhex("fa05ffc04239"))) == 1


def test_eas_goes_on_and_off(simulator: Rl866Simulator) -> None:
    host = Host(simulator)
    host.ask(commands.CONNECT, connect_to(UID, 1, 0))
    assert host.ask(commands.EAS_ALARM).status == status.NO_TAG
    host.ask(commands.EAS_ON)
    assert host.ask(commands.EAS_ALARM).status == status.OK
    host.ask(commands.EAS_OFF)
    assert host.ask(commands.EAS_ALARM).status == status.NO_TAG


async def test_a_reader_that_restarts_between_two_questions_is_not_noticed(
    pad: Rl866Pad, simulator: Rl866Simulator
) -> None:
    assert await pad.read(UID, 0, 1) == bytes(range(4))
    for _ in range(3):
        simulator.power_up()
        assert await pad.read(UID, 1, 1) == bytes(range(4, 8))
        await pad.inventory()


async def test_a_tag_stays_connected_while_it_is_the_one_in_question(
    pad: Rl866Pad, simulator: Rl866Simulator, field: Field
) -> None:
    field.put(Tag(OTHER))
    await pad.info(UID)
    before = simulator.requests
    await pad.read(UID, 0, 4)
    await pad.write_afi(UID, 0xC2)
    assert simulator.requests - before == 2
    await pad.read(OTHER, 0, 4)
    assert simulator.requests - before == 5


async def test_a_forgotten_handle_is_made_anew(pad: Rl866Pad, simulator: Rl866Simulator) -> None:
    await pad.info(UID)
    simulator._handles.clear()
    assert await pad.read(UID, 0, 1) == bytes(range(4))


async def test_a_refusal_outside_the_access_counts_too(
    pad: Rl866Pad, simulator: Rl866Simulator
) -> None:
    simulator.on(commands.SYSTEM_INFO, lambda _: Answer(status.NO_TAG))
    with pytest.raises(TagLostError):
        await pad.info(UID)
    simulator.on(commands.SYSTEM_INFO, lambda _: Answer(0x041E))
    with pytest.raises(RefusedError, match="not unlocked"):
        await pad.info(UID)


async def test_an_answer_for_another_tag_is_no_answer(
    pad: Rl866Pad, simulator: Rl866Simulator
) -> None:
    other = Tag(OTHER)
    simulator.on_access(
        commands.SYSTEM_INFO, lambda _tag, fields: simulator._system_info(other, fields)
    )
    with pytest.raises(FrameError, match="got the answer of"):
        await pad.info(UID)


async def test_a_reader_whose_replies_do_not_repeat_the_number_is_an_option(tag: Tag) -> None:
    class Plain(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            [frame] = Cutter().feed(data)
            assert isinstance(frame, Frame)
            pcb = 0 if frame.is_message else frame.pcb
            return [encode(Frame(frame.address, pcb, frame.inf))]

    simulator = Rl866Simulator(Field(tag), block_seconds=0.0)
    pad = Rl866Pad(Link(Plain(simulator), patience=0.01, numbered=False))
    for _ in range(3):
        assert (await pad.info(UID)).block_count == 28
    strict = Rl866Pad(Link(Plain(simulator), patience=0.01, tries=1))
    with pytest.raises(NoReplyError):
        for _ in range(3):
            await strict.inventory()


async def test_a_chip_without_system_info_is_known_by_its_uid(pad: Rl866Pad, field: Field) -> None:
    old = Tag(bytes.fromhex("E007C00000000001"), bytearray(32))
    field.put(old)
    assert await pad.info(old.uid) == TagInfo(old.uid, None, None, 4, 8)
    field.take(old.uid)
    with pytest.raises(TagLostError):
        await pad.info(old.uid)


async def test_blocks_of_eight_bytes_are_read_and_written(pad: Rl866Pad, field: Field) -> None:
    fujitsu = Tag(bytes.fromhex("E008010000000001"), bytearray(250 * 8), block_size=8)
    field.put(fujitsu)
    data = bytes(n % 251 for n in range(5 * 8))
    await pad.write(fujitsu.uid, 200, data, 8)
    assert await pad.read(fujitsu.uid, 200, 5) == data
