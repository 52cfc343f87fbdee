import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DriverError, GateDataLostError, NoReplyError, PortLostError, RefusedError
from drivers.feig import commands
from drivers.feig.answers import TR1_DATE, TR1_LSB_FIRST, TR1_TIME, People
from drivers.feig.gate import FeigGate
from drivers.feig.gate_simulator import MODE_BLOCK, READ_BLOCK, FeigGateSimulator
from drivers.feig.link import Link
from drivers.feig.status import Status
from drivers.ports import GateReader, Sighting
from drivers.tags import NewTag, decode, encode_mb01
from drivers.testing.field import Field
from drivers.testing.gen2 import Gen2Tag
from drivers.testing.simulator import Answer
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Wire

_QUICK = 0.01
UID = bytes.fromhex("E004015012345678")


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=0x3E, afi=0x07)


@pytest.fixture
def simulator(tag: Tag) -> FeigGateSimulator:
    return FeigGateSimulator(Field(), block_seconds=0.0)


@pytest.fixture(params=[Wire, Dripping])
def gate(request: pytest.FixtureRequest, simulator: FeigGateSimulator) -> FeigGate:
    return gate_on(request.param(simulator))


def gate_on(wire: Wire, tries: int = 3) -> FeigGate:
    return FeigGate(Link(wire, patience=_QUICK, tries=tries))


def numbered(count: int) -> list[Tag]:
    return [Tag(UID[:6] + n.to_bytes(2, "big"), bytearray([n % 251] * 112)) for n in range(count)]


async def test_a_quiet_gate_has_seen_nothing(gate: FeigGate) -> None:
    reader: GateReader = gate
    assert await reader.sightings() == []


async def test_a_passing_tag_is_told_once_with_its_first_blocks(
    gate: FeigGate, simulator: FeigGateSimulator, tag: Tag
) -> None:
    simulator.pass_tag(tag, antenna=2)
    assert await gate.sightings() == [Sighting(UID, 0x07, 0x3E, 2, bytes(range(36)))]
    assert await gate.sightings() == []
    assert simulator.waiting == 0


async def test_a_small_tag_and_one_of_large_blocks_pass_together(
    gate: FeigGate, simulator: FeigGateSimulator
) -> None:
    small = Tag(UID, bytearray(range(32)))
    large = Tag(bytes.fromhex("E008010000000001"), bytearray(range(240)), block_size=8)
    simulator.pass_tag(small)
    simulator.pass_tag(large)
    assert [seen.data for seen in await gate.sightings()] == [bytes(range(32)), bytes(range(72))]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 200])
async def test_a_crowd_comes_in_pages_and_in_order(
    gate: FeigGate, simulator: FeigGateSimulator, count: int
) -> None:
    tags = numbered(count)
    for tag in tags:
        simulator.pass_tag(tag)
    seen = await gate.sightings()
    assert [(one.uid, one.data) for one in seen] == [
        (tag.uid, bytes(tag.memory[:36])) for tag in tags
    ]
    assert simulator.waiting == 0


async def test_an_overflow_is_told_once_and_the_gate_works_on(
    gate: FeigGate, simulator: FeigGateSimulator, tag: Tag
) -> None:
    for other in numbered(simulator.capacity + 1):
        simulator.pass_tag(other)
    with pytest.raises(GateDataLostError):
        await gate.sightings()
    assert await gate.sightings() == []
    simulator.pass_tag(tag)
    assert [seen.uid for seen in await gate.sightings()] == [UID]


