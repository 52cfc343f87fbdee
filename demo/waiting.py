"""Who waits for what in the demo, and who owes something: a few readers whom the hall shows."""

from typing import Any

from demo.catalogue import BRANCHES, CARD_MIX, Copy, Library, Person


def holds(library: Library) -> list[dict[str, Any]]:
    """Return lines for ``shelfwire-gateway import-holds``: in each branch one to fetch, one waits."""
    rows: list[dict[str, Any]] = []
    for branch in BRANCHES:
        first, second, _ = _readers(library, branch.site)
        copy = _copy(library, branch.site)
        common = {"item": copy.item, "site": branch.site}
        rows += [
            {"hold": f"{branch.prefix}-H1", "reader": first.reader, "ready": True, **common},
            {"hold": f"{branch.prefix}-H2", "reader": second.reader, **common},
        ]
    return rows


def fees(library: Library) -> list[dict[str, Any]]:
    """Return lines for ``shelfwire-gateway import-fees``."""
    return [
        {"fee": f"{branch.prefix}-F{n}", "reader": person.reader, "amount": n * 15_000, "why": why}
        for branch in BRANCHES
        for n, (person, why) in enumerate(
            zip(_readers(library, branch.site)[1:], ("Làm lại thẻ", "Sách rách bìa"), strict=True),
            1,
        )
    ]


def _readers(library: Library, site: str) -> list[Person]:
    """Return the readers of a branch with each kind of card whom the hall shows first."""
    good = [
        one
        for one in library.people
        if one.branch == site and not one.blocked and one.expires > "2026-12"
    ]
    return [next(one for one in good if one.card == card) for card, _ in CARD_MIX]


def _copy(library: Library, site: str) -> Copy:
    """Return a copy that stands on the hall's shelf."""
    shown = [
        copy
        for copy in library.copies
        if copy.branch == site and copy.tag == "iso28560-2" and copy.kind in ("book", "children")
        and len(copy.title) < 26
    ]  # fmt: skip
    return shown[1]
