from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import OptionError
from drivers.ports import Driver, ItemReader, Printer
from edge.config import AgentOptions, ConfigError, UplinkOptions, load, site_key
from edge.station import StationEntry
from edge.wire.tables import options


@dataclass(frozen=True)
class PadOptions:
    url: str = ""
    baud: int = 38400

    def __post_init__(self) -> None:
        if self.url == "bad":
            raise OptionError("option url: bad is not an address")


@dataclass(frozen=True)
class GateOptions:
    reader: str = field(default="", metadata={"device": ItemReader})
    window: float = 1.0


def opens(_: Any) -> AbstractAsyncContextManager[Any]:
    raise NotImplementedError


def makes(options: Any, services: Any) -> Any:
    raise NotImplementedError


def found() -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]]]:
    drivers: dict[str, Callable[[], Any]] = {
        "feig": lambda: Driver("feig", ItemReader, PadOptions, opens),
        "escpos": lambda: Driver("escpos", Printer, PadOptions, opens),
    }
    stations: dict[str, Callable[[], Any]] = {
        "gate": lambda: StationEntry("gate", GateOptions, makes)
    }
    return drivers, stations


AGENT = """
[agent]
site = "tinh"
device = "tinh-gate"
data = "data"
site_key = "site.key"
"""
WHOLE = (
    AGENT
    + """
[uplink]
host = "127.0.0.1"
port = 18883
tls = false
[devices.pad]
driver = "feig"
baud = 9600
[devices.paper]
driver = "escpos"
[stations.gate]
reader = "pad"
"""
)


def loaded(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "edge.toml"
    path.write_text(text)
    return load(path, *found())


def test_a_whole_configuration_is_read(tmp_path: Path) -> None:
    config = loaded(tmp_path, WHOLE)
    assert config.agent.data == tmp_path / "data"
    assert config.uplink.port == 18883
    assert config.devices["pad"][0].name == "feig"
    assert config.devices["pad"][1] == PadOptions(baud=9600)
    assert config.stations["gate"][1] == GateOptions(reader="pad")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = [", ["edge.toml", "not TOML"]),
        ("[agnt]\n", ["edge.toml", "unknown table [agnt]"]),
        ("agent = 3\n", ["agent must be a table"]),
        ("devices = [1]\n" + AGENT, ["devices must be tables"]),
        ("[agent]\nsite='x'\n", ["edge.toml [agent]", "option device is missing"]),
        (AGENT.replace('"tinh"', '"Tỉnh"'), ["edge.toml [agent]", "site", "no name for a topic"]),
        (AGENT.replace("tinh-gate", "shared"), ["[agent]: device", "whole site"]),
        (AGENT + "[uplink]\nhost='h'\n", ["edge.toml", "TLS needs ca, cert and key"]),
        (AGENT + "[devices.pad]\nbaud=1\n", ["[devices.pad]", "driver is missing", "feig"]),
        (AGENT + "[devices.pad]\ndriver='fieg'\n", ["[devices.pad]", "'fieg' is not known"]),
        (AGENT + "[devices.pad]\ndriver='feig'\nbuad=1\n", ["[devices.pad]", "mean baud?"]),
        (AGENT + "[devices.pad]\ndriver='feig'\nurl='bad'\n", ["[devices.pad]", "option url"]),
        (AGENT + "[stations.door]\n", ["[stations.door]", "'door' is not known", "gate"]),
        (AGENT + "[stations.gate]\nreader='x'\n", ["[stations.gate]", "no [devices.x]"]),
        (
            AGENT + "[devices.p]\ndriver='escpos'\n[stations.gate]\nreader='p'\n",
            ["[stations.gate]", "reader needs a ItemReader", "Printer"],
        ),
    ],
)
def test_an_error_names_file_table_and_option(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, text)
    for word in words:
        assert word in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml", *found())


def test_the_site_key_may_be_hex_or_raw_but_not_short(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    path.write_text("ab" * 32 + "\n")
    assert site_key(path) == b"\xab" * 32
    path.write_bytes(b"\xff" * 32)
    assert site_key(path) == b"\xff" * 32
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="holds 5 bytes"):
        site_key(path)
    with pytest.raises(ConfigError, match="No such file"):
        site_key(tmp_path / "none")


def test_every_option_has_a_line_for_the_manual() -> None:
    for table in (AgentOptions, UplinkOptions):
        assert all(row.help for row in options(table))
