import json
import logging
import sqlite3
from pathlib import Path

import pytest

from edge.cli import _OneLine, main, parser
from edge.clock import Clock
from edge.journal import Journal
from edge.version import VERSION
from edge.wire.facts import Loan, StaffCalled, Trouble

CONFIG = """
[agent]
site = "tinh"
device = "tinh-kiosk"
data = "data"
site_key = "site.key"
"""


@pytest.fixture
async def file(tmp_path: Path, clock: Clock) -> Path:
    journal = Journal.open(tmp_path / "journal.db", "tinh-kiosk", clock)
    await journal.append(Loan(item="38000000000018", card="c" * 32, due=5))
    await journal.append(StaffCalled(station="kiosk"))
    await journal.append(Trouble(part="pad", reason="reader_lost"))
    await journal.intend("E004010012345678", "38000000000018", 0xC2)
    await journal.acknowledge(journal.epoch, 1)
    await journal.close()
    return tmp_path / "journal.db"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"shelfwire {VERSION}\n"


def test_every_command_has_help_with_an_example_or_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in (
        [], ["agent"], ["check-config"], ["journal"], ["journal", "show"], ["journal", "export"],
        ["tag", "decode"], ["simulate"], ["doctor"], ["reader", "configure"], ["reader", "find"],
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0
        assert len(capsys.readouterr().out) > 200
    assert parser().prog == "shelfwire"


def test_a_right_configuration_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text(CONFIG)
    (tmp_path / "site.key").write_text("ab" * 32)
    assert main(["check-config", str(tmp_path / "agent.toml")]) == 0
    assert "tinh/tinh-kiosk can be used" in capsys.readouterr().out


def test_a_tool_by_hand_finds_the_originals_of_what_systemd_gives_the_agent_alone(
    tmp_path: Path,
) -> None:
    given = "/run/credentials/shelfwire-agent.service/site.key"
    (tmp_path / "agent.toml").write_text(CONFIG.replace("site.key", given))
    assert main(["check-config", str(tmp_path / "agent.toml")]) == 2
    (tmp_path / "site.key").write_text("ab" * 32)
    assert main(["check-config", str(tmp_path / "agent.toml")]) == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("[kiosk]\n", "agent.toml: unknown table [kiosk]"),
        ("[devices.pad]\ndriver='fieg'\n", "agent.toml [devices.pad]: driver 'fieg' is not known"),
        ("[stations.kiosk]\nprot=1\n", "agent.toml [stations.kiosk]: unknown option prot, did you"),
        (
            "[uplink]\nhost='x'\nca='a'\ncert='b'\nkey='c'\n",
            "agent.toml [uplink] ca, cert or key cannot be used",
        ),
    ],
)
def test_a_wrong_configuration_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, words: str
) -> None:
    (tmp_path / "agent.toml").write_text(CONFIG + more)
    (tmp_path / "site.key").write_text("ab" * 32)
    assert main(["check-config", str(tmp_path / "agent.toml")]) == 2
    assert words in capsys.readouterr().err


def test_a_missing_configuration_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "--config", "/nowhere/agent.toml"]) == 2
    assert "/nowhere/agent.toml: No such file" in capsys.readouterr().err


def test_a_journal_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", str(file), "--last", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("device tinh-kiosk, epoch ")
    assert lines[0].endswith(", 2 waiting")
    assert lines[1] == "open: tag E004010012345678 of 38000000000018 shall get AFI C2"
    assert lines[2] == "trouble: pad reader_lost"
    assert [line.split()[0] for line in lines[3:]] == ["2", "3"]


def test_a_journal_is_exported_as_lines_of_json(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, numbers in (
        ([], [1, 2, 3]),
        (["--waiting"], [2, 3]),
        (["--after", "2"], [3]),
        (["--kind", "loan"], [1]),
    ):
        assert main(["journal", "export", str(file), *words]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [json.loads(line)["seq"] for line in lines] == numbers


def test_looking_changes_nothing(file: Path) -> None:
    before = file.read_bytes()
    main(["journal", "show", str(file)])
    assert file.read_bytes() == before


def test_a_journal_that_is_not_there_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "show", str(tmp_path / "none.db")]) == 1
    assert "none.db: unable to open" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
    sqlite3.connect(tmp_path / "other.db").close()
    assert main(["journal", "export", str(tmp_path / "other.db")]) == 1
    assert "other.db: this is no journal" in capsys.readouterr().err


def test_no_control_character_gets_into_the_log() -> None:
    record = logging.LogRecord("x", 20, "", 0, "card %s", ("\x1b[2J\nfake",), None)
    assert _OneLine("%(message)s").format(record) == "card \\x1b[2J\\x0afake"
