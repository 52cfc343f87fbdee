"""Loans and returns as a file that Koha's page *upload offline circulation file* takes (.koc 1.0).

```
Version=1.0 | Generator=shelfwire | GeneratorVersion=…                     one head, split by tabs
YYYY-MM-DD HH:MM:SS ms | issue | card | item       or       … | return | item
```
Read in Koha's ``offline_circ/process_koc.pl``: it keeps the day, takes lines in their order, makes a
renewal of an issue to who has the item already, and looks for no line that it had before. So a fact
is written once, and what closes a loan stands before the next one.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.errors import RefusedError
from gateway.home import write_secret
from gateway.ledger.sqlite import SqliteLedger

_LINES = """
WITH lines AS (SELECT l.since AS at, 'issue' AS what, l.item, l.reader, f.card, f.site FROM loans l
JOIN facts f ON f.id = l.id WHERE f.arrival > ?1 AND f.arrival <= ?2 AND ?3 IN ('', f.site)
UNION ALL
SELECT l.ended, 'return', l.item, l.reader, '', e.site FROM loans l JOIN facts f ON f.id = l.id
JOIN facts e ON e.id = l.ended_by WHERE max(e.arrival, f.arrival) > ?1
AND max(e.arrival, f.arrival) <= ?2 AND ?3 IN ('', e.site)
UNION ALL
SELECT f.at, 'issue', f.item, f.reader, f.card, f.site FROM facts f WHERE f.kind = 'renewal_wish'
AND f.chained LIKE '%"RENEWED"%' AND NOT f.voided AND f.arrival > ?1 AND f.arrival <= ?2
AND ?3 IN ('', f.site))
SELECT *, EXISTS (SELECT 1 FROM facts o WHERE o.item = lines.item AND o.at >= lines.at
AND o.kind IN ('loan', 'return', 'renewal_wish') AND NOT o.voided AND o.arrival <= ?1) AS past
FROM lines ORDER BY at, what DESC
"""
"""``past``: an earlier file says something of the item that is no older. Koha would take such a line for news."""
_UNKNOWN = """
SELECT count(*) FROM facts WHERE kind = 'loan' AND reader IS NULL AND NOT voided
AND arrival > ?1 AND arrival <= ?2 AND ?3 IN ('', site)
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; ``next`` is the number to begin after next time.

    Not in it: ``unknown`` loans whose card nobody knows yet, ``past`` lines that came too late.
    """

    lines: int
    next: int
    unknown: int
    past: int


def export(ledger: SqliteLedger, path: Path, after: int = 0, site: str = "") -> Written:
    """Write what came in after a number (of one site, or of all) into a new file.

    Raises RefusedError when the file is there already or cannot be written. It holds card numbers.
    """
    with ledger.store.reading():
        upto = ledger.store.value("SELECT coalesce(max(arrival), 0) FROM facts")
        rows = ledger.store.all(_LINES, after, upto, site)
        lines = [_line(ledger, row) for row in rows if not row["past"]]
        unknown = ledger.store.value(_UNKNOWN, after, upto, site)
    head = f"Version=1.0\tGenerator=shelfwire\tGeneratorVersion={version('shelfwire')}"
    if path.exists():
        raise RefusedError(f"{path} is there already; Koha renews what it is told twice")
    try:
        write_secret(path, "".join(f"{line}\n" for line in (head, *lines)))
    except OSError as error:
        raise RefusedError(f"{path}: {error.strerror}") from None
    return Written(len(lines), upto, unknown, len(rows) - len(lines))


def _line(ledger: SqliteLedger, row: sqlite3.Row) -> str:
    at = datetime.fromtimestamp(row["at"] / 1000, ZoneInfo(ledger.catalogue.policy()[1].zone))
    words = [f"{at:%Y-%m-%d %H:%M:%S} {row['at'] % 1000}", row["what"]]
    if row["what"] == "issue":
        words.append(ledger.catalogue.card_number(row["site"], row["card"], row["reader"]))
    words.append(row["item"])
    return "\t".join("".join(c for c in word if c.isprintable()) for word in words)
