import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import Paper, PrinterStatus
from drivers.printer import status
from drivers.printer.printer import NO_UNASKED_STATUS

FRAMES = {
    row["name"]: bytes.fromhex(row["hex"])
    for row in json.loads((Path(__file__).parent / "frames.json").read_text())
}
WELL = {status.PRINTER: 0x12, status.OFFLINE: 0x12, status.ERROR: 0x12, status.PAPER: 0x12}


def test_published_questions_are_asked() -> None:
    assert status.ask(status.PRINTER) == FRAMES["DLE EOT 1"]
    assert status.ask(status.PAPER) == FRAMES["DLE EOT 4"]
    assert FRAMES["ASB enable"][:2] == NO_UNASKED_STATUS[:2]


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        ("ready", status.PRINTER, PrinterStatus(online=True, paper=Paper.OK)),
        (
            "offline",
            status.PRINTER,
            PrinterStatus(online=False, paper=Paper.OK, trouble="offline"),
        ),
        (
            "cover open",
            status.OFFLINE,
            PrinterStatus(online=True, paper=Paper.OK, cover_open=True, trouble="cover is open"),
        ),
        (
            "stopped by paper end",
            status.OFFLINE,
            PrinterStatus(online=True, paper=Paper.OUT, trouble="paper is out"),
        ),
        (
            "paper end",
            status.PAPER,
            PrinterStatus(online=True, paper=Paper.OUT, trouble="paper is out"),
        ),
    ],
)
def test_published_answers_are_understood(
    name: str, question: int, expected: PrinterStatus
) -> None:
    (byte,) = FRAMES[name]
    assert status.is_status(byte)
    assert status.read({**WELL, question: byte}) == expected


def test_the_published_unasked_status_is_understood() -> None:
    found = status.read_unasked(FRAMES["ASB paper out + offline"])
    assert found == PrinterStatus(online=False, paper=Paper.OUT, trouble="paper is out")


@pytest.mark.parametrize(
    ("byte", "paper"),
    [(0x12, Paper.OK), (0x1E, Paper.LOW), (0x72, Paper.OUT), (0x7E, Paper.OUT)],
)
def test_the_paper_sensors(byte: int, paper: Paper) -> None:
    assert status.read({**WELL, status.PAPER: byte}).paper is paper


@pytest.mark.parametrize(
    ("question", "byte", "trouble"),
    [
        (status.ERROR, 0x1A, "cutter is stuck"),
        (status.ERROR, 0x32, "needs repair"),
        (status.ERROR, 0x52, "too hot, recovers by itself"),
        (status.OFFLINE, 0x52, "error"),
    ],
)
def test_what_else_can_be_wrong(question: int, byte: int, trouble: str) -> None:
    assert status.read({**WELL, question: byte}).trouble == trouble


def test_silence_is_never_well() -> None:
    assert status.read({}) == PrinterStatus(
        online=False, paper=Paper.UNKNOWN, trouble=status.NO_ANSWER
    )
    for known in ({1}, {1, 2}, {1, 2, 3}):
        answers = dict.fromkeys(known, 0x12)
        assert status.read(answers).paper is Paper.UNKNOWN


def test_every_answer_has_a_meaning_and_only_a_clean_one_is_well() -> None:
    bytes_of_status = [byte for byte in range(256) if status.is_status(byte)]
    assert len(bytes_of_status) == 16
    for first, second in product(bytes_of_status, repeat=2):
        found = status.read({**WELL, status.PRINTER: first, status.OFFLINE: second})
        well = not first & 0x08 and not second & 0x64
        assert (found.trouble == "") == well


@given(st.integers(0, 255))
def test_the_two_kinds_of_answer_are_never_confused(byte: int) -> None:
    assert not (status.is_status(byte) and status.is_printed(byte))


@given(st.binary(min_size=4, max_size=4))
def test_any_unasked_status_has_a_meaning(data: bytes) -> None:
    assert isinstance(status.read_unasked(data), PrinterStatus)
