import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.explained import Explained
from edge import cli
from edge.framecli import PROTOCOLS, explain

VERDICTS = {True: "ok", False: "bad", None: "none"}
DRIVERS = Path(__file__).parents[1] / "drivers"
VECTORS: list[tuple[str, dict[str, Any]]] = [
    (protocol, vector)
    for protocol, module in PROTOCOLS.items()
    for vector in json.loads((DRIVERS / module.split(".")[1] / "frames.json").read_text("utf-8"))
]
each_vector = pytest.mark.parametrize(
    ("protocol", "vector"), VECTORS, ids=[f"{p} {v['name']}" for p, v in VECTORS]
)
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


def way(vector: dict[str, Any]) -> bool:
    return str(vector["dir"]).startswith(("host", "client", "both"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main(["frame", *words, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@each_vector
def test_every_published_frame_is_explained_with_the_right_verdict(
    protocol: str, vector: dict[str, Any]
) -> None:
    told = explain(protocol, bytes.fromhex(vector["hex"]), way(vector))
    wanted = "none" if protocol == "llrp" else VERDICTS[vector["verified"]]
    assert told.checksum == wanted
    assert told.command
    assert told.command != "unknown" or told.status


@each_vector
def test_no_frame_is_said_to_go_the_wrong_way(protocol: str, vector: dict[str, Any]) -> None:
    if vector["dir"] == "both" or "CRC example" in vector["name"]:
        return
    told = explain(protocol, bytes.fromhex(vector["hex"]))
    assert told.to_device in (way(vector), None) or any("Both" in note for note in told.notes)


@each_vector
def test_a_wrong_bit_in_a_frame_with_a_checksum_is_never_good(
    protocol: str, vector: dict[str, Any]
) -> None:
    raw = bytes.fromhex(vector["hex"])
    if explain(protocol, raw, way(vector)).checksum != "ok" or vector["name"] in ("ACK", "NACK"):
        return
    first = raw.find(b"\x00\xff") if protocol == "pn532" else 0
    last = len(raw) - (protocol == "pn532")  # the last byte of a PN532 is only a gap
    for position in range(first, last):
        wrong = bytearray(raw)
        wrong[position] ^= 0x10
        told = explain(protocol, bytes(wrong), way(vector))
        assert told.checksum != "ok", position


@each_protocol
@example(data=bytes((0, 4, *bytes(8))), to_device=True)  # LLRP: only the reader says this
@example(data=bytes((0xD5, 0, 0, 0, 0, 0)), to_device=True)  # 3M: a greeting that greets nobody
@given(data=st.binary(max_size=80), to_device=st.sampled_from([True, False, None]))
def test_any_bytes_are_explained(protocol: str, data: bytes, to_device: bool | None) -> None:
    told = explain(protocol, data, to_device)
    assert isinstance(told, Explained)
    assert told.command
    assert to_device is None or told.to_device is to_device
    assert told.checksum in ("ok", "bad", "none")
    json.dumps([told.fields, told.notes, told.status, told.code])


@each_protocol
@given(data=st.data())
def test_a_frame_that_was_cut_or_damaged_is_explained(protocol: str, data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from([v for p, v in VECTORS if p == protocol]))
    raw = bytearray.fromhex(vector["hex"])
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for frame in (bytes(raw), cut):
        for to_device in (True, False, None):
            json.dumps(dict(explain(protocol, frame, to_device).fields))


@each_protocol
def test_every_protocol_has_its_own_module(protocol: str) -> None:
    assert callable(importlib.import_module(PROTOCOLS[protocol]).explain)


def test_a_question_is_told_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "feig", "020012ffb02701e004015012345678c23ee0", "--to-device")
    assert told == {
        "protocol": "feig",
        "frame": "020012ffb02701e004015012345678c23ee0",
        "direction": "to-device",
        "command": "write AFI",
        "code": 0xB0,
        "status": None,
        "status_code": None,
        "checksum": "ok",
        "fields": {
            "form": "advanced",
            "length": 18,
            "address": 255,
            "sub": "27",
            "mode": "01",
            "uid": "e004015012345678",
            "afi": 0xC2,
        },
        "notes": [],
    }


def test_a_status_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "feig", "06 00 b0 01 5c 63")
    assert (told["direction"], told["status"], told["status_code"]) == ("from-device", "no tag", 1)
    told = run(capsys, "rl866", "fa08010031200427c2", "--from-device")
    assert (told["command"], told["status"], told["checksum"]) == ("inventory", "no tag", "bad")


def test_a_wrong_checksum_is_said_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "3m", "d5:00:05:04:00:11:8c:67")
    assert told["checksum"] == "bad"
    assert told["notes"] == ["The checksum should be 8c 66."]


def test_a_key_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "pn532", "0000ff0ff1d440016004 a0a1a2a3a4a5 deadbeef 1e00")
    assert told["fields"]["secret"] == "not shown"
    assert "a0" not in json.dumps(told["fields"])
    told = run(capsys, "feig", "02000bffa0112233440000", "--to-device")
    assert told["fields"]["password"] == "not shown"


def test_without_json_it_is_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["frame", "3m", "D6", "0005", "FE", "0005", "FA", "40"]) == 0
    shown = capsys.readouterr().out
    assert "command    inventory (fe)" in shown
    assert "direction  to-device" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [("xyz", "not hexadecimal"), ("020", "whole bytes"), ("--", "no digits"), (" ", "no digits")],
)
def test_what_is_not_hexadecimal_is_refused_kindly(
    text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["frame", "feig", "--json", "--", text] if text == "--" else ["frame", "feig", text]
    assert cli.main(words) == 2
    assert says in capsys.readouterr().err