async def test_what_was_fetched_before_an_overflow_is_not_lost(tag: Tag) -> None:
    class Crowded(FeigGateSimulator):
        def _clear_buffer(self, fields: object) -> object:  # type: ignore[override]
            answer = super()._clear_buffer(fields)  # type: ignore[arg-type]
            self.overflow = True
            return answer

    simulator = Crowded(block_seconds=0.0)
    for other in numbered(30):
        simulator.pass_tag(other)
    gate = gate_on(Wire(simulator))
    with pytest.raises(GateDataLostError):
        await gate.sightings()
    assert [seen.uid for seen in await gate.sightings()] == [
        other.uid for other in numbered(30)[: 1000 // 55]
    ]


async def test_a_gate_whose_clearing_failed_tells_again_rather_than_nothing(
    simulator: FeigGateSimulator, tag: Tag
) -> None:
    class Deaf(Wire):
        deaf = False

        def to_device(self, data: bytes) -> list[bytes]:
            return [] if self.deaf and data[4] == 0x32 else [data]

    wire = Deaf(simulator)
    gate = gate_on(wire)
    simulator.pass_tag(tag)
    wire.deaf = True
    assert [seen.uid for seen in await gate.sightings()] == [UID]
    wire.deaf = False
    assert [seen.uid for seen in await gate.sightings()] == [UID]
    assert await gate.sightings() == []


@pytest.mark.parametrize("cut", range(0, 220, 5))
async def test_a_cable_pulled_at_any_byte_loses_no_sighting(cut: int, tag: Tag) -> None:
    simulator = FeigGateSimulator(block_seconds=0.0)
    simulator.pass_tag(tag)
    seen: list[Sighting] = []
    first = gate_on(Cut(simulator, after=cut))
    with pytest.raises(PortLostError):
        while True:
            seen += await first.sightings()
    seen += await gate_on(Wire(simulator)).sightings()
    assert seen
    assert {one.uid for one in seen} == {UID}


@given(seed=st.integers(0, 1000))
async def test_a_noisy_wire_loses_no_sighting_and_makes_none_up(seed: int) -> None:
    simulator = FeigGateSimulator(block_seconds=0.0)
    gate = gate_on(Flipping(simulator, every=300, seed=seed), tries=30)
    tags = numbered(6)
    seen = []
    for tag in tags:
        simulator.pass_tag(tag)
        seen += await gate.sightings()
    assert {one.uid for one in seen} == {tag.uid for tag in tags}


async def test_a_gate_that_does_not_answer_is_an_error_and_never_quiet(
    simulator: FeigGateSimulator,
) -> None:
    simulator.address = 9
    gate = FeigGate(Link(Wire(simulator), address=8, patience=_QUICK))
    with pytest.raises(NoReplyError):
        await gate.sightings()


async def test_a_gate_counts_people(gate: FeigGate, simulator: FeigGateSimulator) -> None:
    simulator.people = People(12, 9, 0, 0)
    assert await gate.people() == People(12, 9, 0, 0)


async def test_a_gate_without_a_counter_says_so(simulator: FeigGateSimulator) -> None:
    del simulator._handlers[0x77, None]
    with pytest.raises(DriverError, match="unknown command"):
        await gate_on(Wire(simulator)).people()


async def test_a_uhf_gate_tells_library_tags_and_no_parcels(
    gate: FeigGate, simulator: FeigGateSimulator
) -> None:
    bank = encode_mb01(NewTag("893000000001", "VN-HNLIB"), afi=0xC2)
    book = Gen2Tag(bytes(12), bank[4:], int.from_bytes(bank[2:4], "big"))
    simulator.pass_air(Gen2Tag(bytes(11) + b"\1", bytes.fromhex("3034257bf7194e4000001a85")))
    simulator.pass_air(book, antenna=3)
    [seen] = await gate.sightings()
    assert (seen.afi, seen.antenna, seen.bank, seen.uid[0]) == (0xC2, 3, "mb01", 0xEC)
    assert decode(seen.data, bank=seen.bank).item_id == "893000000001"
    assert simulator.waiting == 0


@pytest.mark.parametrize("more", [0x00, TR1_LSB_FIRST, TR1_TIME, TR1_DATE | TR1_TIME])
async def test_what_a_record_holds_is_the_readers_to_say(
    gate: FeigGate, simulator: FeigGateSimulator, tag: Tag, more: int
) -> None:
    block = bytearray(simulator.config[READ_BLOCK])
    block[0] |= more
    simulator.config[READ_BLOCK] = bytes(block)
    simulator.pass_tag(tag, antenna=2)
    assert await gate.sightings() == [Sighting(UID, 0x07, 0x3E, 2, bytes(range(36)))]


async def test_a_reader_in_another_mode_buffers_nothing(
    gate: FeigGate, simulator: FeigGateSimulator, tag: Tag
) -> None:
    simulator.config[MODE_BLOCK] = bytes(14)
    simulator.pass_tag(tag)
    assert await gate.sightings() == []


@pytest.mark.parametrize("flags", [0x13, 0x11, 0x73, 0x01])
async def test_an_older_reader_is_asked_in_its_own_form(
    gate: FeigGate, simulator: FeigGateSimulator, flags: int
) -> None:
    simulator.is_old = True
    simulator.config[READ_BLOCK] = bytes((flags, 0)).ljust(14, b"\0")
    tags = numbered(40)
    for one in tags:
        simulator.pass_tag(one, antenna=2)
    seen = await gate.sightings()
    data = [bytes(one.memory[:36]) if flags & 0x02 else b"" for one in tags]
    assert [(one.uid, one.data) for one in seen] == list(zip([t.uid for t in tags], data))
    assert {one.antenna for one in seen} == {2 if flags & 0x10 else 0}
    assert simulator.waiting == 0
    asked = simulator.requests
    assert await gate.sightings() == []
    assert simulator.requests == asked + 1  # the newer form is not tried again


async def test_another_refusal_does_not_make_a_reader_an_older_one(
    gate: FeigGate, simulator: FeigGateSimulator
) -> None:
    simulator.is_old = True  # it would answer the older form
    simulator.on(commands.READ_BUFFER, lambda _: Answer(Status.PARAMETER_RANGE))
    with pytest.raises(RefusedError):
        await gate.sightings()


async def test_an_older_reader_that_ran_over_is_emptied(
    gate: FeigGate, simulator: FeigGateSimulator, tag: Tag
) -> None:
    simulator.is_old = True
    for other in numbered(simulator.capacity + 1):
        simulator.pass_tag(other)
    with pytest.raises(GateDataLostError):
        await gate.sightings()
    simulator.pass_tag(tag)
    assert [seen.uid for seen in await gate.sightings()] == [UID]
