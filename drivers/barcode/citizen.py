"""The QR code of a Vietnamese identity paper: only its number leaves this file.

::

    CCCD (from 2021)      number | old number or empty | name | birth | sex | address | issued
    Can cuoc (from 2024)  the same seven, and more behind; what they hold is not published for certain

A person's data are looked at in memory only. They are not kept, not shown in a ``repr`` or an error,
and never logged; of a code that did not arrive whole nothing is told at all.
"""

import re
from typing import Literal

Policy = Literal["number", "old_number", "refuse"]
"""number: tell the twelve digits; old_number: the nine of the paper before; refuse: tell nothing."""

SEPARATOR = "|"
FIELDS = 7
_OLD = re.compile(r"\d{9}", re.ASCII)
_NUMBER = re.compile(r"0\d{2}\d\d{2}\d{6}", re.ASCII)
_PROVINCES = range(1, 97)


def is_paper(text: str) -> bool:
    """Say whether a text may be a person's data: the code of a paper, or a piece of one."""
    return SEPARATOR in text


def number(text: str) -> str | None:
    """Return the twelve digits of a whole code, None for anything else.

    The number stands first. In a layout that we do not know it is taken from elsewhere only when it
    is the only one: a child's paper may hold the numbers of the parents.
    """
    fields = [field.strip() for field in text.split(SEPARATOR)]
    if len(fields) < FIELDS:
        return None
    if _is_number(fields[0]):
        return fields[0]
    found = {field for field in fields if _is_number(field)}
    return found.pop() if len(found) == 1 else None


def reduce(text: str, policy: Policy = "number") -> str | None:
    """Return what may be told of a scan: the text itself, the number alone, or nothing."""
    if not is_paper(text):
        return text
    if policy == "old_number":
        return old_number(text)
    return number(text) if policy == "number" else None


def old_number(text: str) -> str | None:
    """Return the nine digits of the paper before, which stand second; None when there are none."""
    fields = [field.strip() for field in text.split(SEPARATOR)]
    known = len(fields) >= FIELDS and _is_number(fields[0]) and _OLD.fullmatch(fields[1])
    return fields[1] if known else None


def _is_number(text: str) -> bool:
    """Province (001 to 096), century and sex, year, serial: the shape of a citizen's number."""
    return bool(_NUMBER.fullmatch(text)) and int(text[:3]) in _PROVINCES
