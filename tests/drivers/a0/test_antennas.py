"""An A0 reader with several antennas works on a tag over the antenna that sees it."""

from drivers.a0 import A0Reader, A0Simulator
from drivers.a0.frames import FAMILY
from drivers.ports import Bank
from drivers.tags import AFI_OUT, NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.wires import Wire
from drivers.uhf import EpcBit, UhfPad, UhfRule
from drivers.uhf.line import Line


def book(number: int, antenna: int) -> Gen2Tag:
    bank = encode_mb01(NewTag(f"89300000000{number}", "VN-HNLIB"))
    epc = bank[4:].ljust(16, b"\0")
    return Gen2Tag(bytes((number,)) * 12, epc, 0x4107, antenna=antenna)


def reader(field: AirField) -> A0Reader:
    device = A0Simulator(field, round_seconds=0.0)
    return A0Reader(Line(Wire(device), FAMILY, patience=0.02), antennas=(1, 2, 4))


async def test_tags_before_every_antenna_are_seen_and_read() -> None:
    tags = [book(1, 1), book(2, 2), book(3, 4), book(4, 3)]
    uhf = reader(AirField(*tags))
    seen = {tag.epc: tag.antenna for tag in await uhf.inventory()}
    assert seen == {tags[0].epc: 1, tags[1].epc: 2, tags[2].epc: 4}
    for tag in tags[:3]:
        assert await uhf.read(tag.epc, Bank.TID, 0, 6) == tag.tid


async def test_a_loan_that_changes_the_epc_is_read_back_over_the_same_antenna() -> None:
    tag = book(1, 1)
    pad = UhfPad(reader(AirField(tag, book(2, 2))), UhfRule(EpcBit(byte=15, mask=1)))
    await pad.inventory()
    uid = next(seen.uid for seen in await pad.inventory())
    await pad.write_afi(uid, AFI_OUT)
    assert (await pad.info(uid)).afi == AFI_OUT
