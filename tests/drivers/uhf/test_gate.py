"""A UHF reader in a gate: library tags with their state, and nothing of coats and parcels."""

from collections.abc import Callable

import pytest

from drivers.ports import GateReader, UhfReader
from drivers.tags import AFI_IN, AFI_OUT, decode
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.uhf import EpcBit, LoanList, UhfGate, UhfRule
from drivers.uhf.gate import PATIENCE
from drivers.uhf18 import Uhf18Simulator, commands
from drivers.uhf18.simulator import Answer
from drivers.uhf18.status import Status

COAT = bytes.fromhex("3034257bf7194e4000001a85")
Books = Callable[..., Gen2Tag]


async def test_a_gate_tells_item_and_state(
    uhf: UhfReader, field: AirField, make_book: Books
) -> None:
    field.put(make_book(2, afi=AFI_OUT))
    gate: GateReader = UhfGate(uhf, UhfRule())
    seen = {one.afi: one for one in await gate.sightings()}
    assert set(seen) == {AFI_IN, AFI_OUT}
    content = decode(seen[AFI_IN].data, bank=seen[AFI_IN].bank)
    assert (content.item_id, content.owner) == ("893000000001", "VN-HNLIB")
    assert seen[AFI_IN].uid != seen[AFI_OUT].uid


async def test_a_coat_is_not_seen(uhf: UhfReader, field: AirField) -> None:
    field.put(Gen2Tag(b"\1" * 12, COAT))
    assert len(await UhfGate(uhf, UhfRule()).sightings()) == 1


async def test_a_tag_keeps_its_name_from_pass_to_pass(uhf: UhfReader) -> None:
    gate = UhfGate(uhf, UhfRule(named_by="tid"))
    [first], [second] = await gate.sightings(), await gate.sightings()
    assert first.uid == second.uid
    assert first.uid[0] == 0xE2


async def test_a_loan_list_gate_knows_the_item_and_no_state(uhf: UhfReader) -> None:
    [seen] = await UhfGate(uhf, UhfRule(LoanList())).sightings()
    assert seen.afi is None
    assert seen.bank == "mb01"


async def test_a_bit_of_the_epc_is_the_state(uhf: UhfReader, field: AirField) -> None:
    field.clear()
    field.put(Gen2Tag(b"\1" * 12, b"\x80" + COAT[1:]))
    gate = UhfGate(uhf, UhfRule(EpcBit(), prefixes=(b"\0",)))
    [seen] = await gate.sightings()
    assert seen.afi == AFI_OUT


@pytest.mark.parametrize("dialect", ["18", "288"])
async def test_a_tag_whose_pc_cannot_be_read_waits_and_is_then_reported(
    uhf: UhfReader, device: Uhf18Simulator, tag: Gen2Tag
) -> None:
    device.on(commands.READ, lambda _: [Answer(Status.NO_TAG)])
    gate = UhfGate(uhf, UhfRule())
    for _ in range(PATIENCE - 1):
        assert await gate.sightings() == []
    [seen] = await gate.sightings()
    assert seen.afi is None
    assert tag.epc in seen.data
