import asyncio
import termios
from pathlib import Path

import pytest

from drivers.errors import DriverError, PortLostError, RefusedError
from drivers.feig import PAD, FeigGateSimulator, FeigSimulator, PadOptions, commands
from drivers.feig.answers import Inputs, People, Version
from drivers.feig.commands import WRITE_CONFIG
from drivers.feig.device import Answer, Output
from drivers.feig.fields import Fields
from drivers.feig.gate import FeigGate
from drivers.feig.guard import Guard
from drivers.feig.link import Link
from drivers.feig.outputs import Kind, Switch, cpr, iscan
from drivers.feig.pad import FeigPad
from drivers.feig.profile import Profile, Setting
from drivers.feig.search import find
from drivers.feig.service import Block, NotKeptError, Service, differences, identity
from drivers.feig.status import LoginNeededError, RebootedError, Status
from drivers.ports import Identified, PeopleCount, PeopleCounter, Relays
from drivers.testing.field import Field
from drivers.testing.serve import ServedOnPty, serve_pty, serve_tcp
from drivers.testing.simulator import Reply
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Wire

UID = bytes.fromhex("E004015012345678")
PROFILE = Profile(settings=(Setting(1, 13, 0, why="host mode"), Setting(5, 2, 0x0F, mask=0x0F)))


@pytest.fixture
def simulator() -> FeigGateSimulator:
    made = FeigGateSimulator(Field(Tag(UID)), block_seconds=0.0)
    for memory in (made.eeprom, made.config):
        memory[1] = bytes(13) + b"\x01"
        memory[5] = bytes(14)
    return made


def service_on(wire: Wire, tries: int = 3) -> Service:
    return Service(Link(wire, patience=0.02, tries=tries))


@pytest.fixture(params=[Wire, Dripping])
def service(request: pytest.FixtureRequest, simulator: FeigGateSimulator) -> Service:
    return service_on(request.param(simulator))


async def test_a_reader_says_what_it_is(service: Service) -> None:
    assert identity(await service.version()) == "FEIG CPR40, firmware 3.3"
    assert identity(Version(0x0105, 0, 200, 0)) == "FEIG type 200, firmware 1.5"


async def test_what_differs_from_a_profile_is_told_for_both_memories(
    service: Service, simulator: FeigGateSimulator
) -> None:
    simulator.config[1] = bytes(14)
    found = differences(PROFILE, await service.blocks(PROFILE))
    assert [str(one) for one in found] == [
        "eeprom block 1 byte 13: 01, should be 00 (host mode)",
        "ram block 5 byte 2: 00, should be 0F",
        "eeprom block 5 byte 2: 00, should be 0F",
    ]


async def test_a_profile_is_written_read_back_and_can_be_taken_back(
    service: Service, simulator: FeigGateSimulator
) -> None:
    before = dict(simulator.eeprom), dict(simulator.config)
    old = await service.apply(PROFILE)
    assert differences(PROFILE, await service.blocks(PROFILE)) == []
    assert simulator.eeprom[5][2] == simulator.config[5][2] == 0x0F
    await service.restore(old)
    assert (simulator.eeprom, simulator.config) == before


async def test_a_profile_that_is_true_already_is_not_written(
    service: Service, simulator: FeigGateSimulator
) -> None:
    await service.apply(PROFILE)
    simulator.on(WRITE_CONFIG, lambda _: Answer(Status.WRITE_PROTECTED))
    await service.apply(PROFILE)


async def test_a_reader_that_does_not_keep_a_block_gets_its_old_ones_back(
    simulator: FeigGateSimulator,
) -> None:
    def forgetful(fields: Fields) -> Answer:
        if fields.take(1) == b"\x05" and 0x0F in fields.rest():
            return Answer()
        return simulator._write_config(Fields(bytes((1,)) + bytes(13) + b"\x01"))

    before = dict(simulator.config)
    simulator.on(WRITE_CONFIG, forgetful)
    service = service_on(Wire(simulator))
    with pytest.raises(NotKeptError, match="block 5"):
        await service.apply(Profile(settings=PROFILE.settings[1:]), ["ram"])
    assert simulator.config == before


