"""What a receipt printer says of itself: the status bytes of ESC/POS, read into a PrinterStatus.

::

    10 04 01  printer   0 fc 1 R O 1 D 0    O offline, R waits for recovery, f feed button
    10 04 02  offline   0 E  S 1 f C 1 0    C cover open, f fed by button, S stopped: paper end, E error
    10 04 03  error     0 A  U 1 K 0 1 0    K cutter, U needs repair, A recovers by itself
    10 04 04  paper     0 e  e 1 n n 1 0    n nearly out, e out
    1D 72 01  paper     0 0  0 0 e e n n    comes only after what was sent before is printed
    1D 61 ..  4 bytes unasked (ASB): the same facts; bit 4 of the first is 1, its bits 0, 1, 7 are 0
"""

from collections.abc import Mapping

from drivers.ports import Paper, PrinterStatus

PRINTER, OFFLINE, ERROR, PAPER = 1, 2, 3, 4
QUESTIONS = (PRINTER, OFFLINE, ERROR, PAPER)
NO_ANSWER = "no answer"

_OFFLINE_BIT = 0x08
_COVER, _PAPER_END_STOP, _FAULT = 0x04, 0x20, 0x40
_CUTTER, _UNRECOVERABLE, _RECOVERS = 0x08, 0x20, 0x40
_NEAR_END, _END = 0x0C, 0x60


def ask(question: int) -> bytes:
    """Return the request that is answered at once, whatever else the printer is doing."""
    return bytes((0x10, 0x04, question))


def is_status(byte: int) -> bool:
    """True if this can be the answer to :func:`ask`: bits 1 and 4 are 1, bits 0 and 7 are 0."""
    return byte & 0x93 == 0x12


def is_printed(byte: int) -> bool:
    """True if this can be the answer to ``1D 72 01``: bits 4 and 7 are 0."""
    return byte & 0x90 == 0


def read(answers: Mapping[int, int]) -> PrinterStatus:
    """Return the state from the answers to the questions; a missing one is not taken for well."""
    if PRINTER not in answers:
        return PrinterStatus(online=False, paper=Paper.UNKNOWN, trouble=NO_ANSWER)
    offline, error = answers.get(OFFLINE, 0), answers.get(ERROR, 0)
    paper = _paper(answers.get(PAPER), stopped=bool(offline & _PAPER_END_STOP))
    return _told(
        online=not answers[PRINTER] & _OFFLINE_BIT,
        paper=paper,
        cover_open=bool(offline & _COVER),
        fault=_fault(offline, error),
    )


def read_unasked(data: bytes) -> PrinterStatus:
    """Return the state from the four bytes of an automatic status message."""
    first, second, third, _ = data
    fault = "cutter is stuck" if second & 0x08 else "needs repair" if second & 0x20 else ""
    paper = Paper.OUT if third & 0x0C else Paper.LOW if third & 0x03 else Paper.OK
    return _told(
        online=not first & _OFFLINE_BIT, paper=paper, cover_open=bool(first & 0x20), fault=fault
    )


def _paper(byte: int | None, *, stopped: bool) -> Paper:
    if stopped or (byte is not None and byte & _END):
        return Paper.OUT
    if byte is None:
        return Paper.UNKNOWN
    return Paper.LOW if byte & _NEAR_END else Paper.OK


def _fault(offline: int, error: int) -> str:
    if error & _CUTTER:
        return "cutter is stuck"
    if error & _UNRECOVERABLE:
        return "needs repair"
    if error & _RECOVERS:
        return "too hot, recovers by itself"
    return "error" if offline & _FAULT else ""


def _told(*, online: bool, paper: Paper, cover_open: bool, fault: str) -> PrinterStatus:
    if paper is Paper.OUT:
        trouble = "paper is out"
    elif cover_open:
        trouble = "cover is open"
    else:
        trouble = fault or ("" if online else "offline")
    return PrinterStatus(online=online, paper=paper, cover_open=cover_open, trouble=trouble)
