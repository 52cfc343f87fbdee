"""Roles and what each may do: the one table that every door of the console asks."""

from typing import Literal, get_args

Role = Literal["staff", "manager", "province", "inspector", "technician"]
Right = Literal["counts", "machines", "work", "settle", "readers", "command", "looks", "accounts"]
"""``counts``: figures without people or books; ``work``: the worklist and what just happened;
``readers``: open a reader's record (each look is written down); ``looks``: read who looked."""

_STAFF: frozenset[Right] = frozenset({"counts", "machines", "work", "settle", "readers", "command"})
RIGHTS: dict[Role, frozenset[Right]] = {
    "staff": _STAFF,
    "manager": _STAFF | {"looks"},
    "province": _STAFF | {"looks", "accounts"},
    "inspector": frozenset({"counts"}),
    "technician": frozenset({"counts", "machines", "work", "settle", "command"}),
}
ROLES: tuple[Role, ...] = get_args(Role)

_KIOSK = frozenset({"test", "resolve", "reprint"})
_DAILY = _KIOSK | {"mute", "out_of_service", "in_service", "open_bin", "health", "replica"}
_MACHINE = frozenset({"reboot", "restart", "reread", "logs", "screen"})
DEEDS: dict[Role, frozenset[str]] = {
    "staff": _DAILY,
    "manager": _DAILY | {"screen", "restart"},
    "province": _DAILY | _MACHINE,
    "inspector": frozenset(),
    "technician": (_DAILY | _MACHINE) - {"mute"},
}
"""Which commands each role may send."""

MACHINE_CODES = frozenset(
    {"TROUBLE", "BIN_FULL", "TAG_TROUBLE", "CLOCK_UNTRUSTED", "REJECTED", "SEQ_CONFLICT"}
    | {"CERTIFICATE_ENDS"}
)
"""What a technician sees of the worklist: machines, never people."""
