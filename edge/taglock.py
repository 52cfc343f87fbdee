"""``shelfwire tag-lock``: what can never be undone on a tag. No other command does any of it."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from typing import Any

from drivers.errors import DriverError
from drivers.ports import ItemReader, Protected, TagInfo, TagLocks
from edge.tagtools.opening import Devices, add_options, opened
from edge.wire.tables import ConfigError

WRONG, TROUBLE, DECLINED = 2, 1, 3
_NXP = b"\xe0\x04"
_HELP = """\
Lock parts of one tag FOR EVER. There is no way back, with no tool: a locked block keeps a wrong
number, a locked AFI can never again be armed or disarmed, so the item can no longer be lent. Daily
work needs none of this. The command shows the tag, and does nothing until its UID is typed.

  shelfwire tag-lock blocks 0 1 --url serial:///dev/ttyUSB0     lock blocks 0 and 1
  shelfwire tag-lock dsfid --url serial:///dev/ttyUSB0          lock the DSFID
  shelfwire tag-lock afi --url serial:///dev/ttyUSB0            lock the security byte

  shelfwire tag-lock password afi --new 11223344 --url serial:///dev/ttyUSB0

The last one lets an NXP chip (ICODE SLIX, SLIX2) ask for a password before its AFI, or its EAS bit,
is changed. No station of Shelfwire gives one: such an item is lent and taken back elsewhere only.
It is written from NXP's data sheet and the maker's manual and was not tried on hardware.
Exit status 3: not confirmed, nothing was done.
"""
_GUARD_WARNING = "From then on nobody changes it without the password: not a kiosk, not a drop."
_AFI_WARNING = "With a locked AFI this item can never be lent or taken back at a kiosk again."


def add_parser(subparsers: Any) -> None:
    """Add ``tag-lock``; the handler is called with the parsed arguments."""
    parser = subparsers.add_parser(
        "tag-lock",
        help="lock parts of a tag for ever (never needed in daily work)",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, help_ in (
        ("blocks", "lock blocks of the user memory"),
        ("afi", "lock the security byte"),
        ("dsfid", "lock the DSFID"),
        ("password", "let AFI or EAS ask for a password (NXP)"),
    ):
        word = words.add_parser(name, help=help_)
        if name == "blocks":
            word.add_argument("blocks", type=int, nargs="+", metavar="N", help="block numbers")
        elif name == "password":
            word.add_argument("guarded", choices=[one.value for one in Protected], help="of what")
            word.add_argument(
                "--old", type=_password, default=bytes(4), metavar="HEX",
                help="the chip's password now (as delivered: 00000000)",
            )  # fmt: skip
            word.add_argument(
                "--new", type=_password, required=True, metavar="HEX", help="8 hex digits, not 0"
            )
        add_options(word)
        word.set_defaults(handler=run_lock)


def _password(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != len(bytes(4)):
        raise ValueError
    return data


def run_lock(args: argparse.Namespace, ask: Callable[[str], str] = input) -> int:
    """Lock after a typed confirmation; 3 when it was not given."""
    from drivers.feig.options import FeigOptions

    driver, options = Devices(args).reader()
    if not isinstance(options, FeigOptions):
        raise ConfigError(f"tag-lock knows only FEIG readers, and this one is {driver.name}")
    if args.what == "password" and not any(args.new):
        raise ConfigError("--new 00000000 is what every chip has: choose another password")
    try:
        return asyncio.run(_lock(args, (driver, options), ask))
    except DriverError as error:
        hint = f" {error.hint}" if error.hint else ""
        print(f"shelfwire tag-lock: {error}.{hint}", file=sys.stderr)  # noqa: T201
        return TROUBLE


async def _lock(args: argparse.Namespace, choice: Any, ask: Callable[[str], str]) -> int:
    async with opened(choice) as reader:
        info = await _only_tag(reader)
        words = await _words(args, reader, info)
    for line in words:
        print(line)  # noqa: T201
    name = info.uid.hex().upper()
    prompt = f"Type the UID to lock this for ever, anything else to leave it: [{name}] "
    answer = await asyncio.to_thread(_asked, ask, prompt)
    if answer.strip().upper() != name:
        print("not confirmed: nothing was done")  # noqa: T201
        return DECLINED
    from drivers.feig.locks import open_locks

    async with open_locks(choice[1]) as locks:
        await _do(args, locks, info.uid)
    print(f"{name}: locked")  # noqa: T201
    return 0


def _asked(ask: Callable[[str], str], prompt: str) -> str:
    try:
        return ask(prompt)
    except EOFError:
        return ""


async def _only_tag(reader: ItemReader) -> TagInfo:
    tags = await reader.inventory()
    if len(tags) != 1:
        raise DriverError(f"there are {len(tags)} tags on the reader: lay down just one")
    return await reader.info(tags[0].uid)


async def _words(args: argparse.Namespace, reader: ItemReader, info: TagInfo) -> list[str]:
    """Return what is going to be locked, as it is now."""
    afi, dsfid = ("--" if value is None else f"{value:02X}" for value in (info.afi, info.dsfid))
    words = [f"tag {info.uid.hex().upper()}  afi={afi} dsfid={dsfid}"]
    if args.what == "afi":
        return [*words, f"  AFI {afi} for ever", _AFI_WARNING]
    if args.what == "dsfid":
        return [*words, f"  DSFID {dsfid} for ever"]
    if args.what == "password":
        if not info.uid.startswith(_NXP):
            raise DriverError("only NXP chips know this, and this is another maker's")
        return [*words, f"  {args.guarded.upper()} asks for a password for ever", _GUARD_WARNING]
    wrong = [str(n) for n in args.blocks if not 0 <= n < info.block_count]
    if wrong:
        raise DriverError(
            f"there is no block {', '.join(wrong)}: it has 0 to {info.block_count - 1}"
        )
    for number in args.blocks:
        data = await reader.read(info.uid, number, 1)
        words.append(f"  block {number}: {data.hex(' ')} for ever")
    return words


async def _do(args: argparse.Namespace, locks: TagLocks, uid: bytes) -> None:
    if args.what == "afi":
        await locks.lock_afi(uid)
    elif args.what == "dsfid":
        await locks.lock_dsfid(uid)
    elif args.what == "password":
        await locks.protect(uid, Protected(args.guarded), args.old, args.new)
    else:
        await _lock_blocks(locks, uid, sorted(set(args.blocks)))


async def _lock_blocks(locks: TagLocks, uid: bytes, blocks: list[int]) -> None:
    for number in blocks:
        if not (await locks.locked(uid, number, 1))[0]:
            await locks.lock_blocks(uid, number, 1)
        if not (await locks.locked(uid, number, 1))[0]:
            raise DriverError(f"block {number} did not lock")
