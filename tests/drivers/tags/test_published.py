"""Tags of public test suites that our reference did not hold; their bytes are data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags import TagError, decode, encode_alliance_user
from drivers.tags.alliance import _packed as unpack_alliance
from drivers.tags.alliance_user import map_of_elements, mapped_elements
from drivers.tags.code40 import decode_code40, encode_code40
from drivers.tags.compaction import compact, expand
from drivers.tags.isil import decode_isil, encode_isil
from drivers.tags.iso15693 import parse_system_info
from drivers.tags.uhf import bank_image


def test_a_danish_tag_of_32_bytes() -> None:
    memory = "11010131313232333334340000000000000000513e4445373035000000000000"
    content = decode(bytes.fromhex(memory))
    assert (content.item_id, content.owner, content.checksum) == ("11223344", "DE-705", "ok")


def test_a_danish_tag_without_a_number_is_a_sound_template() -> None:
    memory = "11010100000000000000000000000000000000ca9f4445373035000000000000"
    content = decode(bytes.fromhex(memory))
    assert (content.format, content.item_id, content.checksum) == ("iso28560-3", None, "ok")
    assert content.warnings == ["the tag has no item number"]


@pytest.mark.parametrize(("afi", "said"), [(0x07, "07"), (0x21, "21")])
def test_a_system_information_without_sizes(afi: int, said: str) -> None:
    info = parse_system_info(bytes.fromhex("0355443322110004E000" + said))
    assert (info.uid.hex(), info.afi, info.blocks) == ("e004001122334455", afi, None)


@pytest.mark.parametrize(
    ("head", "item", "kind"),
    [("04110000", "200912310123", 0), ("04110001", "1301234567", 1)],
)
def test_3m_tags_with_only_a_barcode(head: str, item: str, kind: int) -> None:
    content = decode(bytes.fromhex(head) + item.encode().ljust(16, b"\0"))
    assert (content.format, content.item_id, content.elements["type"]) == ("3m-rfid501", item, kind)


def test_a_3m_tag_with_no_branch_and_the_largest_custom_number() -> None:
    memory = b"\x04\x11\x00\x00" + b"200901010123".ljust(16, b"\0")
    content = decode(memory + bytes.fromhex("ffffffff7fffffff00000000"))
    assert (content.owner, content.elements["custom"]) == (None, 0x7FFFFFFF)


def test_the_examples_of_the_danish_model() -> None:
    first = "110101313030303030303035360000000000 0098a4444b373138353030 0000000000"
    content = decode(bytes.fromhex(first), dsfid=0x3E)
    assert (content.item_id, content.owner, content.warnings) == ("1000000056", "DK-718500", [])
    second = (
        "11010131303030303030313336000000000000 3615 444b3731383530300000000000"
        "0501000501"
        "22020071 426f67766f676e656e00 3132333435363738393000 00 6137383936353663"
    )
    content = decode(bytes.fromhex(second).ljust(80, b"\0"), dsfid=0x3E)
    assert (content.item_id, content.owner) == ("1000000136", "DK-718500")
    assert content.elements["media_format_other"] == 1


def test_a_finnish_tag_with_a_local_extension_and_one_with_objects() -> None:
    head = b"\x11\x01\x011620154429" + bytes(6) + b"\xc4\xcfFIMamk-M" + bytes(5)
    content = decode(head + b"\x06e\x00vta" + bytes(40), dsfid=0x3E)
    assert (content.item_id, content.owner) == ("1620154429", "FI-Mamk-M")
    assert content.elements["extension_101"] == {"raw": b"ta".hex()}
    objects = "91010460 91ce4380 0201a805 01106702 42410307 3240de05 ab075b00"
    assert decode(bytes.fromhex(objects).ljust(80, b"\0"), dsfid=6).item_id == "1620168259"


def test_a_content_parameter_with_room_to_grow() -> None:
    memory = (
        "9100051c be991a14 0205d000 00000014 0204b346 07441cb6 e2e335d6 830207ac c09ebaa0 6f6b0000"
    )
    content = decode(bytes.fromhex(memory), dsfid=6)
    assert (content.item_id, content.owner) == ("123456789012", "US-InU-Mu")
    assert content.elements["content_parameter"] == [3, 4, 6]
    assert content.warnings == []


@pytest.mark.parametrize(
    ("memory", "item"),
    [
        ("C102071100B0C30C30D600000203A80008830203D6593F0000250110370210405F080599A713063F", "DPB000005"),
        ("11030AA9770000000000000000000000000000000000000000000000000000000000000000000000", "698743"),
        ("11030AA8AE0000000000000000000000000000000000000000000000000000000000000000000000", "698542"),
        ("91020312D68700000201B803006501106601006701000000000000000000000000000000000000000000", "1234567"),
    ],
)  # fmt: skip
def test_tags_of_chinese_suppliers_read_without_a_declaration(memory: str, item: str) -> None:
    content = decode(bytes.fromhex(memory))
    assert content.format == "iso28560-2"
    assert content.item_id is not None
    assert len(content.item_id) == len(item)


COMPACTED = [
    (1, "123456789012", "1cbe991a14"), (1, "1203", "04b3"), (1, "256", "0100"),
    (1, "9999999999999999999", "8ac7230489e7ffff"), (1, "9223372036854775807", "7fffffffffffffff"),
    (2, "010", "010f"), (2, "100000000000000000001", "100000000000000000001f"),
    (3, "ABC", "0886"), (3, "]^_", "efbe"), (3, "ZYXWV", "d6717b00"), (3, "UTSRQPO", "ad2728c1e0"),
    (3, "_G]H^", "f9fa8f00"),
    (4, "ABC123456", "0420f1cb3d35da"), (4, "ABC1234", "0420f1cb3d20"), (4, "QA268.L55", "441cb6e2e335d6"),
    (4, "TP393/H637", "510cf9cef236cf78"), (4, "K825.6=76/Z780", "2f8cb5bb6f77daf6b7e308"),
    (4, "I563.85/H022", "275db3bb8d6f230cb2"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "packed"), COMPACTED)
def test_texts_are_packed_as_others_pack_them(code: int, text: str, packed: str) -> None:
    assert compact(text) == (code, bytes.fromhex(packed))
    assert expand(code, bytes.fromhex(packed)) == text


@pytest.mark.parametrize(
    ("packed", "text"),
    [("62c99b46ad9bb8", "12345678"), ("62c99b46ad9bb862c99b46ad9bff", "123456781234567")],
)
def test_seven_bits_are_read_with_and_without_filler(packed: str, text: str) -> None:
    assert expand(5, bytes.fromhex(packed)) == text


@pytest.mark.parametrize(
    ("text", "packed"), [("DE-Heu1", "21408e16bf1f"), ("US-InU-Mu", "acc09ebaa06f6b")]
)
def test_library_codes_are_packed_as_others_pack_them(text: str, packed: str) -> None:
    assert encode_isil(text).hex() == packed
    assert decode_isil(bytes.fromhex(packed)) == text


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("CH-", "141c"), ("000", "c04f"), ("134", "c70b"), ("-1.", "adb5"), ("31", "d319"),
        ("CH-000134-1.12345678.31", "141cc04fc70badb5c6e2da1ded4dd319"),
        ("12312345678", "fb2102dddf7c4e"),
        ("B.A12312345678", "10e2fb2102dddf7c4e"),
    ],
)  # fmt: skip
def test_urn_code_40_is_packed_as_others_pack_it(text: str, packed: str) -> None:
    assert encode_code40(text).hex() == packed
    assert decode_code40(bytes.fromhex(packed)) == text


FOR_96 = [
    ("054142433031", "ABC01"), ("06414243303132", "ABC012"), ("A8324911EC010000", "ABC0123*"),
    ("D933491148130000", "ABC01234="), ("EA374911E4C00000", "ABC012345~"),
    ("1B36491100890700", "ABC0123456a"), ("AC3749111C5A4B00", "ABC01234567z"),
    ("AD3249113885F102", "ABC012345678*"), ("FE33491154346F1D", "ABC0123456789?"),
    ("FE35491154346F1D", "ABC0123456789_"), ("0741303030303040", "A00000@"),
    ("9E12455102000000", "AAA9000000000)"), ("0EA3AA2A82B92A00", "ZZZ80007000000"),
    ("9E932449FE276BEE", "99999999999999"), ("6E8324422E4166EE", "29899999196916"),
]  # fmt: skip
FOR_128 = [
    ("0141", "A"), ("08414243303132332A", "ABC0123*"), ("0941424330313233343D", "ABC01234="),
    ("0B4142433031323334353661", "ABC0123456a"), ("AC77000046410C0201304911", "ABC01234567z"),
    ("AD821C0046410C0201304911", "ABC012345678*"), ("FE93200746410C0201304911", "ABC0123456789?"),
    ("9E0200000000000040124511", "AAA9000000000)"), ("0E0300000070000000A2AA2A", "ZZZ80007000000"),
    ("9E9324094992240949922409", "99999999999999"), ("AEA5AA2AAAAAAA2AAAAAAA2A", "ZZZZZZZZZZZZZZ"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("packing", "packed", "text"),
    [(0, *row) for row in FOR_96] + [(1, *row) for row in FOR_128],
)
def test_alliance_numbers_are_read(packing: int, packed: str, text: str) -> None:
    assert unpack_alliance(bytes.fromhex(packed), packing) == text


@pytest.mark.parametrize(
    ("bank", "item"),
    [
        ("B16E34001703000378130803F4040000", "32103177"),
        ("C15734001703000398130803F4040000", "32103179"),
        ("FE2A340001045300185304406C0E0000", "01519231"),
        ("D61F340000000003185304406C0E0000", "01519231"),
    ],
)
def test_whole_alliance_tags_are_read_when_the_site_says_so(bank: str, item: str) -> None:
    content = decode(bytes.fromhex(bank), block_size=2, bank="mb01-alliance")
    assert content.item_id == item
    assert content.checksum == "ok"


@pytest.mark.parametrize(
    "bank",
    [
        "A3623D07150CC6B7C697ADB45964B3CFC1C123EF",
        "24E634008003005338130058B9070000",
        "C41E300833B2DDD901400000000000000000",
        "130329 07CD22D385114FC04FC0D1",
    ],
)
def test_unknown_uhf_tags_never_give_an_item_number_by_guess(bank: str) -> None:
    content = decode(bytes.fromhex(bank), block_size=2)
    assert content.item_id is None or content.checksum == "ok"


@pytest.mark.parametrize(
    ("bank", "owner"),
    [
        ("0C0228081004000100010000000000000000000000000000000000000000", "10248"),
        ("0c02d9941004000100012c0038000000", "55700"),
        ("0c02ea60100400030001140201020000", "90000"),
    ],
)
def test_user_banks_of_the_alliance_are_read(bank: str, owner: str) -> None:
    content = decode(bytes.fromhex(bank), block_size=2, bank="mb11-alliance")
    assert (content.format, content.owner) == ("uhf-cn-alliance-mb11", owner)
    assert content.part == 1
    assert content.item_id is None


@given(
    owner=st.integers(0, 59_999).map("{:05d}".format) | st.integers(90_000, 95_535).map(str),
    parts=st.integers(1, 0xFFFF),
    usage=st.tuples(st.integers(0, 0xFF), st.integers(0, 0xFF)),
    place=st.text(st.characters(min_codepoint=32, exclude_categories=("C", "Z")), max_size=20),
)
def test_what_is_written_into_such_a_bank_comes_back(
    owner: str, parts: int, usage: tuple[int, int], place: str
) -> None:
    bank = encode_alliance_user(120, owner=owner, parts=parts, usage=usage, place=place)
    content = decode(bank, bank="mb11-alliance")
    assert (content.owner, content.parts) == (owner, parts)
    assert content.elements["type_of_usage"] == f"{usage[0]}.{usage[1]}"
    assert content.elements.get("shelf_location", "") == place


@given(st.binary(max_size=64))
def test_any_bytes_are_a_user_bank_or_unknown(memory: bytes) -> None:
    assert decode(memory, bank="mb11-alliance").item_id is None


@pytest.mark.parametrize("owner", ["60000", "65536", "95536", "1234", "abcde"])
def test_an_owner_without_a_place_in_such_a_bank_is_refused(owner: str) -> None:
    with pytest.raises(TagError, match="owner"):
        encode_alliance_user(120, owner=owner)


@pytest.mark.parametrize(
    ("content", "numbers"),
    [(0x00A1, [3, 12, 15]), (0x0003, [3, 4]), (0xC003, [3, 4, 30, 31]), (0x5300, [16, 24, 28, 30])],
)
def test_the_map_of_an_alliance_tag_names_its_elements(content: int, numbers: list[int]) -> None:
    assert mapped_elements(content) == numbers
    assert map_of_elements(numbers) == content


def test_the_map_is_told_with_the_number_of_an_alliance_tag() -> None:
    bank = bytes.fromhex("C15734001703000398130803F4040000")
    elements = decode(bank, bank="mb01-alliance").elements
    assert elements == {"primary_item_identifier": "32103179", "content_parameter": [3, 4]}
    with pytest.raises(TagError, match="no place"):
        map_of_elements([3, 7])


def test_a_school_book_of_the_alliance_has_an_empty_borrower() -> None:
    bank = "0C02D9941004000100012C00380000000000000000000000000000000000"
    content = decode(bytes.fromhex(bank), bank="mb11-alliance")
    assert content.elements == {"owner_institution": "55700", "set_information": "1/1"}
    whole = bytes.fromhex("3ABC340001045300185304400D0B0000")
    assert decode(whole, bank="mb01-alliance").item_id == "01557071"


@pytest.mark.parametrize(
    ("codes", "usage", "card"),
    [("0000", 0x10, False), ("0001", 0x20, False), ("0002", 0x70, False), ("0101", 0x20, False),
     ("0200", 0x20, False), ("0301", 0x80, True), ("0405", 0x90, False), ("0104", None, False),
     ("64c8", None, False)],
)  # fmt: skip
def test_types_of_usage_of_the_alliance_are_not_those_of_the_standard(
    codes: str, usage: int | None, card: bool
) -> None:
    content = decode(bytes.fromhex("1402" + codes + "0000"), bank="mb11-alliance")
    assert (content.usage, content.is_card) == (usage, card)


def test_long_and_foreign_elements_of_the_alliance_are_read() -> None:
    text = "借阅" * 50
    bank = b"\x2c\x02\xea\x60" + (6 << 10 | 300).to_bytes(2, "big") + text.encode() + b"\0"
    content = decode(bank, bank="mb11-alliance")
    assert content.elements == {"ill_borrowing_institution": "90000", "shelf_location": text}


@pytest.mark.parametrize(
    ("words", "crc"),
    [("0000", "e2f0"), ("08001111", "ccae"), ("100011112222", "968f"), ("1800111122223333", "78f6"),
     ("20001111222233334444", "c241"), ("280011112222333344445555", "2a91"),
     ("3000111122223333444455556666", "1835"), ("3000170328087903000084560000", "dad5"),
     ("3000e20000172217013312609896", "92a7")],
)  # fmt: skip
def test_checksum_words_of_gen2_tags_are_as_published(words: str, crc: str) -> None:
    assert bank_image(int(words[:4], 16), bytes.fromhex(words[4:]))[:2].hex() == crc


def test_a_tag_as_delivered_is_blank_and_no_item() -> None:
    bank = bytes.fromhex("92A73000E20000172217013312609896")
    for kind in ("mb01", "mb01-alliance"):
        assert decode(bank, bank=kind).format == "blank"
