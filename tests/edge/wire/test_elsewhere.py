import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.elsewhere import (
    MINUTE_MS,
    MOST_ROWS,
    NOTHING,
    Elsewhere,
    Prints,
    decode_elsewhere,
    encode_elsewhere,
    pack_rows,
    unpack_rows,
)
from edge.wire.errors import WireError
from edge.wire.messages import Part
from edge.wire.parts import encode_part, with_certificate
from edge.wire.seal import SealError, Trust, seal_from
from gateway import pki

AUTHORITY = pki.make_authority("one")
PAIR = pki.make_signer(AUTHORITY, "centre")
CENTRE = seal_from(PAIR.key_pem, PAIR.cert_pem)
TINH = Prints(b"a secret of tinh")


def trust():
    return Trust(AUTHORITY.cert_pem, PAIR.cert_pem)


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(0, 2**31)), max_size=50))
def test_rows_come_back_as_they_were(rows):
    rows = [TINH.row(item, uid, minutes * MINUTE_MS) for item, uid, minutes in rows]
    assert list(unpack_rows(pack_rows(rows))) == rows


def test_a_row_names_nothing_and_means_nothing_at_another_site():
    row = TINH.row("B1", "e00401", MINUTE_MS)
    assert row == TINH.row("B1", "E00401", MINUTE_MS)
    assert TINH.row("B1", "", 0)[1:] == (NOTHING, 0)
    assert set(row[:2]).isdisjoint(Prints(b"a secret of xa..").row("B1", "E00401", MINUTE_MS)[:2])


def test_a_message_is_for_one_site_and_of_the_centre_only():
    message = Elsewhere(version=9, start=3, rows=pack_rows([TINH.row("B1", "", 1)]), more=(5, "B1"))
    data = encode_elsewhere(message, "tinh", CENTRE)
    assert decode_elsewhere(data, "tinh", trust()) == message
    for other, site in ((data, "xa"), (encode_part(Part(version=9), "tinh", CENTRE), "tinh")):
        with pytest.raises(SealError, match="signature"):
            decode_elsewhere(other, site, trust())
    with pytest.raises(SealError, match="not signed"):
        decode_elsewhere(encode_elsewhere(message, "tinh"), "tinh", trust())


@given(st.binary(max_size=200))
def test_only_what_a_message_may_be_is_taken(data):
    for begins in (b"", b'{"version":1,"rows":"', with_certificate(b"\2\1", b"")):
        with contextlib.suppress(WireError):
            decode_elsewhere(begins + data, "tinh")


def test_half_a_row_and_too_many_are_refused():
    for rows in (b"123", bytes(16 * (MOST_ROWS + 1))):
        with pytest.raises(WireError, match="rows"):
            decode_elsewhere(encode_elsewhere(Elsewhere(version=1, rows=rows), "tinh"), "tinh")
