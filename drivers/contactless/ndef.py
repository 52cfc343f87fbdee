"""NDEF on a card: find the message in the memory of a type 2 tag, and the text in the message.

::

    memory from page 4:  T L V  T L V ..  FE      T: 00 filler, 03 NDEF, FE end; L: 1 byte or FF + 2
    record:              flags+TNF  type-length  payload-length (1 or 4)  [id-length]  type  [id]  payload
    text payload:        status (bit 7 UTF-16, bits 5..0 length of language)  language  text
    URI payload:         code of a common prefix  rest
"""

import unicodedata

TYPE_2_CAPABILITY = 0xE1
"""First byte of page 3 of a type 2 tag that holds NDEF."""
_FILLER, _MESSAGE, _END = 0x00, 0x03, 0xFE
_SHORT, _HAS_ID, _WELL_KNOWN = 0x10, 0x08, 0x01
_URI_PREFIXES = (
    "", "http://www.", "https://www.", "http://", "https://", "tel:", "mailto:",
    "ftp://anonymous:anonymous@", "ftp://ftp.", "ftps://", "sftp://", "smb://", "nfs://", "ftp://",
    "dav://", "news:", "telnet://", "imap:", "rtsp://", "urn:", "pop:", "sip:", "sips:", "tftp:",
    "btspp://", "btl2cap://", "btgoep://", "tcpobex://", "irdaobex://", "file://", "urn:epc:id:",
    "urn:epc:tag:", "urn:epc:pat:", "urn:epc:raw:", "urn:epc:", "urn:nfc:",
)  # fmt: skip


def needed(memory: bytes) -> int:
    """Return how many bytes from page 4 on must be known to read the message; 0 if none is there.

    Call it again with more memory while it returns more than was given.
    """
    span = _message_span(memory)
    return 0 if span is None else span[1]


def text(memory: bytes, uri_prefix: str = "") -> str | None:
    """Return the first text of the message (or URI without ``uri_prefix``); None if there is none."""
    span = _message_span(memory)
    if span is None or span[1] > len(memory):
        return None
    return _first_text(memory[span[0] : span[1]], uri_prefix)


def encode_text(value: str, language: str = "vi") -> bytes:
    """Return the memory from page 4 on of a card that says ``value``."""
    payload = bytes((len(language),)) + language.encode() + value.encode()
    if len(payload) < 256:
        record = bytes((0xD1, 1, len(payload))) + b"T" + payload
    else:
        record = bytes((0xC1, 1)) + len(payload).to_bytes(4, "big") + b"T" + payload
    size = len(record)
    length = bytes((size,)) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")
    return bytes((_MESSAGE,)) + length + record + bytes((_END,))


def _message_span(memory: bytes) -> tuple[int, int] | None:
    """Return start and end of the first NDEF message; the end may lie beyond what is known."""
    at = 0
    while at < len(memory):
        kind = memory[at]
        at += 1
        if kind == _FILLER:
            continue
        if kind == _END:
            return None
        if at >= len(memory):
            return at + 3, at + 3
        length = memory[at]
        at += 1
        if length == 0xFF:
            if at + 2 > len(memory):
                return at + 2, at + 2
            length = int.from_bytes(memory[at : at + 2], "big")
            at += 2
        if kind == _MESSAGE:
            return at, at + length
        at += length
    # Only fillers and other values so far: one more byte tells how it goes on.
    return at + 1, at + 1


def _first_text(message: bytes, uri_prefix: str) -> str | None:
    while len(message) >= 3:
        flags, type_size = message[0], message[1]
        size_bytes = 1 if flags & _SHORT else 4
        at = 2 + size_bytes
        size = int.from_bytes(message[2:at], "big")
        id_size = 0
        if flags & _HAS_ID:
            id_size = message[at] if at < len(message) else 0
            at += 1
        kind = message[at : at + type_size]
        at += type_size + id_size
        payload = message[at : at + size]
        if len(payload) < size:
            return None
        found = _record_text(flags & 0x07, kind, payload, uri_prefix)
        if found:
            return found
        message = message[at + size :]
    return None


def _record_text(tnf: int, kind: bytes, payload: bytes, uri_prefix: str) -> str | None:
    if tnf != _WELL_KNOWN or not payload:
        return None
    try:
        if kind == b"T":
            encoding = "utf-16" if payload[0] & 0x80 else "utf-8"
            value = payload[1 + (payload[0] & 0x3F) :].decode(encoding)
        elif kind == b"U":
            prefix = _URI_PREFIXES[payload[0]] if payload[0] < len(_URI_PREFIXES) else ""
            value = (prefix + payload[1:].decode()).removeprefix(uri_prefix)
        else:
            return None
    except UnicodeDecodeError:
        return None
    return unicodedata.normalize("NFC", value).strip(" \t\r\n\0") or None
