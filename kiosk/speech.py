"""Spoken sentences: recordings of the very texts on the screen, one small file each, made at build time.

``python -m kiosk.speech`` (``make voice``) makes the shipped files with espeak-ng and opusenc. A
library's own recordings lie in a folder of the same form (``vi/bor.place.ogg``) and go first.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kiosk.texts import LANGUAGES, catalogue, say

FOLDER = Path(__file__).parent / "voice"
SAID = "said.json"
"""What was said into each shipped file; a test compares it with the texts of today."""
NAME = re.compile(r"[a-z]+\.[a-z_]+(\.\d{1,2})?\Z")
SPOKEN = ("acc", "books", "bor", "bye", "class", "count", "id", "idle", "kids", "look", "menu", "no", "off", "page", "pin", "proof", "rec",
          "res", "ret", "row", "ses", "tag", "unable", "work")  # fmt: skip
"""The groups of texts that are spoken, as far as a text has no placeholder but ``n``."""
LEFT_OUT = frozenset(
    {
        "rec.title",
        "rec.lent",
        "rec.returned",
        "rec.renewed",
        "page.name",
        "page.online",
        "page.offline",
    }
)
PICTURES = re.compile(r"class\.(animal|colour)_")
"""Words of pictures are shown together, and a picture is known by sight."""
COUNTED = (
    "bor.place",
    "bor.count_check",
    "bor.count_yes",
    "bor.seen",
    "bor.summary",
    "ret.summary",
    "books.borrow_n",
    "books.return_n",
    "acc.fetch",
    "acc.hold_ahead",
    "acc.loans",
    "acc.overdue",
    "bor.limit",
    "bor.not_done",
    "off.limit",
    "proof.genuine",
    "res.not_returned",
    "res.renew_here",
)
"""Texts with a number that are spoken for every number up to :data:`MOST`."""
MOST = 8
NUMBERS = 16
"""Numbers from 0 on that have a clip of their own (``pin.digit.4``): the keys, and in these texts."""
NUMBERED = frozenset({"pin.locked", "pin.typed", "pin.wait", "res.own", "res.renewed"})
DAYS, MONTHS = 31, 12
FOR_STAFF = frozenset({"staff.ask", "staff.not_staff", "staff.title"})
GAP = re.compile(r"\{(?:due|until|date|title)\}")
"""A date is said from clips of its own (``date.day.6``, ``date.month.12``); a title is left out."""
NUMBER_GAP = re.compile(r"\{n\}")


def clips() -> Iterator[tuple[str, str, int]]:
    """Yield the name of every file, its text's key and its number (0: none)."""
    for key, text in sorted(catalogue("vi").items()):
        silent = key.split(".")[0] not in SPOKEN or key in LEFT_OUT or PICTURES.match(key)
        if silent and key not in FOR_STAFF:
            continue
        if key in COUNTED:
            yield from ((f"{key}.{n}", key, n) for n in range(1, MOST + 1))
        elif key == "pin.digit":
            yield from ((f"{key}.{n}", key, n) for n in range(NUMBERS + 1))
        elif (
            isinstance(text, str)
            and len(parts := _gap(key).split(text)) == 2
            and "{" not in "".join(parts)
        ):
            yield key, key, 0
            if _words(parts[1]):
                yield f"{key}.1", key, 1
        elif "{" not in str(text):
            yield key, key, 0
    yield from ((f"date.day.{n}", "date.day", n) for n in range(1, DAYS + 1))
    yield from ((f"date.month.{n}", "date.months", n) for n in range(1, MONTHS + 1))


def sentences(lang: str) -> dict[str, str]:
    """Return what is said in each file of a language."""
    return {name: _sentence(lang, key, n) for name, key, n in clips()}


def _sentence(lang: str, key: str, n: int) -> str:
    if key == "date.months":
        return say(lang, key).split(",")[n - 1]
    if key in NUMBERED:
        text = catalogue(lang)[key]
        return _words(NUMBER_GAP.split(text if isinstance(text, str) else text["other"])[n])
    parts = GAP.split(said := say(lang, key, n=n))
    return _words(parts[1 if n else 0]) if len(parts) > 1 else said


def _gap(key: str) -> re.Pattern[str]:
    """Return what a text that is said in pieces has between them."""
    return NUMBER_GAP if key in NUMBERED else GAP


def _words(text: str) -> str:
    """Return what is left to say beside a gap, without the marks around it."""
    return text.strip(" .,:–“”").removesuffix(" ngày")


class Voices:
    """The recordings at hand: a library's own first, then those that are shipped."""

    def __init__(self, own: Path | None = None) -> None:
        self._folders = [folder for folder in (own, FOLDER) if folder is not None]

    def find(self, lang: str, name: str) -> Path | None:
        """Return the file of a recording, None when there is none."""
        if not NAME.match(name) or not re.fullmatch(r"[a-z]{2,8}", lang):
            return None
        files = (folder / lang / f"{name}.ogg" for folder in self._folders)
        return next((file for file in files if file.is_file()), None)

    def names(self, languages: Iterable[str]) -> dict[str, list[str]]:
        """Return the recordings of each language by name."""
        found: dict[str, list[str]] = {}
        for lang in languages:
            files = {f.stem for folder in self._folders for f in (folder / lang).glob("*.ogg")}
            found[lang] = sorted(name for name in files if NAME.match(name))
        return found


def make(folder: Path, lang: str, known: dict[str, str]) -> dict[str, str]:
    """Record what is not said yet; return what the files of the language say now."""
    wanted, place = sentences(lang), folder / lang
    place.mkdir(parents=True, exist_ok=True)
    for file in place.glob("*.ogg"):
        if file.stem not in wanted:
            file.unlink()
    for name, text in wanted.items():
        file = place / f"{name}.ogg"
        if known.get(name) != text or not file.exists():
            _record(lang, text, file)
    return wanted


def _record(lang: str, text: str, file: Path) -> None:
    """Say a sentence into a file (Ogg Opus, mono)."""
    say_it = ["espeak-ng", "-v", lang, "-s", "145", "-g", "2", "--stdout", text]
    wave = subprocess.run(say_it, check=True, capture_output=True).stdout  # noqa: S603
    encode = ["opusenc", "--quiet", "--bitrate", "8", "--downmix-mono", "--serial", "1"]
    encode += ["--padding", "0", "--discard-comments", "-", str(file)]
    subprocess.run(encode, input=wave, check=True)  # noqa: S603


def main(argv: list[str] | None = None) -> int:
    """Make the recordings; needs the Debian packages espeak-ng and opus-tools."""
    told = argparse.ArgumentParser(prog="python -m kiosk.speech", description=main.__doc__)
    told.add_argument("--out", type=Path, default=FOLDER, metavar="FOLDER", help="%(default)s")
    out: Path = told.parse_args(argv).out
    said = out / SAID
    known = json.loads(said.read_text("utf-8")) if said.exists() else {}
    made = {lang: make(out, lang, known.get(lang, {})) for lang in LANGUAGES}
    said.write_text(json.dumps(made, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
