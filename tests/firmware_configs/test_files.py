"""Every shipped file is loaded, and they agree with each other."""

import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.feig import load
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.options import GateOptions, PadOptions
from drivers.feig.pad import open_pad
from drivers.feig.simulator import FeigSimulator
from drivers.gpio.gpiod import GpiodOptions
from drivers.gpio.options import check
from drivers.testing.field import Field
from drivers.testing.serve import serve_tcp
from drivers.testing.tag15693 import Tag
from drivers.transport import parse
from edge.config import load as load_config
from edge.wire.tables import read_table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def example(configs: Path) -> dict[str, Any]:
    return tomllib.loads((configs / "agent.example.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def board(example: dict[str, Any]) -> GpiodOptions:
    table = {k: v for k, v in example["devices"]["board"].items() if k != "driver"}
    return read_table(GpiodOptions, table, "agent.example.toml [devices.board]")


def test_the_example_is_a_configuration_of_all_three_stations(configs: Path) -> None:
    config = load_config(configs / "agent.example.toml")
    assert sorted(config.stations) == ["drop", "gate", "kiosk"]
    assert config.uplink.tls
    for _, options in config.devices.values():
        if hasattr(options, "url"):
            assert parse(options.url) is not None


def test_the_uhf_gate_is_a_configuration_of_one_gate(configs: Path) -> None:
    config = load_config(configs / "agent.uhf-gate.toml")
    assert list(config.stations) == ["gate"]
    driver, options = config.devices["gate"]
    assert driver.name == "uhf-auto"
    assert options.rule().bank == "mb01"
    check(config.devices["board"][1].lines)


def test_the_example_s_board_is_usable_and_its_outputs_have_limits(board: GpiodOptions) -> None:
    check(board.lines)
    numbers = [line.line for line in board.lines.values()]
    assert len(numbers) == len(set(numbers))
    for role in ("lamp", "buzzer", "shutter"):
        assert board.lines[role].max_on_s > 0


@pytest.mark.parametrize("name", ["feig-pad", "feig-drop", "feig-gate", "feig-gate-notify"])
def test_every_reader_profile_is_loaded_by_the_driver(configs: Path, name: str) -> None:
    profile = load(configs / f"readers/{name}.toml")
    assert profile.about
    assert profile.block_order == "reversed"
    assert all(setting.why for setting in profile.settings)


@pytest.mark.parametrize("name", ["feig-pad", "feig-drop"])
async def test_a_reader_in_scan_mode_is_put_into_host_mode(configs: Path, name: str) -> None:
    simulator = FeigSimulator(Field(), block_seconds=0)
    simulator.config[1] = bytes(13) + b"\x01"
    served = await serve_tcp(simulator)
    try:
        options = PadOptions(url=served.address, profile=configs / f"readers/{name}.toml")
        async with open_pad(options) as pad:
            assert await pad.inventory() == []
    finally:
        await served.close()
    assert simulator.config[1] == bytes(14)
    assert simulator.eeprom[1] == bytes(14)


async def test_the_gate_profile_makes_a_reader_of_the_factory_buffer_whole_items(
    configs: Path,
) -> None:
    simulator = FeigGateSimulator(Field(), block_seconds=0)
    simulator.config |= {number: bytes(14) for number in (1, 11, 12)}
    tag = Tag(bytes.fromhex("E004015012345678"), bytearray(range(112)), afi=0x07)
    simulator.pass_tag(tag)
    served = await serve_tcp(simulator)
    gate = importlib.import_module("drivers.feig").GATE
    try:
        options = GateOptions(url=served.address, profile=configs / "readers/feig-gate.toml")
        async with gate.open(options) as reader:
            assert await reader.sightings() == []  # it was in host mode when the tag passed
            simulator.pass_tag(tag, antenna=2)
            [seen] = await reader.sightings()
    finally:
        await served.close()
    assert (seen.afi, seen.antenna, seen.data) == (0x07, 2, bytes(range(36)))
    assert simulator.config[12][:2] == b"\0\1"


def test_a_gate_that_calls_needs_its_address_filled_in(configs: Path, tmp_path: Path) -> None:
    text = (configs / "readers/feig-gate-notify.toml").read_text(encoding="utf-8")
    blank = load(configs / "readers/feig-gate-notify.toml").apply(49, bytes(14))
    assert blank.hex() == "80000000" + "01001e" + "00000000" + "2715" + "00"
    filled = tmp_path / "notify.toml"
    filled.write_text(text.replace("\n# [[", "\n[[").replace("\n# b", "\nb").replace("\n# v", "\nv")
                      .replace("\n# w", "\nw"), encoding="utf-8")  # fmt: skip
    channel = load(filled).apply(49, bytes(14))
    assert channel[7:13] == bytes((192, 0, 2, 5)) + (10005).to_bytes(2, "big")


_RULE = re.compile(
    r'(?P<key>[A-Z_]+(?:\{[A-Za-z_]+\})?)(?P<op>==|!=|\+=|:=|=)"(?P<value>[^"]*)"(?:, *|$)'
)
_MATCH = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "KERNEL", "DRIVER", "ATTRS"}
_ASSIGN = {"SYMLINK", "GROUP", "MODE", "ENV", "ATTR", "GOTO", "LABEL"}


def udev_rules(configs: Path) -> list[list[tuple[str, str, str]]]:
    rules = []
    for line in (configs / "udev/60-shelfwire.rules").read_text().splitlines():
        if line and not line.startswith("#"):
            parts = list(_RULE.finditer(line))
            assert "".join(part[0] for part in parts) == line, line
            rules.append([(p["key"].partition("{")[0], p["op"], p["value"]) for p in parts])
    return rules


def test_every_udev_rule_matches_before_it_assigns(configs: Path) -> None:
    for rule in udev_rules(configs):
        for key, operator, _ in rule:
            assert key in (_MATCH if operator in ("==", "!=") else _ASSIGN), rule


def test_udev_makes_the_names_that_the_example_uses(configs: Path, example: dict[str, Any]) -> None:
    made = {v for rule in udev_rules(configs) for k, op, v in rule if (k, op) == ("SYMLINK", "+=")}
    urls = [device["url"] for device in example["devices"].values() if "url" in device]
    used = {m[1] for url in urls if (m := re.match(r"serial:///dev/([^?]+)", url))}
    assert used == made


def boot_lines(configs: Path) -> list[str]:
    lines = (configs / "boot/shelfwire.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_boot_settings_are_filters_and_known_settings(configs: Path) -> None:
    known = {
        "kernel_watchdog_timeout", "enable_uart", "dtoverlay", "dtparam", "gpio",
        "disable_splash", "boot_delay",
    }  # fmt: skip
    for line in boot_lines(configs):
        assert re.fullmatch(r"\[(all|pi[345])\]", line) or line.partition("=")[0] in known, line
        assert len(line) <= 98, "the firmware cuts longer lines"


def test_the_firmware_puts_every_line_where_the_board_expects_it(
    configs: Path, board: GpiodOptions
) -> None:
    set_up: dict[int, str] = {}
    for line in boot_lines(configs):
        if match := re.fullmatch(r"gpio=([\d,]+)=(.+)", line):
            set_up |= {int(number): match[2] for number in match[1].split(",")}
    expected = {}
    for role, wired in board.lines.items():
        off = "dh" if wired.active_low else "dl"
        expected[wired.line] = f"op,{off}" if wired.direction == "out" else "ip,pu"
        assert wired.direction == "out" or wired.pull == "up", role
    assert set_up == expected


def test_what_is_added_to_the_kernel_s_line_is_one_line(configs: Path) -> None:
    text = (configs / "boot/cmdline.append").read_text()
    assert text.count("\n") == 1
    assert "consoleblank=0" in text


def test_the_browser_may_open_the_kiosk_and_nothing_else(
    configs: Path, example: dict[str, Any]
) -> None:
    policy = json.loads((configs / "chromium/shelfwire.json").read_text())
    page = f"http://127.0.0.1:{example['stations']['kiosk']['port']}"
    assert policy["URLAllowlist"] == [page]
    assert {"*", "chrome://*", "file://*"} <= set(policy["URLBlocklist"])
    assert policy["DeveloperToolsAvailability"] == 2
    assert policy["RemoteDebuggingAllowed"] is False
    unit = (ROOT / "systemd/shelfwire-kiosk.service").read_text()
    assert set(re.findall(r"http://[\d.:]+", unit)) == {page}


def test_every_file_is_in_the_list(configs: Path) -> None:
    listed = (configs / "README.md").read_text()
    for path in configs.rglob("*"):
        if path.is_file() and path.name != "README.md":
            name = str(path.relative_to(configs))
            assert name in listed or (name.startswith("readers/") and "readers/*.toml" in listed)
