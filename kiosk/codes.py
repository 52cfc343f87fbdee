"""What a scanned barcode may be: the number of a card, of a book, or the code of an identity paper."""

import re

from drivers.ports import Card, Scan
from edge.wire.facts import PAPER, uid_card


def candidates(scan: Scan) -> list[str]:
    """Return the numbers a scan may mean, the likeliest first; empty when it is no number at all.

    Codabar is given with and without its start and stop letters, because scanners differ. Of an
    identity paper the driver left the number alone: it stands in a namespace of its own, which no
    other code leads to. What looks like a paper and was not reduced is nothing.
    """
    text = scan.text.strip()
    if not text or not text.isprintable() or len(text) > 64:
        return []
    if scan.paper:
        return [PAPER + text]
    if "|" in text or text.lower().startswith(PAPER):
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
