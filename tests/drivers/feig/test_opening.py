import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import fields, replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from drivers.errors import NoReplyError, OptionError, PortLostError, RefusedError
from drivers.feig import GATE, PAD, FeigGateSimulator, FeigSimulator, GateOptions, PadOptions
from drivers.feig.link import Link
from drivers.feig.opening import start
from drivers.feig.profile import Profile, Setting
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire

UID = bytes.fromhex("E004015012345678")
Serve = Callable[[Simulator], Awaitable[Served]]


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=6, afi=0x07)


@pytest.fixture(params=[serve_pty, serve_tcp])
async def serve(request: pytest.FixtureRequest) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def on_a_wire(simulator: Simulator) -> Served:
            served: Served = await request.param(simulator)
            stack.push_async_callback(served.close)
            return served

        yield on_a_wire


def test_both_drivers_are_found_by_name() -> None:
    found = {entry.name: entry for entry in entry_points(group="shelfwire.drivers")}
    assert found["feig"].load() is PAD
    assert found["feig-gate"].load() is GATE


@pytest.mark.parametrize("driver", [PAD, GATE])
def test_every_option_is_explained(driver: object) -> None:
    assert all(option.metadata["help"] for option in fields(driver.options))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": 256},
        {"patience": 0.0},
        {"tries": 0},
        {"pause_ms": -1},
        {"password": "0102"},
        {"password": "not hex"},
        {"records": 0},
        {"records": 256},
    ],
)
def test_an_option_out_of_range_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GateOptions("tcp://127.0.0.1:1", **wrong)  # type: ignore[arg-type]


async def test_a_pad_on_a_real_wire_does_a_readers_day(serve: Serve, tag: Tag) -> None:
    served = await serve(FeigSimulator(Field(tag), block_seconds=0.0005))
    async with PAD.open(PadOptions(served.address)) as pad:
        assert [seen.uid for seen in await pad.inventory()] == [UID]
        assert (await pad.info(UID)).block_count == 28
        await pad.write(UID, 0, bytes(112), 4)
        assert await pad.read(UID, 0, 28) == bytes(112)
        await pad.write_afi(UID, 0xC2)
        assert (await pad.info(UID)).afi == 0xC2


async def test_a_gate_on_a_real_wire_tells_who_passed(serve: Serve, tag: Tag) -> None:
    simulator = FeigGateSimulator(block_seconds=0.0)
    served = await serve(simulator)
    async with GATE.open(GateOptions(served.address)) as gate:
        for _ in range(40):
            simulator.pass_tag(tag)
        assert len(await gate.sightings()) == 40


async def test_a_cable_pulled_in_a_write_is_a_lost_port_and_plugging_mends_it(
    serve: Serve, tag: Tag
) -> None:
    served = await serve(FeigSimulator(Field(tag), block_seconds=0.01))
    options = PadOptions(served.address)
    async with PAD.open(options) as pad:
        writing = asyncio.create_task(pad.write(UID, 0, bytes(112), 4))
        await asyncio.sleep(0.05)
        await served.unplug()
        with pytest.raises(PortLostError):
            await writing
    with pytest.raises(PortLostError):
        async with PAD.open(options):
            pass
    await served.plug()
    async with PAD.open(options) as pad:
        assert [seen.uid for seen in await pad.inventory()] == [UID]
    assert all(tag.block(n) in (bytes(4), bytes(range(4 * n, 4 * n + 4))) for n in range(28))


async def test_opening_again_in_the_middle_of_an_answer_does_not_mix_answers(
    serve: Serve, tag: Tag
) -> None:
    other = Tag(UID[:7] + b"\x01", bytearray(b"\x22" * 112))
    served = await serve(FeigSimulator(Field(tag, other), block_seconds=0.002))
    options = PadOptions(served.address)
    async with PAD.open(options) as pad:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pad.read(UID, 0, 16)
    async with PAD.open(options) as pad:
        assert await pad.read(other.uid, 0, 16) == b"\x22" * 64


async def test_a_port_with_no_reader_behind_it_does_not_open(serve: Serve) -> None:
    simulator = FeigSimulator(address=1)
    served = await serve(simulator)
    options = PadOptions(served.address, address=2, patience=0.02)
    with pytest.raises(NoReplyError):
        async with PAD.open(options):
            pass


async def test_a_reader_with_a_password_is_opened_with_it(serve: Serve, tag: Tag) -> None:
    simulator = FeigSimulator(Field(tag), block_seconds=0.0, password=b"\x01\x02\x03\x04")
    served = await serve(simulator)
    options = PadOptions(served.address, password="01020304")
    async with PAD.open(options) as pad:
        assert len(await pad.inventory()) == 1
    simulator.power_up()
    with pytest.raises(RefusedError) as caught:
        async with PAD.open(replace(options, password="")):
            pass
    assert "option password" in caught.value.hint


async def test_opening_applies_the_profile(serve: Serve, tag: Tag, tmp_path: Path) -> None:
    simulator = FeigSimulator(Field(tag), block_seconds=0.0, block_order="plain")
    simulator.eeprom[5] = simulator.config[5] = bytes(14)
    served = await serve(simulator)
    (tmp_path / "pad.toml").write_text(
        'block_order = "plain"\n'
        "[[config]]\nblock = 5\nbyte = 3\nmask = 0x0F\nvalue = 0xFF\n"
        "[[config]]\nblock = 5\nbyte = 13\nvalue = 7\n"
    )
    options = PadOptions(served.address, profile=tmp_path / "pad.toml")
    async with PAD.open(options) as pad:
        assert await pad.read(UID, 0, 1) == bytes(range(4))
    assert simulator.config[5] == bytes((0, 0, 0, 0x0F)) + bytes(9) + b"\x07"
    assert simulator.eeprom[5] == bytes(14)
    async with PAD.open(replace(options, block_order="reversed")) as pad:
        assert await pad.read(UID, 0, 1) == bytes((3, 2, 1, 0))


async def test_a_setting_that_is_right_is_not_written_again() -> None:
    simulator = FeigSimulator()
    profile = Profile(settings=(Setting(1, 13, 0),))
    before = simulator.requests
    await start(Link(Wire(simulator)), profile)
    assert simulator.requests - before == 3  # fence, read, field on


async def test_a_reader_whose_field_cannot_be_switched_is_opened() -> None:
    simulator = FeigSimulator()
    del simulator._handlers[0x6A, None]
    await start(Link(Wire(simulator)), Profile())


async def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    options = PadOptions("tcp://127.0.0.1:1", profile=tmp_path / "none.toml")
    with pytest.raises(OptionError, match=r"none\.toml"):
        async with PAD.open(options):
            pass


async def test_a_reader_gets_its_rest_between_two_questions() -> None:
    loop = asyncio.get_running_loop()
    link = Link(Wire(FeigSimulator()), pause=0.02)
    begin = loop.time()
    await start(link, Profile())
    assert loop.time() - begin >= 0.018
