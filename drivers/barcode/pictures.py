"""Codes in a picture: two libraries behind one function, and what both leave to be mended."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from drivers.barcode import citizen
from drivers.barcode.scans import CODABAR, parse
from drivers.errors import OptionError
from drivers.ports import Scan

Symbology = Literal["code39", "code128", "codabar", "ean", "qr"]
SYMBOLOGIES: tuple[Symbology, ...] = ("code39", "code128", "codabar", "ean", "qr")
Library = Literal["zxing", "zbar"]

_AIM: dict[Symbology, str] = {
    "code39": "]A", "code128": "]C", "codabar": CODABAR, "ean": "]E", "qr": "]Q",
}  # fmt: skip
_ZXING: dict[Symbology, tuple[str, ...]] = {
    "code39": ("Code39",), "code128": ("Code128",), "codabar": ("Codabar",),
    "ean": ("EAN13", "EAN8", "UPCA", "UPCE"), "qr": ("QRCode",),
}  # fmt: skip
_ZBAR: dict[Symbology, tuple[str, ...]] = {
    "code39": ("CODE39",), "code128": ("CODE128",), "codabar": ("CODABAR",),
    "ean": ("EAN13", "EAN8", "UPCA", "UPCE"), "qr": ("QRCODE",),
}  # fmt: skip
_ZBAR_GREY = 0x30303859
"""Y800: one byte a dot."""
_ZBAR_BINARY = 4
"""ZBAR_CFG_BINARY: give a QR code's bytes as they are and guess no alphabet (zbar 0.23.1)."""
_ZBAR_GUESSES = ("shift_jis", "big5", "gb18030", "euc_kr", "cp1252", "latin-1")

WITHOUT_CHECK = frozenset(("]A", CODABAR))
"""Symbologies that need not have a check character: one look at them proves nothing."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A grey picture, one byte a dot, row by row."""

    width: int
    height: int
    dots: bytes


Decoder = Callable[[Picture], list[Scan]]


def decoder(
    library: Library,
    symbologies: Sequence[Symbology] = SYMBOLOGIES,
    papers: citizen.Policy = "number",
) -> Decoder:
    """Return a function that finds codes; OptionError if the library is not installed."""
    make = _zxing if library == "zxing" else _zbar
    return make(symbologies, papers)


def _zxing(symbologies: Sequence[Symbology], papers: citizen.Policy) -> Decoder:
    try:
        library = import_module("zxingcpp")
    except ImportError as error:
        raise OptionError(f"library zxing needs the package zxing-cpp: {error}") from error
    formats = [getattr(library.BarcodeFormat, name) for one in symbologies for name in _ZXING[one]]

    def decode(picture: Picture) -> list[Scan]:
        dots = memoryview(picture.dots).cast("B", (picture.height, picture.width))
        scans = (
            _scan(one.bytes, one.symbology_identifier[:2], papers)
            for one in library.read_barcodes(dots, formats=formats)
        )
        return [scan for scan in scans if scan]

    return decode


def _zbar(symbologies: Sequence[Symbology], papers: citizen.Policy) -> Decoder:
    try:
        library: Any = import_module("pyzbar.wrapper")
        inner: Any = import_module("pyzbar.pyzbar")
    except ImportError as error:
        raise OptionError(f"library zbar needs pyzbar and libzbar0: {error}") from error
    names = {name: _AIM[one] for one in symbologies for name in _ZBAR[one]}

    def decode(picture: Picture) -> list[Scan]:
        with inner._image_scanner() as scanner, inner._image() as image:  # noqa: SLF001
            raw = _set_up(library, scanner, names)
            library.zbar_image_set_format(image, _ZBAR_GREY)
            library.zbar_image_set_size(image, picture.width, picture.height)
            dots = inner.cast(picture.dots, inner.c_void_p)
            library.zbar_image_set_data(image, dots, len(picture.dots), None)
            library.zbar_scan_image(scanner, image)
            found = [(one.type, one.data) for one in
                     inner._decode_symbols(inner._symbols_for_image(image))]  # noqa: SLF001 # fmt: skip
        scans = (
            _scan(data if raw else repaired(data), names[kind], papers)
            for kind, data in found
            if kind in names
        )
        return [scan for scan in scans if scan]

    return decode


def _set_up(library: Any, scanner: Any, names: dict[str, str]) -> bool:
    """Switch on what is wanted; say whether QR codes give their bytes as they are."""
    for symbol in library.ZBarSymbol:
        wanted = int(symbol.name in names)
        library.zbar_image_scanner_set_config(
            scanner, symbol, library.ZBarConfig.CFG_ENABLE, wanted
        )
    code = library.ZBarSymbol.QRCODE
    return not library.zbar_image_scanner_set_config(scanner, code, _ZBAR_BINARY, 1)


def repaired(data: bytes) -> bytes:
    """Return the bytes of a code that an old zbar took for another alphabet than UTF-8.

    What zbar guessed is put back, and kept only if it makes sense as UTF-8.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if text.isascii():
        return data
    for guess in _ZBAR_GUESSES:
        try:
            before = text.encode(guess)
            if _is_vietnamese(before.decode()):
                return before
        except UnicodeError:
            continue
    return data


def _is_vietnamese(text: str) -> bool:
    """Whether all letters are Latin, as far as Vietnamese goes."""
    composed = unicodedata.normalize("NFC", text)
    return all(ord(c) < 0x250 or 0x1EA0 <= ord(c) <= 0x1EF9 or not c.isalpha() for c in composed)


def _scan(data: bytes, aim: str, papers: citizen.Policy) -> Scan | None:
    scan = parse(aim.encode() + b"0" + data, papers=papers)
    return scan if scan and scan.symbology else None
