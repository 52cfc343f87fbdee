from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest

from edge.wire.tables import ConfigError, options, read_table


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Line:
    pin: int
    active_low: bool = False


@dataclass(frozen=True)
class Table:
    url: str = field(metadata={"help": "where it is"})
    speed: int = 38400
    pause: float = 0.5
    where: Path | None = None
    parity: Literal["N", "E", "O"] = "E"
    colour: Colour = Colour.RED
    names: list[str] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    inner: Line = Line(1)
    pins: tuple[int, ...] = ()
    free: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.speed < 0:
            raise ValueError("speed is negative")


def read(table: dict[str, Any]) -> Table:
    return read_table(Table, table, "edge.toml [devices.pad]", Path("/etc/shelfwire"))


def test_every_kind_of_option_is_read() -> None:
    table = read(
        {
            "url": "serial:///dev/ttyUSB0", "speed": 9600, "pause": 1, "where": "profiles/a.toml",
            "parity": "N", "colour": "blue", "names": ["a", "b"],
            "lines": {"lamp": {"pin": 4, "active_low": True}}, "inner": {"pin": 7},
            "pins": [1, 2], "free": {"x": [1]},
        }
    )  # fmt: skip
    assert table == Table(
        "serial:///dev/ttyUSB0", 9600, 1.0, Path("/etc/shelfwire/profiles/a.toml"),
        "N", Colour.BLUE, ["a", "b"], {"lamp": Line(4, True)}, Line(7), (1, 2), {"x": [1]},
    )  # fmt: skip


def test_an_absolute_path_stays_as_it_is() -> None:
    assert read({"url": "", "where": "/var/a"}).where == Path("/var/a")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"url": "", "sped": 1}, ["[devices.pad]", "unknown option sped", "mean speed"]),
        ({"url": "", "zzz": 1}, ["unknown option zzz", "allowed:", "speed"]),
        ({}, ["option url is missing", "where it is"]),
        ({"url": 5}, ["url", "5 is not a text"]),
        ({"url": "", "speed": "fast"}, ["speed", "'fast' is not a whole number"]),
        ({"url": "", "speed": True}, ["speed", "True is not a whole number"]),
        ({"url": "", "pause": "x"}, ["pause", "is not a number"]),
        ({"url": "", "parity": "X"}, ["parity", "'X' is not one of N, E, O"]),
        ({"url": "", "colour": "green"}, ["colour", "not one of red, blue"]),
        ({"url": "", "names": "a"}, ["names", "is not a list"]),
        ({"url": "", "names": [1]}, ["names[0]", "1 is not a text"]),
        ({"url": "", "where": 1}, ["where", "1 is not a path"]),
        ({"url": "", "speed": -1}, ["[devices.pad]: speed is negative"]),
        ({"url": "", "inner": 3}, ["inner", "3 is not a table"]),
        ({"url": "", "inner": {"pin": 1, "x": 2}}, ["[devices.pad.inner]", "unknown option x"]),
        ({"url": "", "lines": {"lamp": {"pn": 4}}}, ["[devices.pad.lines.lamp]", "mean pin"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(table: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        read(table)
    assert str(error.value).startswith("edge.toml [devices.pad")
    for word in words:
        assert word in str(error.value)


def test_the_manual_is_written_from_the_same_table() -> None:
    rows = {row.name: row for row in options(Table)}
    assert rows["url"].default == "required"
    assert rows["url"].help == "where it is"
    assert rows["parity"].kind == "one of N, E, O"
    assert rows["where"].kind == "a path"
    assert rows["lines"].kind == "a table, each a table"
