"""``shelfwire tag``: look at what is on a tag."""

import argparse
import json
import sys
from typing import Any, get_args

from drivers.ports import BankKind
from drivers.tags import TagContent, decode
from edge.arguments import add_json
from edge.tagtools.cli import add_words

_NOT_HEX = 2
_HELP = """\
Print what the user memory of a tag says. HEX is the memory in block order, byte 0 first; spaces,
colons and dashes between the bytes are allowed.

  shelfwire tag decode 11010131313232333334340000000000000000513e4445373035000000000000 --json
"""


def add_parser(subparsers: Any) -> None:
    """Add ``tag`` and its words; the handler is called with the parsed arguments."""
    tag = subparsers.add_parser("tag", help="read, write, convert and look at tags")
    words = tag.add_subparsers(dest="tag_word", required=True, metavar="WORD")
    reading = words.add_parser(
        "decode",
        help="print what a tag's memory says",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reading.add_argument("hex", metavar="HEX", nargs="+", help="the memory as hexadecimal digits")
    reading.add_argument("--dsfid", metavar="XX", help="the tag's DSFID, such as 06 or 3E")
    reading.add_argument("--afi", metavar="XX", help="the tag's AFI, such as 07 or C2")
    reading.add_argument(
        "--block-size",
        type=int,
        default=4,
        metavar="N",
        help="bytes in a block: 4 (default), 8, or 2 for a bank of a UHF tag",
    )
    reading.add_argument(
        "--bank",
        choices=get_args(BankKind)[1:],
        default="",
        help="it is this bank of a UHF tag, written so: then an item number is believed that the "
        "bytes alone do not prove",
    )
    add_json(reading)
    reading.set_defaults(handler=run_decode)
    add_words(words)


def run_decode(args: argparse.Namespace) -> int:
    """Print the tag; 0 also when it is unknown, 2 when the input is not hexadecimal."""
    try:
        memory = _bytes("HEX", " ".join(args.hex))
        dsfid = _byte("--dsfid", args.dsfid)
        afi = _byte("--afi", args.afi)
        if not 1 <= args.block_size <= 32:
            raise ValueError(f"--block-size {args.block_size}: a block has 1 to 32 bytes.")
    except ValueError as error:
        print(f"shelfwire tag decode: {error}", file=sys.stderr)  # noqa: T201
        return _NOT_HEX
    content = decode(memory, dsfid=dsfid, afi=afi, block_size=args.block_size, bank=args.bank)
    print(_as_json(content) if args.json else _as_text(content))  # noqa: T201
    return 0


def _bytes(name: str, text: str) -> bytes:
    digits = "".join(text.replace(":", " ").replace("-", " ").split()).lower().removeprefix("0x")
    for place, char in enumerate(digits, 1):
        if char not in "0123456789abcdef":
            raise ValueError(
                f"{name}: {char!r} at digit {place} is not hexadecimal. Use digits 0-9 and letters A-F."
            )
    if not digits:
        raise ValueError(f"{name}: there are no digits. Use two hexadecimal digits for each byte.")
    if len(digits) % 2:
        raise ValueError(
            f"{name}: {len(digits)} digits are not whole bytes. Two digits make a byte."
        )
    return bytes.fromhex(digits)


def _byte(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    data = _bytes(name, text)
    if len(data) != 1:
        raise ValueError(f"{name}: {text!r} is not one byte. Use two digits, such as 07.")
    return data[0]


def _as_json(content: TagContent) -> str:
    return json.dumps(content.as_json(), ensure_ascii=False)


def _as_text(content: TagContent) -> str:
    shown = content.as_json()
    elements, warnings = shown.pop("elements"), shown.pop("warnings")
    lines = [f"{name:<10} {'-' if value is None else value}" for name, value in shown.items()]
    lines += [f"  {name}: {value}" for name, value in elements.items()]
    lines += [f"! {warning}" for warning in warnings]
    return "\n".join(lines)
