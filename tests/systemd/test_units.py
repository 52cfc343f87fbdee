"""The units, as systemd itself reads them."""

import json
import os
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
VENV = FOLDER.parent / ".venv/bin"
UNITS = sorted(path.name for path in FOLDER.glob("shelfwire-*.*") if path.is_file())
SERVICES = [name for name in UNITS if name.endswith(".service")]
LIMITS = {
    "shelfwire-agent.service": 1.5,
    "shelfwire-gateway.service": 1.5,
    "shelfwire-broker.service": 2.0,
    "shelfwire-reboot.service": 2.5,
    "shelfwire-kiosk.service": 6.5,
}
"""Highest exposure; a browser needs its own sandbox and a screen, so its user can reach nothing."""
pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is missing")


def ask(*command: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env)


def settings(name: str) -> dict[str, list[str]]:
    """Return every setting of a unit with all its values."""
    found: dict[str, list[str]] = {}
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with programs that are on this machine, for systemd looks whether they are."""
    folder = tmp_path_factory.mktemp("units")
    for name in UNITS:
        text = (FOLDER / name).read_text().replace("/opt/shelfwire/venv/bin", str(VENV))
        for program in set(re.findall(r"^ExecStart\w*=-?(/usr/bin/\S+)", text, re.MULTILINE)):
            if not Path(program).exists():
                text = text.replace(program, shutil.which("true") or program)
        (folder / name).write_text(text)
    return folder


def test_systemd_finds_nothing_wrong_with_any_unit(placed: Path) -> None:
    answer = ask("systemd-analyze", "verify", "--man=no", *(placed / name for name in UNITS))
    ours = [line for line in answer.stderr.splitlines() if "shelfwire" in line]
    assert ours == []
    assert answer.returncode == 0


def test_systemd_would_find_a_misspelt_setting(placed: Path, tmp_path: Path) -> None:
    text = (placed / "shelfwire-agent.service").read_text()
    wrong = tmp_path / "shelfwire-agent.service"
    wrong.write_text(text.replace("ProtectSystem=", "ProtectSytem="))
    assert "ProtectSytem" in ask("systemd-analyze", "verify", "--man=no", wrong).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_no_more_exposed_than_it_must_be(name: str) -> None:
    answer = ask("systemd-analyze", "security", "--offline=true", FOLDER / name)
    found = re.search(r"exposure level for \S+: ([\d.]+)", answer.stdout)
    assert found, answer.stderr
    assert float(found[1]) <= LIMITS[name]


@pytest.mark.parametrize("name", ["shelfwire-agent.service", "shelfwire-gateway.service"])
def test_a_service_of_ours_is_watched_and_comes_back_for_ever(name: str) -> None:
    unit = settings(name)
    assert unit["Type"] == ["notify"]
    assert int(unit["WatchdogSec"][0]) > 0
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["LimitCORE"] == ["0"]


@pytest.mark.parametrize("name", UNITS)
def test_nothing_waits_for_a_network_or_a_clock(name: str) -> None:
    waits = {"network-online.target", "time-sync.target", "systemd-time-wait-sync.service"}
    unit = settings(name)
    for key in ("After", "Wants", "Requires", "BindsTo"):
        assert not waits & set(" ".join(unit.get(key, [])).split())


def test_the_agent_s_programs_and_options_exist() -> None:
    for name in ("shelfwire-agent.service", "shelfwire-gateway.service"):
        program, word, *_ = settings(name)["ExecStart"][0].split()
        answer = ask(VENV / Path(program).name, word, "--help")
        assert answer.returncode == 0, answer.stderr
        assert "--config" in answer.stdout


def test_the_agent_gets_its_secrets_as_credentials() -> None:
    credentials = {c.split(":")[0] for c in settings("shelfwire-agent.service")["LoadCredential"]}
    example = (FOLDER.parent / "firmware_configs/agent.example.toml").read_text()
    used = set(re.findall(r"/run/credentials/shelfwire-agent\.service/([\w.]+)", example))
    assert used == {"device.key", "site.key"}
    receipts = {
        "receipt.key",
        "receipt.crt",
        "command.pub",
    }  # of the folder that receipt_keys names
    assert credentials == used | receipts
    assert 'receipt_keys = "/run/credentials/shelfwire-agent.service"' in example


def test_the_browser_runs_as_another_user_than_the_agent() -> None:
    users = {name: settings(name)["User"][0] for name in SERVICES if "User" in settings(name)}
    assert len(set(users.values())) == len(users) == 3
    assert "--no-sandbox" not in settings("shelfwire-kiosk.service")["ExecStart"][0]


def test_every_user_is_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    answer = ask("systemd-sysusers", f"--root={tmp_path}", FOLDER / "sysusers.d/shelfwire.conf")
    assert answer.returncode == 0, answer.stderr
    made = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()}
    for name in SERVICES:
        unit = settings(name)
        assert set(unit.get("User", [])) <= made
        assert set(" ".join(unit.get("SupplementaryGroups", [])).split()) <= groups


def test_keys_are_closed_to_everybody_but_root(tmp_path: Path) -> None:
    folder = tmp_path / "etc/shelfwire"
    folder.mkdir(parents=True)
    keys = [folder / name for name in ("device.key", "site.key", "receipt.key")]
    for key in keys:
        key.write_text("secret")
        key.chmod(0o644)
    rules = tmp_path / "rules.conf"
    mine = (FOLDER / "tmpfiles.d/shelfwire.conf").read_text()
    if os.getuid():
        mine = mine.replace("root root", "- -")
    rules.write_text(mine)
    answer = ask("systemd-tmpfiles", f"--root={tmp_path}", "--create", rules)
    assert answer.returncode == 0, answer.stderr
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


@pytest.mark.parametrize(
    ("file", "section", "expected"),
    [
        ("system.conf.d/10-shelfwire.conf", "Manager", {"RuntimeWatchdogSec": "15"}),
        ("journald.conf.d/10-shelfwire.conf", "Journal", {"Storage": "volatile"}),
    ],
)
def test_drop_ins_say_what_they_should(file: str, section: str, expected: dict[str, str]) -> None:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(FOLDER / file)
    assert parser.sections() == [section]
    assert expected.items() <= dict(parser[section]).items()


@pytest.mark.parametrize(
    "added", [["scanner-hid"], ["scanner-camera"], ["scanner-hid", "scanner-camera"]]
)
def test_an_agent_with_a_scanner_is_hardly_more_exposed(
    placed: Path, tmp_path: Path, added: list[str]
) -> None:
    unit = tmp_path / "shelfwire-agent.service"
    texts = [(FOLDER / f"shelfwire-agent.service.d/{name}.conf").read_text() for name in added]
    assert all("[Service]\n" in text for text in texts)
    main = (placed / unit.name).read_text()
    unit.write_text(main.replace("[Install]", "\n".join(texts) + "\n[Install]"))
    answer = ask("systemd-analyze", "verify", "--man=no", unit)
    assert [line for line in answer.stderr.splitlines() if unit.name in line] == []
    answer = ask("systemd-analyze", "security", "--offline=true", unit)
    found = re.search(r"exposure level for \S+: ([\d.]+)", answer.stdout)
    assert found, answer.stderr
    assert float(found[1]) <= LIMITS[unit.name]
    for line in ("DeviceAllow=char-input r", "DeviceAllow=char-video4linux rw"):
        assert (line in unit.read_text()) is any(line in text for text in texts)


def test_the_broker_gets_what_its_configuration_names() -> None:
    commands = " ".join(settings("shelfwire-broker.service")["ExecStart"])
    config = (FOLDER.parent / "firmware_configs/mosquitto/centre.conf").read_text()
    named = set(re.findall(r"/etc/mosquitto/shelfwire/(\S+)", config))
    copied = set(re.findall(r"/var/lib/shelfwire-gateway/(?:pki/)?([\w.-]+)", commands))
    assert named == copied
    watched = settings("shelfwire-broker.path")["PathChanged"]
    assert "/var/lib/shelfwire-gateway/acl" in watched


def test_exposure_is_told_by_item_as_well() -> None:
    unit = FOLDER / "shelfwire-agent.service"
    answer = ask("systemd-analyze", "security", "--offline=true", "--json=short", unit)
    open_items = {row["name"] for row in json.loads(answer.stdout) if row["set"] is False}
    assert not {"NoNewPrivileges=", "ProtectSystem=", "PrivateUsers="} & open_items
