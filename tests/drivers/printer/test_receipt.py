import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from drivers.ports import Line
from drivers.printer.receipt import FONTS, MAX_LINES, Layout, draw, job
from drivers.printer.simulator import PrinterSimulator

LINES = [
    Line("Thư viện tỉnh", size=2, bold=True, centred=True),
    Line(),
    Line("Dế Mèn phiêu lưu ký · Tô Hoài"),
    Line("Hạn trả: 13/12/2026"),
]
VOWELS = "aăâeêioôơuưy"
VIETNAMESE = [v + t for v in VOWELS for t in ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")]


def black(picture: Image.Image) -> int:
    return sum(picture.convert("L").histogram()[:128])


@pytest.mark.parametrize("bold", [False, True])
def test_every_vietnamese_letter_has_its_own_picture(bold: bool) -> None:
    letters = VIETNAMESE + ["đ", "Đ", "\ufffe"] + [letter.upper() for letter in VIETNAMESE]
    pictures = {draw([Line(letter, bold=bold)], Layout()).tobytes() for letter in letters}
    assert len(pictures) == len(letters)


def test_a_decomposed_text_looks_like_a_composed_one() -> None:
    composed = draw([Line("Thẻ")], Layout())
    assert draw([Line("The\u0309")], Layout()).tobytes() == composed.tobytes()


def test_a_long_line_is_broken_and_nothing_is_cut_off() -> None:
    words = "Truyện Kiều " * 20
    layout = Layout(384)
    picture = draw([Line(words)], layout)
    assert picture.width == 384
    assert picture.height > 5 * 26
    one = black(draw([Line("Truyện Kiều")], layout))
    assert abs(black(picture) - 20 * one) < 20 * one * 0.05


def test_a_word_wider_than_the_paper_is_broken() -> None:
    assert draw([Line("x" * 200)], Layout(384)).height > 5 * 26


def test_size_bold_and_centre_are_seen() -> None:
    plain = draw([Line("abc")], Layout())
    assert draw([Line("abc", size=2)], Layout()).height == pytest.approx(plain.height * 2, abs=2)
    assert black(draw([Line("abc", bold=True)], Layout())) > black(plain)
    centred = draw([Line("abc", centred=True)], Layout())
    left = ImageChops.invert(centred.convert("L")).getbbox()
    assert left is not None
    assert left[0] > 200


def test_the_job_prints_exactly_the_picture_and_cuts() -> None:
    printer = PrinterSimulator(speed=0)
    printer.feed(job(LINES, Layout()))
    (page,) = printer.pages
    assert page.tobytes() == draw(LINES, Layout()).tobytes()


def test_an_empty_or_endless_receipt_is_still_a_receipt() -> None:
    assert draw([], Layout()).size == (576, 1)
    assert (
        draw([Line("x")] * (MAX_LINES + 50), Layout()).height
        == MAX_LINES * draw([Line("x")], Layout()).height
    )


@given(st.text(max_size=80), st.integers(-5, 9))
@settings(max_examples=40)
def test_any_text_can_be_printed(text: str, size: int) -> None:
    assert draw([Line(text, size=size)], Layout(384)).width == 384


def test_the_licence_of_the_font_is_beside_it() -> None:
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text().upper()
