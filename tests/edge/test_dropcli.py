import contextlib
import json

import pytest

from edge.circulation.model import ItemView
from edge.cli import main
from edge.replica import Replica
from edge.wire.messages import Part

STATION = """
[stations.drop]
reader = "pad"
board = "lines"
sort = ["exception -> 9", "hold -> 2", "other branch -> 3", "default -> 1"]
[stations.drop.bins.1]
[stations.drop.bins.2]
[stations.drop.bins.3]
[stations.drop.bins.9]
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "key").write_text("ab" * 32)
    items = [
        ItemView(item="B1", title="Số đỏ", branch="tinh"),
        ItemView(item="B2", title="Tắt đèn", branch="xa"),
    ]
    with contextlib.closing(Replica.open(tmp_path / "replica.db", lambda: 1)) as replica:
        replica.apply(Part(version=1, items=items))

    def write(station=STATION):
        file = tmp_path / "agent.toml"
        file.write_text(
            f'[agent]\nsite = "tinh"\ndevice = "drop-1"\ndata = "{tmp_path}"\n'
            f'site_key = "{tmp_path / "key"}"\n'
            '[devices.pad]\ndriver = "feig"\nurl = "tcp://127.0.0.1:1"\n'
            '[devices.lines]\ndriver = "board-memory"\n' + station
        )
        return str(file)

    return write


def test_the_choice_is_told_rule_by_rule(config, capsys):
    assert main(["drop", "which", "B2", "--config", config(), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "does not  hold -> 2   (nobody waits for it)" in said
    assert "fits      other branch -> 3   (its branch is xa, this one is tinh)" in said
    assert said.rstrip().endswith("B2 (Tắt đèn) goes into bin 3")


def test_the_choice_is_told_in_vietnamese_whole(config, capsys):
    assert main(["drop", "which", "B2", "--config", config(), "--lang", "vi"]) == 0
    said = capsys.readouterr().out
    assert "không ai chờ" in said
    assert "sách của xa, nơi này là tinh" in said


def test_a_program_reads_the_same(config, capsys):
    assert main(["drop", "which", "B1", "--config", config(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["bin"], found["known"], found["rules"][-1]["rule"]) == ("1", True, "default -> 1")


def test_an_item_that_nobody_knows_is_an_exception(config, capsys):
    assert main(["drop", "which", "X", "--config", config(), "--lang", "vi"]) == 0
    said = capsys.readouterr().out
    assert "không biết tài liệu X" in said
    assert said.rstrip().endswith("X vào ngăn 9")


def test_the_tag_of_another_library_is_an_exception_too(config, capsys):
    file = config(STATION.replace("exception -> 9", "owner = VN-X -> 9"))
    assert main(["drop", "which", "B1", "--owner", "VN-X", "--config", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bin"] == "9"


def test_without_rules_everything_goes_into_the_only_bin(config, capsys):
    station = '[stations.drop]\nreader = "pad"\nboard = "lines"\nbin = "A"\n'
    assert main(["drop", "which", "B1", "--config", config(station), "--lang", "en"]) == 0
    assert "There are no rules" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("station", "words", "said"),
    [
        ("", [], "there is no book drop here"),
        (STATION + STATION.replace("drop", "hatch").replace(
            "[stations.hatch]", '[stations.hatch]\nstation = "drop"'), [], "choose one"),
        (STATION, ["--station", "other"], "there is no book drop here"),
    ],
)  # fmt: skip
def test_a_question_that_names_no_single_drop_is_said_to_be_so(
    config, capsys, station, words, said
):
    found = main(["drop", "which", "B1", "--config", config(station), "--lang", "en", *words])
    assert found == 2
    assert said in capsys.readouterr().out
