"""QR codes as dots, for paper and for screens. The library is imported when the first is drawn."""

QUIET = 4
"""Modules of white around a code."""


def modules(text: str) -> list[list[bool]]:
    """Return the rows of a QR code (True: dark) without its quiet zone; low error correction."""
    from qrcode.constants import ERROR_CORRECT_L
    from qrcode.main import QRCode

    code = QRCode(border=0, error_correction=ERROR_CORRECT_L)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]
