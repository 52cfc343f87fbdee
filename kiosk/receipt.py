"""The receipt: what was done in a visit, for paper and for the screen. It names no reader."""

from dataclasses import dataclass

from drivers.ports import Line
from kiosk.shelf import Deed, Done
from kiosk.texts import day, minute, say

WIDTH = 32
"""Characters of a line in normal size on 58 mm paper; longer titles are folded."""
HEADS = {Deed.LENT: "rec.lent", Deed.RETURNED: "rec.returned", Deed.RENEWED: "rec.renewed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A title and what belongs to it (the due date, or nothing)."""

    title: str
    due: str


@dataclass(frozen=True, slots=True)
class Section:
    """What was lent, returned or renewed."""

    head: str
    rows: list[Entry]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A whole receipt in one language."""

    library: str
    title: str
    when: str
    sections: list[Section]
    foot: list[str]


def write(done: list[Done], lang: str, library: str, number: str, now: int, zone: str) -> Receipt:
    """Return the receipt. Lines that the centre has not agreed to yet add a sentence (R11)."""
    sections = []
    for deed, head in HEADS.items():
        rows = [Entry(d.title, _due(d, lang, zone)) for d in done if d.deed is deed]
        if rows:
            sections.append(Section(say(lang, head), rows))
    sure = all(one.sure for one in done)
    number_line = say(lang, "rec.number" if sure else "rec.offline_no", txn=number)
    return Receipt(
        library=library,
        title=say(lang, "rec.title"),
        when=f"{day(now, zone)} {minute(now, zone)}",
        sections=sections,
        foot=[number_line, say(lang, "rec.keep")],
    )


def _due(done: Done, lang: str, zone: str) -> str:
    if not done.due:
        return ""
    return say(lang, "acc.due" if done.sure else "off.due_estimate", due=day(done.due, zone))


def lines(receipt: Receipt) -> list[Line]:
    """Return the receipt as lines for the printer."""
    out = [
        Line(receipt.library, bold=True, centred=True),
        Line(receipt.title, size=2, bold=True, centred=True),
        Line(receipt.when, centred=True),
        Line(),
    ]
    for section in receipt.sections:
        out.append(Line(f"{section.head} ({len(section.rows)})", bold=True))
        for number, entry in enumerate(section.rows, 1):
            out += [Line(text) for text in fold(f"{number}. {entry.title}")]
            if entry.due:
                out.append(Line(f"   {entry.due}", bold=True))
        out.append(Line())
    return out + [Line(part, centred=True) for text in receipt.foot for part in fold(text)]


def fold(text: str, width: int = WIDTH) -> list[str]:
    """Break a text at spaces; only a word longer than a line is cut."""
    out = [""]
    for word in text.split():
        while len(word) > width:
            out.append(word[:width])
            word = word[width:]
        if len(out[-1]) + len(word) + 1 > width and out[-1]:
            out.append(word)
        else:
            out[-1] = f"{out[-1]} {word}".strip()
    return [line for line in out if line]
