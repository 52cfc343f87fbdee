"""Published messages are explained with their meaning; any bytes are explained somehow."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import FrameError
from drivers.llrp.explain import explain
from drivers.llrp.messages import FROM_READER, MESSAGES, PARAMETERS, TV
from drivers.llrp.parameters import parse

VECTORS = json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))


def of(start: str) -> Any:
    return explain(
        bytes.fromhex(next(row["hex"] for row in VECTORS if row["name"].startswith(start))), None
    )


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["name"])
def test_a_published_message_is_named_and_its_speaker_known(row: dict[str, str]) -> None:
    told = explain(bytes.fromhex(row["hex"]), None)
    assert told.command == row["name"].partition(" ")[0]
    assert told.to_device is row["dir"].startswith("client")
    assert told.checksum == "none"
    assert told.notes == ()
    assert told.fields["length"] == len(row["hex"]) // 2


def test_the_fields_of_the_published_messages_are_told() -> None:
    assert of("READER_EVENT_NOTIFICATION").fields["connection"] == "success"
    [tag] = of("RO_ACCESS_REPORT").fields["tags"]
    assert tag["epc"] == "e2000017010b016210000002"
    assert (tag["antenna_id"], tag["rssi_dbm"]) == (3, -52)
    refused = of("DELETE_ROSPEC_RESPONSE")
    assert (refused.status, refused.status_code) == ("parameter error", 100)
    assert refused.fields["description"] == "no ROSpec 1"
    assert of("START_ROSPEC").fields["spec_id"] == 1
    assert of("ENABLE_ROSPEC_RESPONSE").status == "success"
    assert of("ERROR_MESSAGE").status == "unsupported message"


def test_a_cut_message_and_a_wrong_speaker_are_said_to_be_so() -> None:
    keepalive = bytes.fromhex("043e0000000a00000001")
    assert explain(keepalive, True).notes == ("Only the other side says this.",)
    assert "are there" in explain(keepalive + b"\0", None).notes[0]
    assert explain(keepalive[:4], None).command == "unknown"
    report = bytes.fromhex(next(r["hex"] for r in VECTORS if r["name"].startswith("RO_ACCESS")))
    assert any("cannot be read" in note for note in explain(report[:-3], None).notes)


def test_the_numbers_are_those_of_another_implementation() -> None:
    protocol = pytest.importorskip("llrpkit.protocol")
    for module, attribute, ours in (
        (protocol.messages, "MESSAGE_TYPE", MESSAGES),
        (protocol.params, "PARAM_TYPE", PARAMETERS | {k: name for k, (name, _) in TV.items()}),
    ):
        for name, found in inspect.getmembers(module, inspect.isclass):
            number = getattr(found, attribute, -1)
            if number > 0 and number != 1023:
                assert ours[number] == name


def test_what_only_a_reader_says_are_answers_and_reports() -> None:
    for code in FROM_READER - {45, 61, 62, 63, 100}:
        assert MESSAGES[code].endswith("RESPONSE")


@given(st.sampled_from([row["hex"] for row in VECTORS]), st.integers(0, 10**6), st.integers(0, 255))
def test_any_changed_message_is_explained(frame: str, place: int, byte: int) -> None:
    changed = bytearray.fromhex(frame)
    changed[place % len(changed)] = byte
    told = explain(bytes(changed), None)
    json.dumps(dict(told.fields))


@given(st.binary(max_size=80))
def test_any_bytes_are_parameters_or_a_frame_error(data: bytes) -> None:
    try:
        parse(data)
    except FrameError as error:
        assert str(error)
