"""What bytes to and from an ESC/POS printer say, in words. The language has no checksum.

A status byte of the printer does not say which question it answers: every reading is given.
"""

from typing import Any

from drivers.explained import Explained
from drivers.ports import Paper, PrinterStatus
from drivers.printer.status import (
    ERROR,
    OFFLINE,
    PAPER,
    PRINTER,
    is_printed,
    is_status,
    read,
    read_unasked,
)
from drivers.printer.tokens import DLE, ESC, FS, GS, Kind, TokenReader

_QUESTIONS = {
    PRINTER: "ask for the printer's status",
    OFFLINE: "ask why it is off line",
    ERROR: "ask for errors",
    PAPER: "ask for the paper",
}
_WORDS = {
    Kind.RESET: "begin anew",
    Kind.PICTURE: "print a picture",
    Kind.FEED: "feed paper",
    Kind.CUT: "cut the paper",
    Kind.TEXT: "print text",
    Kind.TELL_PAPER: "tell about the paper when all is printed",
    Kind.UNASKED_STATUS: "tell every change unasked (ASB)",
    Kind.CLEAR: "clear the page",
    Kind.OTHER: "change how text looks",
}
_ASB = 4


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain commands, or what the printer says of itself."""
    if not frame:
        return Explained(to_device, "unknown", "none", notes=("There are no bytes.",))
    if to_device is None:
        to_device = not _may_be_status(frame)
    return _commands(frame) if to_device else _status(frame)


def _may_be_status(frame: bytes) -> bool:
    if len(frame) == 1:
        return is_status(frame[0]) or (is_printed(frame[0]) and frame[0] < 0x10)
    asks = frame[:2] == bytes((DLE, 0x04))
    return len(frame) == _ASB and frame[0] & 0x93 == 0x10 and not asks


def _commands(frame: bytes) -> Explained:
    tokens = TokenReader().feed(frame)
    if not tokens:
        why = "The bytes begin a command that does not end."
        return Explained(True, "unknown", "none", notes=(why,))
    rows = []
    for token in tokens:
        name = _WORDS.get(token.kind, token.kind.value)
        if token.kind is Kind.ASK_STATUS:
            name = _QUESTIONS.get(token.number, "ask for a status that we do not know")
        row: dict[str, Any] = {"command": name}
        if token.number:
            row["number"] = token.number
        if token.kind is Kind.TEXT:
            row["bytes"] = len(token.data)
        if token.width:
            row["width_dots"] = token.width * 8
        rows.append(row)
    code = frame[0] << 8 | frame[1] if frame[0] in (DLE, ESC, FS, GS) and len(frame) > 1 else None
    notes = () if len(rows) == 1 else (f"These are {len(rows)} commands; the first one is named.",)
    fields = dict(rows[0]) if len(rows) == 1 else {"commands": rows}
    name = str(rows[0]["command"])
    fields.pop("command", None)
    return Explained(True, name, "none", code, fields=fields, notes=notes)


def _status(frame: bytes) -> Explained:
    if len(frame) == _ASB:
        told = read_unasked(frame)
        return Explained(
            False, "status unasked (ASB)", "none", status=_words(told), fields=_shown(told)
        )
    byte = frame[0]
    if len(frame) > 1 or not (is_status(byte) or is_printed(byte)):
        why = "This is neither one byte of status nor four."
        return Explained(False, "unknown", "none", fields={"data": frame.hex(" ")}, notes=(why,))
    if not is_status(byte):
        paper = "out" if byte & 0x0C else "low" if byte & 0x03 else "ok"
        return Explained(False, "answer to GS r 1", "none", None, f"paper {paper}", byte)
    readings = {f"if_asked_{question}": _words(_asked(question, byte)) for question in _QUESTIONS}
    odd = [words for words in readings.values() if words != "well"]
    status = " or ".join(dict.fromkeys(odd)) or "well"
    why = "The printer does not say which of the questions DLE EOT 1 to 4 this answers."
    return Explained(False, "answer to DLE EOT", "none", None, status, byte, readings, (why,))


def _asked(question: int, byte: int) -> PrinterStatus:
    well = {PRINTER: 0x12, OFFLINE: 0x12, ERROR: 0x12, PAPER: 0x12}
    return read(well | {question: byte})


def _words(told: PrinterStatus) -> str:
    found = [told.trouble] if told.trouble else []
    if not told.online and "offline" not in found:
        found.append("offline")
    if told.cover_open and "cover is open" not in found:
        found.append("cover is open")
    if told.paper is Paper.LOW:
        found.append("paper is nearly out")
    return ", ".join(found) or "well"


def _shown(told: PrinterStatus) -> dict[str, Any]:
    return {"online": told.online, "paper": told.paper.value, "cover_open": told.cover_open}
