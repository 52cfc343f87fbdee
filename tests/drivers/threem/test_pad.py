import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import FrameError, RefusedError, TagLostError
from drivers.ports import TagInfo
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire
from drivers.threem import answers, commands
from drivers.threem.answers import Block, Info, Reply, Version
from drivers.threem.commands import Command
from drivers.threem.frames import Cutter, Frame, encode
from drivers.threem.link import Link
from drivers.threem.pad import ThreeMPad
from drivers.threem.simulator import Answer, ThreeMSimulator
from drivers.threem.status import Status, trouble, words

UID = bytes.fromhex("E004015000000000")
OTHER = bytes.fromhex("E0040150AABBCCDD")
VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
ASKED: dict[str, bytes] = {
    "inventory": b"\x00\x05",
    "read blocks": b"\x00\x02",
    "write blocks": b"\x00\x01\x00book",
    "write block": b"\x00book",
    "write and lock block": b"\x00book",
    "lock block": b"\x00",
    "write AFI": b"\xc2",
    "write DSFID": b"\x06",
    "write EAS": b"\x01",
    "tag info": b"\x0f",
}


def data_of(name: str) -> bytes:
    [frame] = Cutter().feed(bytes.fromhex(VECTORS[name]["hex"]))
    assert isinstance(frame, Frame)
    return frame.data


def to_tag(name: str) -> Reply:
    data = data_of(name)
    return Reply(data[0], data[9:])


def pad_on(simulator: ThreeMSimulator) -> ThreeMPad:
    return ThreeMPad(Link(Wire(simulator), patience=0.01))


def ask(simulator: ThreeMSimulator, command: Command[Any], data: bytes = b"") -> Reply:
    uid = UID if command.to_tag else b""
    [reply] = simulator.feed(encode(Frame(command.code, uid + data)))
    [frame] = Cutter().feed(reply.data)
    assert isinstance(frame, Frame)
    assert frame.command == command.code
    return Reply(frame.data[0], frame.data[1 + len(uid) :])


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=6, afi=0x07)


def test_the_published_answers_are_read() -> None:
    inventory = data_of("inventory rsp 2 tags")
    uids = [bytes.fromhex("0000000000AD6302"), bytes.fromhex("E0070000006000AE")]
    assert answers.inventory(Reply(inventory[0], inventory[1:])) == uids
    version = data_of("version rsp")
    assert answers.version(Reply(version[0], version[1:])) == Version(0x0A, 3, 2, 6)
    both = bytes.fromhex("00112233")
    blocks = [Block(0, False, both), Block(1, False, both)]
    assert answers.blocks(to_tag("read 2 blocks rsp")) == blocks
    assert answers.number(to_tag("read AFI rsp")) == 0xDA
    assert answers.number(to_tag("read DSFID rsp")) == 0x31
    assert answers.info(to_tag("tag info rsp")) == Info(afi=0xDA)


@pytest.mark.parametrize("model", ["810", "210"])
@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
def test_the_simulator_answers_every_command_of_the_table(
    tag: Tag, command: Command[Any], model: Any
) -> None:
    simulator = ThreeMSimulator(Field(tag), model=model, block_seconds=0.0)
    simulator.eas.add(UID)
    reply = ask(simulator, command, ASKED.get(command.name, b""))
    if command is commands.SET_UP and model == "210":
        assert reply.status == Status.NOT_IMPLEMENTED
        return
    assert reply.status in command.good
    command.parse(reply)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
@given(data=st.binary(max_size=20))
def test_no_question_breaks_the_simulator_and_no_answer_the_parser(
    command: Command[Any], data: bytes
) -> None:
    ask(ThreeMSimulator(Field(Tag(UID)), block_seconds=0.0), command, data)
    with contextlib.suppress(FrameError):
        command.parse(Reply(0, data))


def test_a_broken_frame_is_met_with_silence_and_the_next_is_heard(tag: Tag) -> None:
    simulator = ThreeMSimulator(Field(tag))
    assert simulator.feed(bytes.fromhex("d500050400118c67")) == []
    assert simulator.feed(bytes.fromhex("d60005fe")) == []
    [reply] = simulator.feed(bytes.fromhex(VECTORS["reader version"]["hex"]))
    assert reply.data.hex() == VECTORS["reader version rsp"]["hex"]


