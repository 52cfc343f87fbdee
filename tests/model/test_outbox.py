"""The protocol model of docs/model, searched whole by spin; and that its mutants are caught."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).parents[2] / "docs" / "model" / "outbox.pml"
MUTANTS = {
    "NO_DEDUP": "a repeat is applied again",
    "NO_IDS": "a fact that comes under a new number is applied again",
    "DELETE_ON_PUBACK": "the broker's word is taken for the ledger's",
    "ACK_BEFORE_COMMIT": "the cursor is told before the commit",
    "GAPS_TAKEN": "a batch is applied although one before it is missing",
    "NO_NEW_EPOCH": "an old image goes on under its old epoch",
    "SENT_FORGOTTEN": "an old image is only seen when the ledger has more than was ever made",
    "CURSOR_WITHOUT_ID": "the cursor does not say which fact it stands on",
    "PREV_UNCHECKED": "a batch does not say which fact it follows",
}

pytestmark = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("cc")), reason="spin or a C compiler is missing"
)


@pytest.fixture
def search(tmp_path):
    """Search every state; return what spin's verifier says."""

    def searching(*defines: str, heals: bool = False) -> str:
        options = [f"-D{name}" for name in defines]
        run(tmp_path, "spin", *options, "-a", str(MODEL))
        kind = ["-DNFAIR=4"] if heals else ["-DSAFETY", "-DNOCLAIM"]
        run(tmp_path, "cc", "-w", "-O1", "-DVECTORSZ=2048", *kind, "-o", "pan", "pan.c")
        return run(tmp_path, "./pan", "-m1000000", *(["-a", "-f"] if heals else []))

    return searching


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def errors(said: str) -> int:
    assert "max search depth too small" not in said
    return int(re.search(r"errors: (\d+)", said)[1])


def states(said: str) -> int:
    return int(re.search(r"(\d+) states, stored", said)[1])


def test_in_no_state_is_a_fact_let_go_that_the_ledger_lacks_or_there_twice(search):
    said = search("FAULTS=3")
    assert errors(said) == 0, said
    assert states(said) > 300_000


def test_once_faults_stop_every_fact_is_acknowledged(search):
    said = search(heals=True)
    assert errors(said) == 0, said
    assert states(said) > 100_000


def test_without_sending_again_it_would_not_heal(search):
    assert errors(search("NO_RESEND", heals=True)) == 1


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_protocol_that_leaves_a_rule_out_is_caught(search, mutant):
    said = search(mutant)
    assert errors(said) == 1, MUTANTS[mutant]
    assert "assertion violated" in said


def test_every_rule_that_can_be_left_out_has_its_test():
    named = set(re.findall(r"#ifn?def (\w+)", MODEL.read_text("utf-8")))
    assert named - {"FACTS", "FAULTS", "NO_RESEND"} == set(MUTANTS)