@pytest.mark.parametrize("cut", range(0, 300, 11))
async def test_a_cable_pulled_while_settings_are_written_leaves_whole_blocks(cut: int) -> None:
    simulator = FeigSimulator(block_seconds=0.0)
    simulator.config[1] = bytes(13) + b"\x01"
    service = service_on(Cut(simulator, after_sent=cut))
    with pytest.raises((PortLostError, NotKeptError)):
        while True:
            await service.apply(PROFILE)
    assert simulator.config[1] in (bytes(14), bytes(13) + b"\x01")
    assert simulator.config[5] in (bytes(14), bytes(2) + b"\x0f" + bytes(11))


@pytest.mark.parametrize("seed", range(10))
async def test_on_a_noisy_line_settings_are_right_or_an_error(
    simulator: FeigGateSimulator, seed: int
) -> None:
    service = service_on(Flipping(simulator, every=200, seed=seed), tries=30)
    try:
        await service.apply(PROFILE)
    except DriverError:
        return
    assert PROFILE.apply(5, simulator.config[5]) == simulator.config[5]
    assert PROFILE.apply(1, simulator.eeprom[1]) == simulator.eeprom[1]


async def test_settings_are_saved_and_set_to_the_makers(
    service: Service, simulator: FeigGateSimulator
) -> None:
    await service.write(Block("ram", 3, bytes(range(14))))
    await service.save(3)
    assert simulator.eeprom[3] == bytes(range(14))
    await service.factory_settings(3)
    assert (await service.read("ram", 3)).data == bytes(14)
    assert (await service.read("eeprom", 3)).data == bytes(range(14))


async def test_a_relay_is_switched_as_the_published_frame_says(
    service: Service, simulator: FeigGateSimulator
) -> None:
    assert iscan(Kind.RELAY, 1, Switch.ON, 2.5).hex() == "010181010019"
    await service.set_output(Kind.RELAY, 1, Switch.ON, 2.5)
    assert simulator.outputs[4, 1] == Output(on=True, hold=2.5)


async def test_a_reader_with_the_older_command_is_switched_with_it(
    service: Service, simulator: FeigGateSimulator
) -> None:
    del simulator._handlers[0x72, None]
    await service.set_output(Kind.OUTPUT, 2, Switch.OFF, 1.0)
    assert simulator.outputs == {(0, 2): Output(on=False, hold=1.0)}


@pytest.mark.parametrize("wrong", [(0, 0.0), (9, 0.0), (1, -1.0), (1, 7000.0)])
def test_an_output_that_cannot_be_is_refused(wrong: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="output"):
        cpr(wrong[0], Switch.ON, wrong[1])


async def test_inputs_are_read(service: Service, simulator: FeigGateSimulator) -> None:
    simulator.inputs = 0b0010_0101
    assert await service.inputs() == Inputs((True, False, True), 0x25)


async def test_people_are_counted_and_the_counter_is_set(
    service: Service, simulator: FeigGateSimulator
) -> None:
    await service.set_people(People(1, 2, 3, 4))
    assert await service.people() == People(1, 2, 3, 4)
    simulator.counts_people = False
    with pytest.raises(RefusedError, match="external device"):
        await service.people()


async def test_a_counter_that_wants_a_mode_gets_one(
    service: Service, simulator: FeigGateSimulator
) -> None:
    def strict(fields: Fields) -> Answer:
        if fields.number() != 0:
            return Answer(Status.PARAMETER_RANGE)
        return Answer(data=simulator.people_data()[:16])

    simulator.people = People(7, 6, 5, 4)
    simulator.on(commands.PEOPLE, strict)
    assert await service.people() == People(7, 6, 5, 4)


async def test_an_antenna_that_is_not_there_is_refused(service: Service) -> None:
    await service.antenna(1)
    with pytest.raises(RefusedError):
        await service.antenna(2)


async def test_each_antenna_has_its_own_field() -> None:
    simulator = FeigSimulator(Field(), block_seconds=0.0, more_antennas=[Field(Tag(UID))])
    link = Link(Wire(simulator), patience=0.02)
    pad = FeigPad(link)
    assert await pad.inventory() == []
    await Service(link).antenna(2)
    assert [seen.uid for seen in await pad.inventory()] == [UID]
    simulator.power_up()
    assert await pad.inventory() == []


async def test_a_reader_that_starts_anew_answers_again(simulator: FeigGateSimulator) -> None:
    simulator.deaf_after_reboot = 3
    simulator.config[1] = bytes(14)
    service = service_on(Wire(simulator), tries=1)
    assert (await service.reboot()).reader_type == 83
    assert simulator.config[1] == simulator.eeprom[1]


