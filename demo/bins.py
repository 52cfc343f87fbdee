"""The bins of the demo's book drops: the provincial one sorts into three, the commune's has one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Basket:
    """A bin. ``place`` is where the world keeps what lies in it; ``full`` books fill it."""

    name: str
    place: str
    full: int
    diverter: str = ""
    line: str = ""
    """The sensor that says it is full."""


BASKETS = {
    "tinh": (
        Basket("1", "bin", 12, line="bin_full"),
        Basket("2", "bin-2", 4, "divert_2", "full_2"),
        Basket("3", "bin-3", 4, "divert_3", "full_3"),
    ),
    "xa": (Basket("1", "bin", 12, line="bin_full"),),
}
SORT = ["exception -> 3", "hold -> 2", "other branch -> 3", "default -> 1"]
PLACES = tuple(dict.fromkeys(one.place for row in BASKETS.values() for one in row))


def station(site: str) -> dict[str, Any]:
    """Return the options of the drop of a site that are about its bins."""
    baskets = BASKETS[site]
    if len(baskets) == 1:
        return {"capacity": baskets[0].full}
    tables = {
        one.name: {"capacity": one.full, "full": one.line, "lock": f"lock_{one.name}"}
        | ({"diverter": one.diverter} if one.diverter else {"half": "bin_half"})
        for one in baskets
    }
    return {"sort": SORT, "printer": "slips", "bins": tables}


def board(site: str) -> dict[str, Any]:
    """Return the lines of the drop's board where there are more than the usual ones."""
    baskets = BASKETS[site]
    if len(baskets) == 1:
        return {}
    inputs = ("flap", "shutter_open", "bin_half", "bin_door", *(one.line for one in baskets))
    outputs = {
        "shutter": {"direction": "out", "max_on_s": 8.0},
        "light": {"direction": "out"},
        **{f"lock_{one.name}": {"direction": "out", "max_on_s": 10.0} for one in baskets},
        **{one.diverter: {"direction": "out", "max_on_s": 10.0} for one in baskets if one.diverter},
    }
    return {"lines": {name: {"debounce_ms": 0} for name in inputs} | outputs}
