"""Published frames are explained with their meaning; any bytes are explained somehow."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drivers.a0 import commands
from drivers.a0.explain import ROWS, explain
from drivers.a0.frames import encode
from drivers.ports import Bank
from drivers.uhf.line import Frame

VECTORS = json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))


def test_most_published_frames_tell_who_speaks() -> None:
    notes = [explain(bytes.fromhex(row["hex"]), None).notes for row in VECTORS]
    assert sum("Both" in str(one) for one in notes) * 3 < len(notes)


def of(name: str) -> bytes:
    return bytes.fromhex(next(row["hex"] for row in VECTORS if row["name"] == name))


def test_the_fields_of_the_published_frames_are_told() -> None:
    assert explain(of("get firmware rsp"), None).fields["firmware"] == "1.9"
    assert explain(of("set work antenna 1"), None).fields["antenna"] == 1
    tag = explain(of("inventory tag"), None).fields
    assert (tag["epc"], tag["pc"], tag["rssi"]) == ("e200301666130121155074ef", "3000", 0x45)
    end = explain(of("inventory end 5 reads"), None).fields
    assert (end["reads_per_second"], end["total_reads"]) == (17, 5)
    status = explain(of("select tag rsp"), None)
    assert (status.command, status.status, status.status_code) == ("set match", "ok", 0x10)
    asked = explain(of("custom session inventory"), None).fields
    assert (asked["session"], asked["target"], asked["repeat"]) == (1, 0, 1)


def test_a_write_shows_everything_but_the_password() -> None:
    data = commands.write_request(Bank.EPC, 1, b"\x31\x07", b"\1\2\3\4")
    told = explain(encode(Frame(1, 0x82, data)), None)
    assert (told.to_device, told.fields["bank"], told.fields["data"]) == (True, "EPC", "31 07")
    assert "01 02 03 04" not in str(told)


def test_an_error_is_in_words() -> None:
    told = explain(encode(Frame(1, 0x81, b"\x36")), None)
    assert (told.to_device, told.status) == (False, "no tag")


def test_a_text_of_an_iso_tag_is_told() -> None:
    data = bytes.fromhex("04 45c2 141cc04fc70badb5c6e2da1ded4dd319 45")
    fields = explain(encode(Frame(1, 0x89, data)), None).fields
    assert (fields["afi"], fields["text"]) == ("c2", "CH-000134-1.12345678.31")


def test_a_cut_frame_and_what_is_none_are_said_to_be_so() -> None:
    frame = of("inventory tag")
    assert "are there" in explain(frame[:-3], None).notes[0]
    assert "behind the frame" in explain(frame + b"\0", None).notes[0]
    assert explain(b"\x04\0\1\2\3", None).command == "unknown"


def test_every_command_of_the_driver_is_named_as_the_driver_names_it() -> None:
    for command in commands.ALL:
        assert ROWS[command.code].name == command.name


@given(st.binary(max_size=60), st.sampled_from([None, True, False]))
def test_any_bytes_are_explained(frame: bytes, to_device: bool | None) -> None:
    told = explain(b"\xa0" + frame, to_device)
    assert told.command
    assert to_device is None or told.to_device is to_device


@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=40), st.sampled_from([None, True, False]))
def test_any_data_of_a_known_command_are_explained(
    code: int, data: bytes, to_device: bool | None
) -> None:
    told = explain(encode(Frame(1, code, data)), to_device)
    assert (told.checksum, told.command) == ("ok", ROWS[code].name)
    json.dumps(dict(told.fields))
