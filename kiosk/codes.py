"""What a scanned barcode may be: the number of a card, of a book, or the code of an identity paper."""

import re

from drivers.ports import Card, Scan
from edge.wire.facts import uid_card

_CITIZEN = re.compile(r"\d{12}\Z")


def candidates(scan: Scan) -> list[str]:
    """Return the numbers a scan may mean, the likeliest first; empty when it is no number at all.

    Codabar is given with and without its start and stop letters, because scanners differ. Of the
    QR code of a citizen's identity card only the twelve-digit number is kept; the rest is dropped
    here and goes nowhere.
    """
    text = scan.text.strip()
    if not text or not text.isprintable() or len(text) > 512:
        return []
    if "|" in text:
        fields = text.split("|")
        return [fields[0]] if len(fields) >= 7 and _CITIZEN.match(fields[0]) else []
    if len(text) > 64:
        return []
    found = [text]
    if re.fullmatch(r"[A-Da-d][0-9\-$:/.+]+[A-Da-d]", text):
        found.append(text[1:-1])
    return found


def card_texts(card: Card) -> list[str]:
    """Return the texts under which a contactless card may be registered; a random UID is none."""
    texts = [card.number.strip()] if card.number and card.number.strip() else []
    if not card.uid_is_random:
        texts.append(uid_card(card.uid))
    return texts