async def test_over_tcp_a_reader_that_starts_anew_hangs_up_and_opens_again(tmp_path: Path) -> None:
    profile = tmp_path / "pad.toml"
    profile.write_text("[[config]]\nblock = 1\nbyte = 13\nvalue = 7\n")
    simulator = FeigSimulator(Field(Tag(UID)), block_seconds=0.0, password=b"\x01\x02\x03\x04")
    served = await serve_tcp(simulator)
    broken: list[asyncio.Task[None]] = []
    simulator.on_reboot = lambda: broken.append(asyncio.create_task(served.unplug()))
    options = PadOptions(served.address, profile=profile, password="01020304")
    try:
        async with PAD.open(options) as pad:
            with pytest.raises(PortLostError):
                await Service(pad._link).reboot()  # type: ignore[attr-defined]
        await asyncio.gather(*broken)
        assert simulator.config[1] == bytes(14)
        await served.plug()
        async with PAD.open(options) as pad:
            assert len(await pad.inventory()) == 1
        assert simulator.config[1][13] == 7
    finally:
        await served.close()


async def test_a_reader_that_forgot_the_login_is_to_be_opened_again() -> None:
    simulator = FeigSimulator(Field(Tag(UID)), block_seconds=0.0, password=b"\x01\x02\x03\x04")
    link = Link(Wire(simulator), patience=0.02)
    await Service(link).login(simulator.password)
    assert len(await FeigPad(link).inventory()) == 1
    simulator.power_up()
    with pytest.raises(LoginNeededError) as caught:
        await FeigPad(link).inventory()
    assert caught.value.retryable
    assert "password" in caught.value.hint


@pytest.mark.parametrize("kind", [FeigPad, FeigGate])
async def test_a_reader_that_lost_its_settings_unseen_is_to_be_opened_again(
    kind: type[FeigPad] | type[FeigGate], simulator: FeigGateSimulator
) -> None:
    link = Link(Wire(simulator), patience=0.02)
    await Service(link).apply(PROFILE, ["ram"])
    reader = kind(link, guard=Guard(link, PROFILE, seconds=0.001))

    async def use() -> None:
        await asyncio.sleep(0.002)
        await (reader.inventory() if isinstance(reader, FeigPad) else reader.sightings())

    await use()
    simulator.power_up()
    with pytest.raises(RebootedError) as caught:
        await use()
    assert caught.value.retryable


async def test_readers_offer_what_they_can_besides(simulator: FeigGateSimulator) -> None:
    link = Link(Wire(simulator), patience=0.02)
    pad, gate = FeigPad(link), FeigGate(link)
    assert isinstance(pad, Identified)
    assert isinstance(pad, Relays)
    assert not isinstance(pad, PeopleCounter)
    assert isinstance(gate, PeopleCounter)
    simulator.people = People(5, 3, 1, 1)
    assert await gate.people_count() == PeopleCount(6, 4)
    await gate.set_relay(2, True, 1.5)
    await pad.set_relay(1, False)
    assert simulator.outputs == {(4, 2): Output(True, 1.5), (4, 1): Output(False)}


class AtOneSpeed:
    """A reader that hears only what is sent at its speed; ours is a line of a pseudo-terminal."""

    def __init__(self, speed: int) -> None:
        self.reader = FeigSimulator(block_seconds=0.0)
        self.speed = speed
        self.served: ServedOnPty | None = None

    def connected(self, send: object) -> None:
        pass

    def feed(self, data: bytes) -> list[Reply]:
        assert self.served
        assert self.served._ends
        is_at = termios.tcgetattr(self.served._ends[1])[5]
        return self.reader.feed(data) if is_at == self.speed else [Reply(b"\xf8\x00")]


async def test_the_speed_of_a_reader_is_found() -> None:
    device = AtOneSpeed(termios.B19200)
    device.served = await serve_pty(device)
    try:
        found = await find(device.served.address)
        assert found
        address, version = found
        assert "baud=19200" in address
        assert version.reader_type == 83
        assert await find(device.served.address, bauds=[9600]) is None
    finally:
        await device.served.close()


async def test_a_reader_in_the_network_needs_no_speed() -> None:
    served = await serve_tcp(FeigSimulator(block_seconds=0.0))
    try:
        found = await find(served.address)
        assert found
        assert found[0] == served.address
    finally:
        await served.close()
    with pytest.raises(PortLostError):
        await find(served.address)
