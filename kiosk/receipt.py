"""The receipt: what was done in a visit, for paper and for the screen. It names no reader."""

from dataclasses import dataclass, replace

from drivers.ports import Line
from edge.wire.proofs import Entry as Proved
from edge.wire.proofs import Signer, Slip
from kiosk.shelf import Deed, Done
from kiosk.texts import day, minute, say

WIDTH = 32
"""Characters of a line in normal size on 58 mm paper; longer titles are folded."""
MOST_PROVED = 60
"""Lines that a code proves; more would make it too fine for a scanner."""
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
    """A whole receipt in one language. ``code``: what proves it, ``proof`` says what that is."""

    library: str
    title: str
    when: str
    sections: list[Section]
    foot: list[str]
    code: str = ""
    proof: str = ""


def write(
    done: list[Done],
    lang: str,
    library: str,
    number: str,
    now: int,
    zone: str,
    signer: Signer | None = None,
) -> Receipt:
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
        code=_code(done, number, now, signer) if signer and done else "",
        proof=say(lang, "rec.proof") if signer and done else "",
    )


def _code(done: list[Done], number: str, now: int, signer: Signer) -> str:
    entries = [Proved(one.deed.value, one.item, one.due, one.sure) for one in done[:MOST_PROVED]]
    return signer.sign(Slip(now, number, entries))


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
    out += [Line(part, centred=True) for text in receipt.foot for part in fold(text)]
    if receipt.code:
        out += [Line(part, centred=True) for part in fold(receipt.proof)]
        out[-1] = replace(out[-1], qr=receipt.code)
    return out


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
