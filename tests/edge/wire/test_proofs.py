"""Receipts that prove themselves: whatever is changed in one, it is not genuine any more."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.proofs import (
    HEAD,
    LONGEST,
    Entry,
    NotGenuineError,
    Signer,
    Slip,
    certify,
    is_receipt,
    verify,
)

CENTRE, KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
NOW = 1_795_330_800_000
UNTIL = NOW + 86_400_000
SLIP = Slip(NOW, "0A1B2C3D", [Entry("lent", "TT00000001", NOW + 60_000), Entry("returned", "B2")])
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def signer(until=UNTIL, key=KEY):
    return Signer(KEY, certify(CENTRE, "tinh", "kiosk-1", key.public_key(), until))


TEXT = signer().sign(SLIP)


def test_a_receipt_says_again_what_was_signed_and_who_signed_it():
    proof = verify(TEXT, CENTRE.public_key())
    assert (proof.site, proof.device, proof.slip) == ("tinh", "kiosk-1", SLIP)
    assert verify(f"  {TEXT.lower()}\n", CENTRE.public_key()) == proof
    assert is_receipt(TEXT)


def test_three_books_fit_a_code_of_capitals_and_digits():
    text = signer().sign(Slip(NOW, "0A1B2C3D", [Entry("lent", "TT00000001", NOW)] * 3))
    assert len(text) < 500
    assert set(text[len(HEAD) :]) <= set(LETTERS)
    assert len(signer().sign(Slip(NOW, "0A1B2C3D", [Entry("lent", "T" * 20, NOW)] * 60))) < LONGEST


@given(st.integers(len(HEAD), len(TEXT) - 1), st.sampled_from(LETTERS))
def test_one_other_letter_and_it_is_not_genuine(place, letter):
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    if changed == TEXT:
        return
    try:
        proof = verify(changed, CENTRE.public_key())
    except NotGenuineError:
        return
    # The last letter has bits that mean nothing: it may be another one.
    assert place == len(TEXT) - 1
    assert proof.slip == SLIP


@given(st.text(max_size=60) | st.text(max_size=60).map(HEAD.__add__) | st.binary().map(repr))
def test_any_text_that_was_not_signed_is_said_not_to_be_genuine(text):
    with pytest.raises(NotGenuineError):
        verify(text, CENTRE.public_key())


MINUTES = st.integers(0, 1 << 30).map(lambda minutes: minutes * 60_000)
DEED = st.sampled_from(["lent", "returned", "renewed"])


@given(st.lists(st.builds(Entry, DEED, st.text(max_size=20), MINUTES, st.booleans()), max_size=20))
def test_whatever_was_done_comes_back_as_it_was(entries):
    slip = Slip(NOW, "FFFFFFFF", entries)
    assert verify(signer().sign(slip), CENTRE.public_key()).slip == slip


def test_a_key_that_the_centre_never_certified_proves_nothing():
    forger = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    forged = Signer(KEY, certify(forger, "tinh", "kiosk-1", KEY.public_key(), UNTIL)).sign(SLIP)
    with pytest.raises(NotGenuineError, match="signature"):
        verify(forged, CENTRE.public_key())
    with pytest.raises(NotGenuineError, match="another key"):
        signer(key=forger)


def test_a_receipt_of_after_the_keys_time_proves_nothing():
    with pytest.raises(NotGenuineError, match="not good any more"):
        verify(signer(until=NOW - 60_000).sign(SLIP), CENTRE.public_key())
