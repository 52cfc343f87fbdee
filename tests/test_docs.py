import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import demo.cli
import edge.cli
import gateway.cli
from edge.wire.tables import options

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_reference_pages_say_what_the_code_does() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert "make demo" in text
    assert "make test" in text


def test_every_word_of_the_makefile_that_a_page_names_exists() -> None:
    words = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= words, page.name


def test_every_test_that_the_page_of_rules_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/rules.md").read_text(encoding="utf-8")))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert named <= there, named - there


def commands(page: Path) -> list[str]:
    """Every command of ours in the examples of a page, one a line, without comments and pipes."""
    text = re.sub(r"\\\\\n\s*", " ", page.read_text(encoding="utf-8"))
    found = []
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            said = re.split(r"\s+#|\s[|>&]|\s{3,}", line.strip())[0]
            said = re.sub(r"^sudo -u \S+ ", "", said)
            if re.match(r"shelfwire(-gateway|-demo)? [a-z]", said) and "…" not in said:
                found.append(said)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_understood(page: Path) -> None:
    programs = {
        "shelfwire": edge.cli.parser(),
        "shelfwire-gateway": gateway.cli.parser(),
        "shelfwire-demo": demo.cli.parser(),
    }
    for said in commands(page):
        program, *words = shlex.split(said)
        told = io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.suppress(SystemExit):
            programs[program].parse_args(words)
        assert told.getvalue() == "", said


def test_the_pages_have_commands_to_read() -> None:
    assert len([said for page in PAGES for said in commands(page)]) > 20


@pytest.mark.parametrize("group", ["shelfwire.drivers", "shelfwire.stations"])
def test_every_option_of_every_driver_and_station_has_words(group: str) -> None:
    for entry in entry_points(group=group):
        made = entry.load()
        assert made.help, entry.name
        for option in options(made.options):
            assert len(option.help) > 5, f"{entry.name} {option.name}"


@pytest.mark.parametrize(
    "folder", ["edge/texts", "kiosk/texts", "gateway/texts", "demo/world/texts"]
)
def test_both_languages_say_the_same_things(folder: str) -> None:
    vi, en = (json.loads((ROOT / folder / f"{lang}.json").read_text()) for lang in ("vi", "en"))
    assert vi.keys() == en.keys()
    holes = re.compile(r"\{(\w+)[^}]*\}")
    for key in vi:
        assert set(holes.findall(str(vi[key]))) == set(holes.findall(str(en[key]))), key
