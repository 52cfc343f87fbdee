"""The demo's library as data: titles, copies with tags, readers with cards. Same seed, same library.

Titles are works in the public domain (``data/classics.txt``) and titles put together from word
lists (``data/words.json``); readers are made up.
"""

import itertools
import json
import random
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
OWNER = "VN-LAMG1"
"""The library's own code in its tags; ``FOREIGN_OWNER`` is some other library's."""
FOREIGN_OWNER = "VN-BIEN2"
TITLES, COPIES, PEOPLE = 2100, 3000, 500

TAG_MIX = (
    ("iso28560-2", 46), ("iso28560-3", 26), ("iso28560-3-short", 16), ("3m-rfid501", 5),
    ("blank", 3), ("broken", 2), ("foreign", 2),
)  # fmt: skip
CARD_MIX = (("barcode", 45), ("ntag", 33), ("mifare", 22))
GROUP_MIX = (("adult", 55), ("student", 25), ("child", 20))


PIN, WITH_PIN = "2468", frozenset(f"R{n:04d}" for n in range(1, 7))
"""The first readers have a PIN; the demo's policy asks for none until `pin_for` says so."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the tree; ``site`` is its name on the wire, ``prefix`` leads its item numbers."""

    site: str
    name: str
    parent: str
    prefix: str

    def record(self) -> dict[str, str]:
        """Return the line that ``shelfwire-gateway import-branches`` takes."""
        row = {"branch": self.site, "name": self.name}
        return row | ({"parent": self.parent} if self.parent else {})


BRANCHES = (
    Branch("tinh", "Thư viện tỉnh Lam Giang", "", "TT"),
    Branch("xa", "Thư viện xã Hồ Sen", "tinh", "HS"),
)


@dataclass(frozen=True, slots=True)
class Title:
    """A work: what a catalogue says of it."""

    title: str
    author: str
    kind: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One book on a shelf. ``tag`` is a word of TAG_MIX, ``known`` whether we own it."""

    item: str
    title: str
    author: str
    kind: str
    branch: str
    uid: bytes
    tag: str

    @property
    def known(self) -> bool:
        """Return whether the copy stands in our catalogue."""
        return self.tag != "foreign"

    def record(self) -> dict[str, Any]:
        """Return the line that ``shelfwire-gateway import-items`` takes."""
        row: dict[str, Any] = {
            "item": self.item, "title": self.title, "author": self.author, "kind": self.kind,
            "branch": self.branch, "flags": ["reference"] if self.kind == "reference" else [],
        }  # fmt: skip
        registered = self.tag not in ("blank", "broken")  # nobody ever read these tags
        return row | ({"uid": self.uid.hex().upper()} if registered else {})


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up reader with one card.

    ``card`` is ``barcode`` (number printed), ``ntag`` (number in the chip) or ``mifare`` (known by
    its UID alone).
    """

    reader: str
    name: str
    group: str
    branch: str
    expires: str
    blocked: bool
    card: str
    number: str
    uid: bytes

    def record(self) -> dict[str, Any]:
        """Return the line that ``shelfwire-gateway import-readers`` takes."""
        card = "UID:" + self.uid.hex().upper() if self.card == "mifare" else self.number
        pin = {"pin": PIN} if self.reader in WITH_PIN else {}
        return pin | {
            "reader": self.reader, "name": self.name, "group": self.group,
            "expires": self.expires, "branch": self.branch, "blocked": self.blocked,
            "cards": [card],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Library:
    """All of it."""

    copies: tuple[Copy, ...]
    people: tuple[Person, ...]


def library(seed: int = 1, copies: int = COPIES, people: int = PEOPLE) -> Library:
    """Return the library of a seed."""
    return Library(tuple(_copies(seed, copies)), tuple(_people(seed, people)))


def titles(seed: int = 1, count: int = TITLES) -> list[Title]:
    """Return distinct titles: every classic, then generated ones up to ``count``."""
    chance = random.Random(f"titles {seed}")
    words = json.loads((DATA / "words.json").read_text("utf-8"))
    made = [
        Title(_nfc(series["title"].format(*choice)), series.get("author", ""), series["kind"])
        for series in words["series"]
        for choice in itertools.product(*series["lists"])
    ]
    chance.shuffle(made)
    found = {title.title: title for title in _classics()}
    for title in made:
        if len(found) == count:
            break
        author = title.author or " ".join(_name(chance, words, chance.random() < 0.45))
        found.setdefault(title.title, Title(title.title, author, title.kind))
    return list(found.values())


def _classics() -> list[Title]:
    lines = (DATA / "classics.txt").read_text("utf-8").splitlines()
    rows = [_nfc(line).split(" | ") for line in lines if line and not line.startswith("#")]
    return [Title(*row) for row in rows]


def _copies(seed: int, count: int) -> list[Copy]:
    chance = random.Random(f"copies {seed}")
    works = titles(seed)
    chosen = (works + chance.choices(works[:400], k=max(0, count - len(works))))[:count]
    chance.shuffle(chosen)
    made = []
    for number, work in enumerate(chosen, start=1):
        branch = BRANCHES[0] if chance.random() < 0.65 else BRANCHES[1]
        tag = _pick(chance, TAG_MIX)
        prefix = "BN" if tag == "foreign" else branch.prefix
        uid = bytes.fromhex("E0040150") + (0x10000000 + number * 9973).to_bytes(4, "big")
        made.append(
            Copy(f"{prefix}{number:08d}", work.title, work.author, work.kind, branch.site, uid, tag)
        )
    return made


def _people(seed: int, count: int) -> list[Person]:
    chance = random.Random(f"people {seed}")
    words = json.loads((DATA / "words.json").read_text("utf-8"))
    made = []
    for number in range(1, count + 1):
        card = _pick(chance, CARD_MIX)
        uid = _card_uid(card, number)
        made.append(
            Person(
                reader=f"R{number:04d}",
                name=" ".join(_name(chance, words, chance.random() < 0.52)),
                group=_pick(chance, GROUP_MIX),
                branch="tinh" if chance.random() < 0.6 else "xa",
                expires="2026-03-31" if number % 61 == 0 else f"2028-{1 + number % 12:02d}-28",
                blocked=number % 83 == 0,
                card=card,
                number=f"BD{number:08d}",
                uid=uid,
            )
        )
    for site, one in zip(("tinh", "xa"), (-2, -1), strict=True):
        uid = _card_uid("ntag", count + 1 + one)
        made[one] = replace(
            made[one], group="staff", branch=site, expires="2028-12-28", blocked=False,
            card="ntag", uid=uid,
        )  # fmt: skip
    return made


def _card_uid(card: str, number: int) -> bytes:
    if card == "ntag":
        return b"\x04" + (0xA0000000 + number * 7919).to_bytes(4, "big") + b"\x62\x80"
    if card == "mifare":
        return (0x2B000000 + number * 4093).to_bytes(4, "big")
    return b""


def _name(chance: random.Random, words: dict[str, Any], woman: bool) -> tuple[str, str, str]:
    sex = "f" if woman else "m"
    middle, given = chance.choice(words[f"middle_{sex}"]), chance.choice(words[f"given_{sex}"])
    return _nfc(chance.choice(words["family"])), _nfc(middle), _nfc(given)


def _pick(chance: random.Random, mix: tuple[tuple[str, int], ...]) -> str:
    return chance.choices([word for word, _ in mix], [weight for _, weight in mix])[0]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
