"""The tables of the compact code: kinds of facts and their fields, columns, words.

They are the wire format: KINDS and COLUMNS only grow at their ends, WORDS stays.
"""

from typing import Any, get_args

import msgspec

from edge.wire.events import Event, Stamp
from edge.wire.facts import Evidence, Fact

_SEEN = (
    "evidence.by", "evidence.uid", "evidence.format", "evidence.reads", "evidence.afi_before",
    "evidence.afi_after",
)  # fmt: skip
_SAW = ("reads", "rssi", "format", "owner", "since")
KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loan", ("item", "card", "due", "online", "session", *_SEEN, "by", "about")),
    ("return", ("item", "place", "bin", "owner", "session", *_SEEN)),
    ("renewal_wish", ("item", "card", "session")),
    ("secured", ("item", "uid", "afi", "about")),
    ("tag_still_armed", ("item", "uid", "about", "until")),
    ("repaired", ("item", "uid", "afi")),
    ("gate_alarm", ("gate", "item", "uid", "afi", "direction", "part", *_SAW)),
    ("gate_let_pass", ("gate", "item", "uid", "reason", "part", "afi", *_SAW)),
    ("gate_count", ("gate", "entered", "left", "since")),
    ("bin_changed", ("bin", "percent", "items", "emptied")),
    ("drop_refused", ("reason", "uid")),
    ("tag_trouble", ("reason", "item", "uid", "station")),
    ("trouble", ("part", "reason", "why")),
    ("well", ("part", "reason")),
    ("staff_called", ("station",)),
    ("booted", ("version", "stations", "clean")),
    ("ordered", ("order", "name", "outcome", "why")),
    ("taken_aside", ("bin", "reason", "item", "uid")),
    ("gate_hint", ("gate", "item", "uid", "direction", "reason", "part", "afi", *_SAW)),
    ("gate_muted", ("gate", "until", "by", "why")),
    ("gate_day", ("gate", "entered", "left", "since")),
    ("box_received", ("name",)),
    ("staff_acted", ("station", "name", "by")),
    ("receipt_wish", ("card", "session")),
    ("class_opened", ("station", "name", "by", "until", "reason")),
    ("class_closed", ("station", "name", "by", "reason")),
)
"""Facts by number, and their fields in the order they travel (``item`` before ``uid``)."""
NUMBERS = frozenset((
    "due", "reads", "afi", "afi_before", "afi_after", "until", "entered", "left", "since",
    "percent", "items", "rssi",
))  # fmt: skip
TIMES = frozenset(("due", "until", "since"))
FLAGS = frozenset(("online", "emptied", "clean"))
LISTS = frozenset(("stations",))
ENVELOPE = ("clock", "unc", "policy", "replica")
_NAMES = (
    "boot", "clock", "item", "uid", "card", "session", "about", "by", "format", "place", "bin",
    "owner", "gate", "direction", "reason", "station", "part", "why", "version", "stations",
    "order", "name", "outcome",
)  # fmt: skip
COLUMNS = (
    "kind", "shape", "envelope", "raw", "id", "ids", "wall", "mono", "unc", "policy", "replica",
    "due", "reads", "afi", "afi_before", "afi_after", "until", "entered", "left", "since",
    "percent", "items",
    *(name + form for name in _NAMES for form in ("", "'", '"', "+", "+'", '+"')),
    "rssi",
)  # fmt: skip
"""The columns of a batch in their order; new ones go to the end."""
OLDER = (len(COLUMNS), len(COLUMNS) - 1)
"""So many columns may a batch have: a device that was not updated yet knows fewer."""
WORDS = {
    "by": ("barcode", "hand"),
    "format": ("unknown", "blank", "3m-rfid501", "iso28560-3", "iso28560-2"),
    "place": ("desk", "drop"),
    "clock": ("unset", "holdover"),
    "direction": ("in", "out"),
    "prefix": ("", "TV"),
    "reason": ("storage", "disk_full", "no_tag", "several", "muted", "allowed", "paper_out",
               "unreadable", "lost"),
}  # fmt: skip
"""What is often said: known to both sides."""
Field = tuple[str, str, bool, Any]
"""Path, name, inside the evidence, default."""


def _fields(kind: type[Any], paths: tuple[str, ...]) -> tuple[Field, ...] | None:
    """Return how to read a fact's fields; None: the fact has fields that the table lacks."""
    made, tops = [], {path.split(".")[0] for path in paths}
    if tops != _names(kind) or {f"evidence.{name}" for name in _names(Evidence)} != {*_SEEN}:
        return None
    for path in paths:
        inside = path.startswith("evidence.")
        name = path.removeprefix("evidence.")
        owner = Evidence if inside else kind
        (field,) = [one for one in msgspec.structs.fields(owner) if one.name == name]
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        made.append((path, name, inside, default))
    return tuple(made)


def _names(kind: type[Any]) -> set[str]:
    return {one.name for one in msgspec.structs.fields(kind)}


WHOLE = _names(Event) == {"seq", "id", "at", "fact", "policy", "replica"} and _names(Stamp) == {
    "wall", "mono", "boot", "clock", "unc",
}  # fmt: skip
"""False: the envelope has grown, and nothing is packed until the tables know how."""
_TYPES = {kind.__struct_config__.tag: kind for kind in get_args(Fact)}
CODE = {_TYPES[tag]: n for n, (tag, _) in enumerate(KINDS, 1)}
TABLE = [None, *((_TYPES[tag], _fields(_TYPES[tag], paths)) for tag, paths in KINDS)]
