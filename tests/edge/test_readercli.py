import asyncio
import fcntl
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.feig import FeigSimulator
from drivers.feig.commands import WRITE_CONFIG
from drivers.feig.device import Answer
from drivers.feig.service import Block
from drivers.feig.status import Status
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_tcp
from edge.backups import BackupError, Backups, Step
from edge.cli import main
from edge.wire.languages import language_of

PROFILE = """
reader = "test"
[[config]]
block = 1
byte = 13
value = 0
why = "host mode"
[[config]]
block = 5
byte = 2
mask = 0x0F
value = 0x0F
"""
AGENT = """
[agent]
site = "tinh"
device = "tinh-kiosk"
data = "data"
site_key = "site.key"
[devices.pad]
driver = "feig"
url = "{url}"
profile = "readers/pad.toml"
[devices.drop]
driver = "feig"
url = "tcp://127.0.0.1:1"
[devices.gate]
driver = "feig-gate-notify"
listen = "tcp://127.0.0.1:10005"
control = "{url}"
[devices.exit]
driver = "feig-gate-notify"
listen = "tcp://127.0.0.1:10006"
[devices.scanner]
driver = "scanner"
url = "tcp://127.0.0.1:1"
"""


@pytest.fixture
def simulator() -> FeigSimulator:
    made = FeigSimulator(Field(), block_seconds=0.0)
    for memory in (made.eeprom, made.config):
        memory[1] = bytes(13) + b"\x01"
    return made


@pytest.fixture
async def served(simulator: FeigSimulator) -> AsyncIterator[Served]:
    served = await serve_tcp(simulator)
    yield served
    await served.close()


@pytest.fixture
def config(tmp_path: Path, served: Served) -> Path:
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers/pad.toml").write_text(PROFILE)
    (tmp_path / "data").mkdir()
    (tmp_path / "agent.toml").write_text(AGENT.format(url=served.address))
    return tmp_path / "agent.toml"


async def configure(config: Path, *words: str, profile: str = "pad") -> int:
    named = [profile] if profile else []
    return await asyncio.to_thread(
        main, ["reader", "configure", *named, "--config", str(config), "--lang", "en", *words]
    )


