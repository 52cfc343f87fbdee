"""The demo's class: children of the commune who borrow by touching a picture, and their teacher."""

from demo.catalogue import PIN, WITH_PIN, Library, Person

SITE, NAME, TITLE, MINUTES = "xa", "3A", "Lớp 3A", 45
CONSENT = "2026-09-05"
PUPILS, UNNAMED = 24, 3
"""So many children; the last ones' families did not want the name on the screen."""


def teacher(library: Library) -> Person:
    """Return who opens the class: a grown-up reader of the commune who has a PIN."""
    return next(
        one
        for one in library.people
        if one.branch == SITE and one.reader in WITH_PIN and one.group == "adult"
    )


def class_list(library: Library) -> str:
    """Return the list as a spreadsheet writes it."""
    good = [
        one
        for one in library.people
        if one.branch == SITE and one.group == "child" and not one.blocked
    ]
    rows = [
        f"{one.reader};{CONSENT if n < PUPILS - UNNAMED else ''}"
        for n, one in enumerate(good[:PUPILS])
    ]
    return "\n".join(["reader;consent", *rows, ""])


def line(library: Library) -> str:
    """Return how to open the class, in one line."""
    who = teacher(library)
    return f"class {NAME}: kiosk of the commune, 'Lớp học', card of {who.name}, PIN {PIN}"
