"""Turn lines into a print job: a picture, because printers have no full Vietnamese of their own.

Pillow and python-escpos are imported when the first receipt is printed: they are large, and most
agents never print.
"""

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.ports import Line
from drivers.printer.qr import QUIET, modules

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FONTS = Path(__file__).parent / "fonts"
STRIP_ROWS = 64
"""Rows sent in one raster command: small printers hold little, and a broken job ends soon."""
MAX_LINES = 500
_TALLEST, _DEEPEST = "ẲẴẤẪỐỖ", "ạậặỵgjpqy"
"""Marks on capitals stand higher than the height that the font itself gives for a line."""
_GAP = 0.08


@dataclass(frozen=True, slots=True)
class Layout:
    """How a receipt is set: dots across the paper, and the height of normal text in dots."""

    width: int = 576
    text: int = 26
    regular: Path = FONTS / "BeVietnamPro-Regular.ttf"
    bold: Path = FONTS / "BeVietnamPro-SemiBold.ttf"


def job(lines: Sequence[Line], layout: Layout) -> bytes:
    """Return the ESC/POS commands that print the lines and cut the paper."""
    # Its printer classes would bring profiles, codes and USB along: eight MiB that nothing here asks for.
    from escpos.constants import ESC, GS, HW_INIT, PAPER_FULL_CUT
    from escpos.image import EscposImage

    picture = draw(lines, layout)
    parts = [HW_INIT]
    for top in range(0, picture.height, STRIP_ROWS):
        rows = min(STRIP_ROWS, picture.height - top)
        strip = EscposImage(picture.crop((0, top, picture.width, top + rows)))
        size = struct.pack("<HH", strip.width_bytes, strip.height)
        parts += [GS + b"v0\0", size, strip.to_raster_format()]
    return b"".join([*parts, ESC + b"d\6", PAPER_FULL_CUT])


def draw(lines: Sequence[Line], layout: Layout) -> "Image":
    """Return the receipt as a black and white picture, as wide as the paper."""
    from PIL import Image, ImageDraw

    rows = list(_rows(lines[:MAX_LINES], layout))
    height = sum(row.height for row in rows) or 1
    picture = Image.new("L", (layout.width, height), 255)
    pen = ImageDraw.Draw(picture)
    top = 0
    for row in rows:
        if row.code:
            picture.paste(row.code, ((layout.width - row.code.width) // 2, top))
        left = (layout.width - row.font.getlength(row.text)) / 2 if row.centred else 0
        pen.text((left, top - row.over), row.text, font=row.font, fill=0)
        top += row.height
    # A hard edge: what a thermal printer makes of grey is noise.
    return picture.point(lambda value: 255 if value > 140 else 0).convert("1")


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    font: "FreeTypeFont"
    height: int
    over: int
    centred: bool
    code: "Image | None" = None


def _rows(lines: Sequence[Line], layout: Layout) -> Iterator[_Row]:
    for line in lines:
        size = layout.text * max(1, min(line.size, 4))
        font = _font(layout.bold if line.bold else layout.regular, size)
        over, under = font.getbbox(_TALLEST)[1], font.getbbox(_DEEPEST)[3]
        height = round(under - over + size * _GAP)
        for text in _wrapped(_clean(line.text), font, layout.width):
            yield _Row(text, font, height, round(over), line.centred)
        if line.qr:
            code = _code(line.qr, layout.width)
            yield _Row("", font, code.height, 0, centred=True, code=code)


def _code(text: str, width: int) -> "Image":
    """Return a QR code with its quiet zone, its dots as large as the paper allows, up to five."""
    from PIL import Image

    dark = modules(text)
    side = len(dark) + 2 * QUIET
    code = Image.new("L", (side, side), 255)
    for y, row in enumerate(dark, QUIET):
        for x, one in enumerate(row, QUIET):
            if one:
                code.putpixel((x, y), 0)
    scale = max(1, min(5, width // side))
    return code.resize((side * scale, side * scale), Image.Resampling.NEAREST)


@cache
def _font(path: Path, size: int) -> "FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(str(path), size)


def _clean(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(char if char.isprintable() else " " for char in composed)


def _wrapped(text: str, font: "FreeTypeFont", width: int) -> Iterator[str]:
    """Break between words; a word wider than the paper is broken where it must be."""
    row = ""
    for word in text.split(" "):
        joined = f"{row} {word}" if row else word
        if font.getlength(joined) <= width:
            row = joined
            continue
        if row:
            yield row
        row = word
        while font.getlength(row) > width:
            end = _fitting(row, font, width)
            yield row[:end]
            row = row[end:]
    yield row


def _fitting(word: str, font: "FreeTypeFont", width: int) -> int:
    end = 1
    while end < len(word) and font.getlength(word[: end + 1]) <= width:
        end += 1
    return end