@pytest.mark.parametrize("model", ["810", "210"])
async def test_a_pad_is_greeted_in_the_form_it_knows(tag: Tag, model: Any) -> None:
    simulator = ThreeMSimulator(Field(tag), model=model, block_seconds=0.0)
    link = Link(Wire(simulator), patience=0.01)
    version = await link.ask(commands.VERSION)
    assert version == (Version(0x0A, 3, 2, 6) if model == "210" else None)


async def test_an_older_pad_is_asked_for_one_thing_after_the_other(tag: Tag) -> None:
    simulator = ThreeMSimulator(Field(tag), block_seconds=0.0)
    simulator.without(commands.TAG_INFO)
    pad = pad_on(simulator)
    assert await pad.info(UID) == TagInfo(UID, 6, 0x07, 4, 28)
    simulator.without(commands.READ_AFI)
    simulator.without(commands.READ_DSFID)
    assert await pad.info(UID) == TagInfo(UID, None, None, 4, 28)
    simulator.field.take(UID)
    with pytest.raises(TagLostError):
        await pad.info(UID)


async def test_a_tag_that_does_not_tell_its_size_is_known_by_its_uid_or_refused(tag: Tag) -> None:
    simulator = ThreeMSimulator(Field(tag), block_seconds=0.0)
    simulator.on_tag(commands.TAG_INFO, lambda _tag, _fields: Answer(data=b"\x02\x07"))
    pad = pad_on(simulator)
    assert await pad.info(UID) == TagInfo(UID, None, 0x07, 4, 28)
    strange = Tag(bytes.fromhex("E016015000000000"))
    simulator.field.put(strange)
    with pytest.raises(RefusedError, match="its size"):
        await pad.info(strange.uid)


async def test_a_tag_of_larger_blocks_is_refused_before_it_is_touched() -> None:
    fujitsu = Tag(bytes.fromhex("E008010000000001"), bytearray(250 * 8), block_size=8)
    pad = pad_on(ThreeMSimulator(Field(fujitsu), block_seconds=0.0))
    assert (await pad.info(fujitsu.uid)).block_size == 8
    with pytest.raises(RefusedError, match="only blocks of 4"):
        await pad.read(fujitsu.uid, 0, 1)
    with pytest.raises(RefusedError, match="only blocks of 4"):
        await pad.write(fujitsu.uid, 0, bytes(8), 8)


async def test_a_tag_that_answers_twice_in_an_inventory_is_told_once(tag: Tag) -> None:
    class Stuttering(ThreeMSimulator):
        def feed(self, data: bytes) -> Any:
            self.field._tags[OTHER] = tag
            return super().feed(data)

    simulator = Stuttering(Field(tag), block_seconds=0.0)
    assert [seen.uid for seen in await pad_on(simulator).inventory()] == [UID]


async def test_an_answer_for_another_tag_is_no_answer(tag: Tag) -> None:
    class Wrong(ThreeMSimulator):
        def _with_tag(self, fields: Any, action: Any) -> Answer:
            answer = super()._with_tag(fields, action)
            return Answer(answer.status, OTHER + answer.data[8:])

    with pytest.raises(FrameError, match="got the answer of"):
        await pad_on(Wrong(Field(tag), block_seconds=0.0)).read(UID, 0, 1)


async def test_a_block_that_could_not_be_read_is_asked_again_and_told(tag: Tag) -> None:
    simulator = ThreeMSimulator(Field(tag), block_seconds=0.0)
    simulator.on_tag(
        commands.READ_BLOCKS, lambda _tag, _fields: Answer(data=b"\x01\x00\x15" + bytes(4))
    )
    with pytest.raises(FrameError, match="error 15"):
        await pad_on(simulator).read(UID, 0, 1)


def test_every_status_has_words() -> None:
    assert all(words(status) for status in Status)
    assert words(0x77) == "unknown status"
    assert trouble(Status.NOT_IMPLEMENTED).hint
    assert isinstance(trouble(Status.NOT_WRITTEN), TagLostError)
