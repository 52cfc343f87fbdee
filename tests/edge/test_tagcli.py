"""``shelfwire tag decode`` as people and scripts call it."""

import argparse
import json

import pytest

from edge.tagcli import add_parser

ITEM = "11010131313232333334340000000000000000513e4445373035000000000000"
TITLE = (
    "910005021446dec00202a0020305b3808731226501107f020f54727579e1bb876e204b69e1bb8175" + "00" * 72
)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["tag", "decode", *words])
    result: int = args.handler(args)
    return result


def test_one_json_object_says_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ITEM, "--json", "--dsfid", "3E", "--afi", "07", "--block-size", "4") == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {
        "format": "iso28560-3",
        "item_id": "11223344",
        "owner": "DE-705",
        "part": 1,
        "parts": 1,
        "checksum": "ok",
        "elements": {
            "primary_item_identifier": "11223344",
            "content_parameter": 1,
            "owner_institution": "DE-705",
            "set_information": "11",
            "type_of_usage": 1,
        },
        "warnings": [],
    }


def test_an_unknown_tag_is_an_answer_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ff" * 32, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["format"], shown["item_id"], shown["checksum"]) == ("unknown", None, "none")
    assert shown["warnings"]


def test_separators_between_bytes_are_welcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("0x" + ITEM.upper(), "--json") == 0
    assert run(":".join(ITEM[i : i + 2] for i in range(0, len(ITEM), 2)), "--json") == 0
    assert run(*(ITEM[i : i + 8] for i in range(0, len(ITEM), 8)), "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert len(set(lines)) == 1


def test_without_json_a_person_can_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TITLE, "--dsfid", "06") == 0
    printed = capsys.readouterr().out
    assert "item_id    8930123456" in printed
    assert "title: Truyện Kiều" in printed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["11zz"], "HEX: 'z' at digit 3 is not hexadecimal"),
        (["111"], "HEX: 3 digits are not whole bytes"),
        ([""], "HEX: there are no digits"),
        (["11", "--dsfid", "0606"], "--dsfid: '0606' is not one byte"),
        (["11", "--afi", "x"], "--afi: 'x' at digit 1 is not hexadecimal"),
        (["11", "--block-size", "0"], "--block-size 0: a block has 1 to 32 bytes"),
    ],
)
def test_what_is_not_hexadecimal_is_said_plainly(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""
