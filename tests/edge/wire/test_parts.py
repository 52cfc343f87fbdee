import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.model import ItemView
from edge.wire.errors import WireError
from edge.wire.messages import Part, encode
from edge.wire.parts import decode_part, encode_part, with_certificate
from edge.wire.seal import Seal, SealError, Trust, UnknownKeyError, read_certificate, seal_from
from gateway import pki

ITEMS = [ItemView(item=f"TV{n:07}", title=f"Dế Mèn phiêu lưu ký {n}") for n in range(50)]
PART = Part(version=7, items=ITEMS, made=5)
AUTHORITY, OTHER = pki.make_authority("one"), pki.make_authority("other")


def sealed(pair: pki.Pair) -> Seal:
    return seal_from(pair.key_pem, pair.cert_pem)


CENTRE = sealed(pki.make_signer(AUTHORITY, "centre"))


def trust() -> Trust:
    return Trust(AUTHORITY.cert_pem)


def test_a_signed_part_is_believed_with_the_certificate_once_and_without_it_after() -> None:
    device, data = trust(), encode_part(PART, "tinh", CENTRE)
    with pytest.raises(UnknownKeyError):
        decode_part(data, "tinh", device)
    assert decode_part(with_certificate(data, CENTRE.cert), "tinh", device) == PART
    assert decode_part(data, "tinh", device) == PART
    assert device.newest == CENTRE.name
    assert decode_part(data, "tinh", Trust(AUTHORITY.cert_pem, device.pem)) == PART
    assert len(data) < len(encode(PART)) / 3


def test_a_part_is_for_one_site_only() -> None:
    data = with_certificate(encode_part(PART, "tinh", CENTRE), CENTRE.cert)
    with pytest.raises(SealError, match="signature"):
        decode_part(data, "xa", trust())


def test_a_device_that_can_check_takes_nothing_unsigned() -> None:
    data = encode_part(PART, "tinh")
    assert decode_part(data, "tinh") == PART
    with pytest.raises(SealError, match="not signed"):
        decode_part(data, "tinh", trust())


@pytest.mark.parametrize(
    "pair",
    [
        pki.make_signer(OTHER, "centre"),
        pki.make_server(AUTHORITY, ["localhost"]),
        pki.make_server(AUTHORITY, ["centre"]),
        pki.make_client(AUTHORITY, "centre"),
        pki.make_signer(AUTHORITY, "kiosk-1"),
    ],
    ids=["of another authority", "a broker", "a broker called centre", "a client", "another name"],
)
def test_nobody_else_can_pose_as_the_centre(pair: pki.Pair) -> None:
    seal = sealed(pair)
    data = with_certificate(encode_part(PART, "tinh", seal), seal.cert)
    with pytest.raises(SealError, match="cert"):
        decode_part(data, "tinh", trust())


def test_a_key_and_a_certificate_that_do_not_belong_together_are_refused() -> None:
    one, two = (pki.make_client(AUTHORITY, name) for name in "ab")
    with pytest.raises(SealError, match="together"):
        seal_from(one.key_pem, two.cert_pem)
    with pytest.raises(SealError, match="read"):
        seal_from(b"no key", two.cert_pem)
    with pytest.raises(SealError, match="authority"):
        read_certificate(b"no certificate", AUTHORITY.cert)


def test_a_certificate_of_a_version_that_does_not_exist_is_refused() -> None:
    der = CENTRE.cert.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", 1)
    assert der != CENTRE.cert
    with pytest.raises(SealError, match="authority"):
        read_certificate(der, AUTHORITY.cert)


@given(st.data())
def test_a_changed_byte_is_never_believed_and_raises_nothing_else(data: st.DataObject) -> None:
    whole = with_certificate(encode_part(PART, "tinh", CENTRE), CENTRE.cert)
    place = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(1, 255))
    changed = whole[:place] + bytes((whole[place] ^ value,)) + whole[place + 1 :]
    with pytest.raises(WireError):
        decode_part(changed, "tinh", trust())


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_wire_errors(data: bytes) -> None:
    for believe in (None, trust()):
        for head in (b"", b"\x02\x01", b"{"):
            with pytest.raises(WireError):
                decode_part(head + data, "tinh", believe)