async def test_checking_says_what_differs_and_changes_nothing(
    config: Path, simulator: FeigSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(simulator.eeprom), dict(simulator.config)
    assert await configure(config, "--check") == 1
    out = capsys.readouterr().out
    assert "pad: FEIG CPR40" in out
    assert "ram block 1 byte 13: is 01, should be 00  host mode" in out
    assert "eeprom block 5 byte 2: is 00, should be 0F" in out
    assert (simulator.eeprom, simulator.config) == before


async def test_a_gate_that_calls_is_asked_at_its_own_address(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await configure(config, "--check", "--device", "gate") == 1
    assert "gate: FEIG CPR40" in capsys.readouterr().out
    assert await configure(config, "--check", "--device", "exit") == 2
    assert "one that calls needs control" in capsys.readouterr().err


async def test_a_reader_is_made_as_the_profile_says_and_set_back(
    config: Path, simulator: FeigSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(simulator.eeprom), dict(simulator.config)
    assert await configure(config, "--yes") == 0
    assert simulator.eeprom[1] == simulator.config[1] == bytes(14)
    assert simulator.eeprom[5][2] == 0x0F
    assert await configure(config, "--check") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert await configure(config, "--undo", "--yes") == 0
    assert (simulator.eeprom, simulator.config) == before
    assert await configure(config, "--undo", "--yes") == 1
    assert "nothing to take back" in capsys.readouterr().out


async def test_a_change_is_taken_back_without_naming_the_profile_again(
    config: Path, simulator: FeigSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(simulator.eeprom), dict(simulator.config)
    assert await configure(config, "--yes") == 0
    assert await configure(config, "--undo", "--yes", profile="") == 2
    assert await configure(config, "--yes", profile="") == 2
    assert "say which PROFILE" in capsys.readouterr().err
    assert await configure(config, "--undo", "--yes", "--device", "pad", profile="") == 0
    assert (simulator.eeprom, simulator.config) == before


@pytest.mark.parametrize(("typed", "status"), [("y", 0), ("có", 0), ("n", 1), ("", 1)])
async def test_it_asks_before_it_writes(
    config: Path,
    simulator: FeigSimulator,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    status: int,
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: typed)
    assert await configure(config) == status
    assert (simulator.config[1] == bytes(14)) == (status == 0)


async def test_without_a_person_nothing_is_written(
    config: Path, simulator: FeigSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert await configure(config) == 1
    assert simulator.config[1][13] == 1


async def test_the_old_settings_are_kept_before_the_first_write(
    config: Path, simulator: FeigSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = config.parent / "data/readers/pad.json"
    seen: list[bool] = []

    def refuse(_: object) -> Answer:
        seen.append(kept.exists())
        return Answer(Status.WRITE_PROTECTED)

    simulator.on(WRITE_CONFIG, refuse)
    assert await configure(config, "--yes") == 1
    assert seen == [True]
    assert "write protected" in capsys.readouterr().err
    [step] = Backups(kept).steps()
    assert step.profile == "pad"
    assert Block("eeprom", 1, bytes(13) + b"\x01") in step.blocks


async def test_a_reader_by_its_address_needs_no_configuration(
    served: Served, simulator: FeigSimulator, tmp_path: Path, config: Path
) -> None:
    simulator.password = b"\x01\x02\x03\x04"
    words = ["reader", "configure", str(tmp_path / "readers/pad.toml"), "--url", served.address,
             "--keep", str(tmp_path / "old.json"), "--yes"]  # fmt: skip
    assert await asyncio.to_thread(main, words) == 1
    assert await asyncio.to_thread(main, [*words, "--password", "01020304"]) == 0
    assert simulator.eeprom[5][2] == 0x0F
    assert len(json.loads((tmp_path / "old.json").read_text())["steps"]) == 1


async def test_a_reader_that_an_agent_holds_is_left_alone(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (config.parent / "data/agent.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert await configure(config, "--yes") == 2
    assert "systemctl stop shelfwire-agent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device", "scanner"), "is not a FEIG reader"),
        (("--device", "none"), "these are: pad, drop"),
        (("--url", "tcp://x:1", "--password", "zz"), "password"),
    ],
)
async def test_what_cannot_be_is_said_and_ends_with_2(
    config: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert await configure(config, *words) == 2
    assert said in capsys.readouterr().err


async def test_a_profile_that_is_not_there_or_wrong_is_named(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await configure(config, profile="none") == 2
    assert "profile none" in capsys.readouterr().err
    (config.parent / "readers/bad.toml").write_text("[[config]]\nblock = 99\n")
    assert await configure(config, "--device", "pad", profile="bad") == 2
    assert "block must be" in capsys.readouterr().err


async def test_the_address_of_a_reader_is_found(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(main, ["reader", "find", served.address]) == 0
    assert f'url = "{served.address}"' in capsys.readouterr().out
    await served.unplug()
    assert await asyncio.to_thread(main, ["reader", "find", served.address]) == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"steps": [{}]}', '{"steps": 5}',
             '{"steps": [{"made": 1, "url": "", "reader": "", "profile": "", "blocks": [["ram", 1, "00"]]}]}'],
)  # fmt: skip
def test_a_damaged_backup_is_said_to_be_so_and_never_written_into_a_reader(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "old.json").write_text(text)
    with pytest.raises(BackupError, match="damaged"):
        Backups(tmp_path / "old.json").steps()


def test_backups_are_a_stack(tmp_path: Path) -> None:
    backups = Backups(tmp_path / "a/old.json")
    first, second = (Step(n, "u", "r", "p", (Block("ram", n, bytes(14)),)) for n in (1, 2))
    backups.push(first)
    backups.push(second)
    assert backups.steps() == [first, second]
    backups.pop()
    assert backups.steps() == [first]


@pytest.mark.parametrize(
    ("environment", "language"),
    [({"LANG": "vi_VN.UTF-8"}, "vi"), ({"LANG": "en_GB"}, "en"), ({}, "en"),
     ({"LC_ALL": "C", "LANG": "vi_VN"}, "en")],
)  # fmt: skip
def test_the_terminal_says_which_language(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
