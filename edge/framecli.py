"""``shelfwire frame``: what one frame on a wire says."""

import argparse
import importlib
import json
import sys
from typing import Any

from drivers.explained import Explained
from edge.arguments import add_json

WRONG = 2
PROTOCOLS = {
    "feig": "drivers.feig.explain",
    "pn532": "drivers.pn532.explain",
    "rl866": "drivers.rl866.explain",
    "uhf18": "drivers.uhf18.explain",
    "a0": "drivers.a0.explain",
    "3m": "drivers.threem.explain",
    "escpos": "drivers.printer.explain",
    "llrp": "drivers.llrp.explain",
}
"""Where each protocol's frames are explained; loaded only when asked for."""

_HELP = """\
Explain one frame of a device's wire: the command, its fields, a reply's status in words, and
whether the checksum is right. HEX is the frame as hexadecimal digits; spaces, colons and dashes
between the bytes are allowed. Passwords and keys in it are not shown.

  shelfwire frame feig 020009ffb001001843
  shelfwire frame 3m d5 00 05 04 00 11 8c 66 --json

Exit status 0: explained, also when the frame is wrong; 2: HEX is not hexadecimal.
"""
_DIRECTIONS = {True: "to-device", False: "from-device", None: "unknown"}
_SEPARATORS = str.maketrans(":-,;_", "     ")


def add_parser(subparsers: Any) -> None:
    """Add ``frame``; the handler is called with the parsed arguments."""
    parser = subparsers.add_parser(
        "frame",
        help="explain one frame of a device's wire",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("protocol", choices=PROTOCOLS, help="whose wire it is")
    parser.add_argument("hex", metavar="HEX", nargs="+", help="the frame as hexadecimal digits")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--to-device",
        dest="to_device",
        action="store_const",
        const=True,
        help="the host sent it; without a direction we find out",
    )
    way.add_argument(
        "--from-device",
        dest="to_device",
        action="store_const",
        const=False,
        help="the device sent it",
    )
    add_json(parser)
    parser.set_defaults(handler=run_frame, to_device=None)


def run_frame(args: argparse.Namespace) -> int:
    """Print what the frame says; 2 when the input is not hexadecimal."""
    try:
        frame = _bytes(" ".join(args.hex))
    except ValueError as error:
        print(f"shelfwire frame: {error}", file=sys.stderr)  # noqa: T201
        return WRONG
    told = explain(args.protocol, frame, args.to_device)
    print(_as_json(args.protocol, frame, told) if args.json else _as_text(told))  # noqa: T201
    return 0


def explain(protocol: str, frame: bytes, to_device: bool | None = None) -> Explained:
    """Explain a frame of one of :data:`PROTOCOLS`; ``to_device`` None means: find out."""
    told: Explained = importlib.import_module(PROTOCOLS[protocol]).explain(frame, to_device)
    return told


def _bytes(text: str) -> bytes:
    digits = "".join(text.translate(_SEPARATORS).lower().replace("0x", "").split())
    for place, char in enumerate(digits, 1):
        if char not in "0123456789abcdef":
            raise ValueError(
                f"HEX: {char!r} at digit {place} is not hexadecimal. "
                "Use digits 0-9 and letters A-F."
            )
    if not digits:
        raise ValueError("HEX: there are no digits. Use two hexadecimal digits for each byte.")
    if len(digits) % 2:
        raise ValueError(f"HEX: {len(digits)} digits are not whole bytes. Two digits make a byte.")
    return bytes.fromhex(digits)


def _as_json(protocol: str, frame: bytes, told: Explained) -> str:
    return json.dumps(
        {
            "protocol": protocol,
            "frame": frame.hex(),
            "direction": _DIRECTIONS[told.to_device],
            "command": told.command,
            "code": told.code,
            "status": told.status,
            "status_code": told.status_code,
            "checksum": told.checksum,
            "fields": told.fields,
            "notes": told.notes,
        },
        ensure_ascii=False,
    )


def _as_text(told: Explained) -> str:
    lines = [
        _line("direction", _DIRECTIONS[told.to_device]),
        _line("command", _with_code(told.command, told.code)),
    ]
    if told.status is not None:
        lines.append(_line("status", _with_code(told.status, told.status_code)))
    lines.append(_line("checksum", told.checksum))
    for name, value in told.fields.items():
        if isinstance(value, list):
            lines += [f"  {name}:", *(f"    {_row(one)}" for one in value)]
        else:
            lines.append(f"  {name}: {_row(value)}")
    return "\n".join([*lines, *(f"! {note}" for note in told.notes)])


def _line(name: str, value: str) -> str:
    return f"{name:<10} {value}"


def _with_code(words: str, code: int | None) -> str:
    return words if code is None else f"{words} ({code:02x})"


def _row(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_row(one)}" for name, one in value.items())
    return str(value)
