"""Doors of the page of receipts: what a picture may be, and that both languages say the same."""

import io
import json

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.console.receipts import PAGE, read_picture
from gateway.errors import RefusedError


def picture(text, kind="PNG"):
    data = io.BytesIO()
    qrcode.make(text).convert("RGB").save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_code_of_a_receipt_is_read_from_a_photo(kind):
    assert read_picture(picture("SW1:ABCDEFGH234567", kind)) == "SW1:ABCDEFGH234567"


def test_another_code_or_a_huge_picture_is_refused():
    with pytest.raises(RefusedError, match="no code"):
        read_picture(picture("https://example.org"))
    data = io.BytesIO()
    Image.new("1", (5000, 5000)).save(data, "PNG")
    with pytest.raises(RefusedError, match="too large"):
        read_picture(data.getvalue())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_whatever_is_sent_is_refused_and_breaks_nothing(junk, at):
    for data in (junk, picture("SW1:AAAA")[:at] + junk):
        with pytest.raises(RefusedError):
            read_picture(data)


def test_both_languages_of_the_page_have_the_same_words():
    words = json.loads((PAGE / "words.json").read_text("utf-8"))
    assert words["vi"].keys() == words["en"].keys()
