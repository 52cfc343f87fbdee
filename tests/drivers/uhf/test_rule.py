"""Where security stands on a UHF tag, which tags are ours, what names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import AirTag
from drivers.tags import AFI_IN, AFI_OUT, AllianceHead, NewTag, encode_mb01, encode_mb01_alliance
from drivers.uhf import AfiInPc, EpcBit, LoanList, UhfRule, UhfRuleOptions

EPCS = st.binary(min_size=2, max_size=30).map(lambda data: data + bytes(len(data) % 2))
STATES = st.sampled_from([AFI_IN, AFI_OUT])


def air_tag(bank: bytes) -> AirTag:
    return AirTag(bank[4:], int.from_bytes(bank[2:4], "big"))


BOOK = air_tag(encode_mb01(NewTag("893012345678", "VN-HNLIB"), afi=AFI_OUT))
ALLIANCE = air_tag(encode_mb01_alliance("32103179", AllianceHead(lent=True)))
COAT = AirTag(bytes.fromhex("3034257bf7194e4000001a85"), 0x3000)


def test_the_pc_word_of_the_standard_says_on_loan() -> None:
    assert AfiInPc().state(0x45C2, b"") == AFI_OUT
    change = AfiInPc().change(0x45C2, bytes(16), AFI_IN)
    assert (change.first, change.data.hex(), change.epc) == (1, "4507", bytes(16))


def test_a_pc_word_without_the_iso_bit_has_no_state() -> None:
    assert AfiInPc().state(0x3000, b"") is None


@given(st.integers(0, 0xFFFF), EPCS, STATES)
def test_an_afi_that_was_set_is_there_and_the_rest_of_the_pc_stays(
    pc: int, epc: bytes, afi: int
) -> None:
    word = int.from_bytes(AfiInPc().change(pc, epc, afi).data, "big")
    assert AfiInPc().state(word, epc) == afi
    assert (word ^ pc) & 0xFE00 == 0


@given(
    EPCS, STATES, st.integers(0, 9), st.integers(1, 255), st.sampled_from(["on-loan", "in-stock"])
)
def test_a_bit_that_was_set_is_there_and_nothing_else_changes(
    epc: bytes, afi: int, byte: int, mask: int, means: str
) -> None:
    security = EpcBit(byte, mask, means)  # type: ignore[arg-type]
    change = security.change(0, epc, afi)
    if change is None:
        assert byte >= len(epc)
        assert security.state(0, epc) is None
        return
    assert security.state(0, change.epc) == afi
    assert security.steady(change.epc) == security.steady(epc)
    at = (change.first - 2) * 2
    assert epc[:at] + change.data + epc[at + 2 :] == change.epc


def test_the_alliance_says_on_loan_in_its_first_bit() -> None:
    assert EpcBit().state(None, ALLIANCE.epc) == AFI_OUT


def test_a_loan_list_leaves_the_tag_alone() -> None:
    assert LoanList().state(0x45C2, b"") is None
    assert LoanList().change(0x45C2, b"", AFI_OUT) is None


def test_a_book_is_ours_and_a_coat_is_not() -> None:
    assert UhfRule().is_ours(BOOK)
    assert not UhfRule().is_ours(COAT)
    alliance = UhfRule(EpcBit(), "mb01-alliance")
    assert alliance.is_ours(ALLIANCE)
    assert not UhfRule().is_ours(ALLIANCE)


def test_a_book_is_ours_too_when_the_reader_tells_no_pc_word() -> None:
    assert UhfRule(LoanList()).is_ours(AirTag(BOOK.epc))
    assert not UhfRule(LoanList()).is_ours(AirTag(COAT.epc))


def test_an_iso_tag_with_an_afi_of_another_trade_is_not_ours() -> None:
    other = air_tag(encode_mb01(NewTag("893012345678", "VN-HNLIB"), afi=0xA1))
    assert not UhfRule().is_ours(other)


def test_prefixes_decide_whose_a_tag_is() -> None:
    rule = UhfRule(EpcBit(), prefixes=(b"\x30\x34",))
    assert rule.is_ours(COAT)
    assert rule.is_ours(AirTag(b"\xb0" + COAT.epc[1:], 0x3000))
    assert not rule.is_ours(BOOK)


@given(EPCS, STATES)
def test_a_loan_does_not_change_a_name(epc: bytes, afi: int) -> None:
    rule = UhfRule(EpcBit())
    change = rule.security.change(0, epc, afi)
    assert change
    assert rule.uid(AirTag(change.epc)) == rule.uid(AirTag(epc))
    assert rule.uid(AirTag(epc))[0] == 0xEC
    assert len(rule.uid(AirTag(epc))) == 8


def test_a_tid_names_a_tag_only_where_the_site_says_so() -> None:
    tid = bytes(range(12))
    assert UhfRule().uid(BOOK, tid) == UhfRule().uid(BOOK)
    assert UhfRule(named_by="tid").uid(BOOK, tid)[0] == 0xE2
    assert UhfRule(named_by="tid").uid(BOOK)[0] == 0xEC


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"bit_byte": 62}, "bit_byte"),
        ({"bit_mask": 0}, "bit_mask"),
        ({"afi_in": 256}, "afi_in"),
        ({"afi_in": 0xC2}, "same"),
        ({"prefixes": ("xy",)}, "prefixes"),
    ],
)
def test_an_option_that_no_tag_can_hold_is_named(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        UhfRuleOptions(**wrong)  # type: ignore[arg-type]


def test_options_make_the_rule() -> None:
    options = UhfRuleOptions(security="epc-bit", tags="cn-alliance", prefixes=("30 34",))
    rule = options.rule()
    assert (rule.security, rule.bank, rule.prefixes) == (EpcBit(), "mb01-alliance", (b"04",))
    assert isinstance(UhfRuleOptions(security="loan-list").rule().security, LoanList)
