"""A UHF reader under a pad: the item reader that kiosks and drops know."""

import contextlib
from collections.abc import Callable

import pytest

from drivers.errors import RefusedError, TagLostError
from drivers.ports import Bank, ItemReader, UhfReader
from drivers.tags import AFI_IN, AFI_OUT, NewTag, decode, encode_mb01, uhf_write_plan
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.uhf import EpcBit, LoanList, UhfPad, UhfRule

COAT = bytes.fromhex("3034257bf7194e4000001a85")
RULES = {
    "afi-in-pc": UhfRule(),
    "epc-bit": UhfRule(EpcBit(byte=15, mask=1)),
    "loan-list": UhfRule(LoanList()),
    "tid": UhfRule(named_by="tid"),
}


@pytest.fixture(params=RULES)
def rule(request: pytest.FixtureRequest) -> UhfRule:
    return RULES[request.param]


async def test_an_item_is_seen_read_and_understood(uhf: UhfReader, rule: UhfRule) -> None:
    pad: ItemReader = UhfPad(uhf, rule)
    [seen] = await pad.inventory()
    info = await pad.info(seen.uid)
    assert (info.uid, info.block_size, info.bank) == (seen.uid, 2, "mb01")
    memory = await pad.read(seen.uid, 0, info.block_count)
    assert decode(memory, bank=info.bank).item_id == "893000000001"
    assert decode(memory, block_size=info.block_size).checksum == "ok"


async def test_a_loan_and_a_return_are_written_and_read_back(
    uhf: UhfReader, rule: UhfRule, tag: Gen2Tag
) -> None:
    pad = UhfPad(uhf, rule)
    [seen] = await pad.inventory()
    for afi in (AFI_OUT, AFI_IN, AFI_OUT):
        await pad.write_afi(seen.uid, afi)
        assert (await pad.info(seen.uid)).afi == afi
        assert [again.uid for again in await pad.inventory()] == [seen.uid]
        if not isinstance(rule.security, LoanList):
            assert rule.security.state(tag.pc, tag.epc) == afi


async def test_only_the_named_tag_changes_its_state(
    uhf: UhfReader, field: AirField, tag: Gen2Tag, make_book: Callable[..., Gen2Tag]
) -> None:
    other = make_book(2)
    field.put(other)
    pad = UhfPad(uhf, UhfRule())
    await pad.inventory()
    await pad.write_afi(UhfRule().uid(await _first(uhf, tag)), AFI_OUT)
    assert (tag.pc or 0) & 0xFF == AFI_OUT
    assert (other.pc or 0) & 0xFF == AFI_IN


async def _first(uhf: UhfReader, tag: Gen2Tag):  # type: ignore[no-untyped-def]
    return next(seen for seen in await uhf.inventory() if seen.epc == tag.epc)


async def test_a_coat_is_seen_only_where_foreign_tags_are_asked_for(
    uhf: UhfReader, field: AirField
) -> None:
    field.put(Gen2Tag(b"\1" * 12, COAT))
    assert len(await UhfPad(uhf, UhfRule()).inventory()) == 1
    assert len(await UhfPad(uhf, UhfRule(), foreign=True).inventory()) == 2


async def test_a_new_item_is_written_and_the_tag_keeps_its_name(
    uhf: UhfReader, field: AirField
) -> None:
    field.clear()
    blank = Gen2Tag(b"\2" * 12, COAT)
    field.put(blank)
    pad = UhfPad(uhf, UhfRule(), foreign=True)
    [seen] = await pad.inventory()
    bank = encode_mb01(NewTag("893000000777", "VN-HNLIB", 2, 3))
    await pad.write(seen.uid, 0, bank, 2)
    info = await pad.info(seen.uid)
    assert info.afi == AFI_IN
    content = decode(await pad.read(seen.uid, 0, info.block_count), bank=info.bank)
    assert (content.item_id, content.part, content.checksum) == ("893000000777", 2, "ok")
    assert blank.bank(1)[: len(bank)] == bank  # type: ignore[arg-type]


@pytest.mark.parametrize("torn", [*range(12), None])
async def test_a_write_that_is_torn_anywhere_leaves_the_old_item_none_or_the_new_one(
    uhf: UhfReader, field: AirField, make_book: Callable[..., Gen2Tag], torn: int | None
) -> None:
    field.clear()
    tag = make_book(5)
    field.put(tag)
    pad = UhfPad(uhf, UhfRule())
    [seen] = await pad.inventory()
    old = await pad.read(seen.uid, 0, (await pad.info(seen.uid)).block_count)
    new = encode_mb01(NewTag("893000000006", "VN-HNLIB", 2, 3))
    if torn is not None:
        field.tear_after(tag.tid, torn)
    with contextlib.suppress(TagLostError):
        for word, data in uhf_write_plan(old, new):
            await pad.write(seen.uid, word, data, 2)
    image = tag.bank(Bank.EPC)[: 4 + len(tag.epc)]
    item = decode(image, bank="mb01").item_id
    assert item in ("893000000005", None, "893000000006")
    assert (item == "893000000006") is (image[: len(new)] == new)
    assert torn is not None or image == new


async def test_a_tag_that_leaves_in_a_loan_can_be_found_again(
    uhf: UhfReader, field: AirField, tag: Gen2Tag
) -> None:
    rule = UhfRule(EpcBit(byte=15, mask=1))
    pad = UhfPad(uhf, rule)
    [seen] = await pad.inventory()
    field.tear_after(tag.tid, 0)
    with pytest.raises(TagLostError):
        await pad.write_afi(seen.uid, AFI_OUT)
    with pytest.raises(TagLostError):
        await pad.info(seen.uid)
    field.put(tag)
    await pad.write_afi(seen.uid, AFI_OUT)
    assert (await pad.info(seen.uid)).afi == AFI_OUT


async def test_an_epc_that_another_desk_changed_is_followed(uhf: UhfReader, tag: Gen2Tag) -> None:
    rule = UhfRule(EpcBit(byte=15, mask=1))
    pad, other = UhfPad(uhf, rule), UhfPad(uhf, rule)
    [seen], _ = await pad.inventory(), await other.inventory()
    await other.write_afi(seen.uid, AFI_OUT)
    assert (await pad.info(seen.uid)).afi == AFI_OUT


async def test_a_tag_that_was_never_seen_is_looked_for_before_it_is_lost(
    uhf: UhfReader, tag: Gen2Tag
) -> None:
    pad = UhfPad(uhf, UhfRule())
    uid = UhfRule().uid(await _first(uhf, tag))
    assert (await pad.info(uid)).afi == AFI_IN
    with pytest.raises(TagLostError, match="not in the field"):
        await pad.info(bytes(8))


async def test_an_epc_too_short_for_the_bit_is_refused(uhf: UhfReader, field: AirField) -> None:
    field.clear()
    field.put(Gen2Tag(b"\3" * 12, COAT[:4]))
    pad = UhfPad(uhf, UhfRule(EpcBit(byte=15)), foreign=True)
    [seen] = await pad.inventory()
    with pytest.raises((RefusedError, TagLostError)):
        await pad.write_afi(seen.uid, AFI_OUT)
    assert (await pad.info(seen.uid)).afi is None


async def test_other_blocks_than_words_are_a_mistake_of_ours(uhf: UhfReader) -> None:
    pad = UhfPad(uhf, UhfRule())
    [seen] = await pad.inventory()
    with pytest.raises(ValueError, match="blocks of 2"):
        await pad.write(seen.uid, 0, bytes(8), 4)
