"""``shelfwire reader``: the settings of an RFID reader shown, written, read back, taken back."""

import argparse
import asyncio
import datetime
import re
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.arguments import add_config, add_language, agent_works
from edge.config import ConfigError, load
from edge.texts import Texts

if TYPE_CHECKING:
    from drivers.feig.options import FeigOptions
    from drivers.feig.profile import Profile
    from drivers.feig.service import Difference, Service

DIFFERS, BROKEN, WRONG = 1, 1, 2
_CONFIGURE = """\
Make a reader as a profile says: show what differs, ask, write (RAM and EEPROM), read back. The old
settings are kept first, so that --undo can put them back. A profile is a file or the name of one in
the folder readers/ beside the configuration.

  shelfwire reader configure feig-pad --check             does the reader differ?
  shelfwire reader configure feig-pad --device pad        make it so
  shelfwire reader configure --device pad --undo          take the last change back
  shelfwire reader configure pad.toml --url tcp://192.0.2.7:10001
"""
_FIND = """\
Find the speed of a FEIG reader on a serial line: asks at each usual speed until it answers, and
changes nothing.

  shelfwire reader find serial:///dev/ttyUSB0
"""


def add_parser(subparsers: Any) -> None:
    """Add ``reader`` and its words; the handler is called with the parsed arguments."""
    reader = subparsers.add_parser("reader", help="settings and speed of an RFID reader")
    words = reader.add_subparsers(dest="reader_word", required=True, metavar="WORD")
    kind = argparse.RawDescriptionHelpFormatter
    configure = words.add_parser(
        "configure", help="make a reader as a profile says", description=_CONFIGURE,
        formatter_class=kind,
    )  # fmt: skip
    configure.add_argument(
        "profile", metavar="PROFILE", nargs="?", help="a file, or a name in readers/"
    )
    configure.add_argument("--url", help="where the reader is, instead of a configuration")
    add_config(configure)
    configure.add_argument("--device", metavar="NAME", help="which device of the configuration")
    configure.add_argument("--password", default="", metavar="HEX", help="with --url: 8 hex digits")
    configure.add_argument("--keep", type=Path, metavar="FILE", help="where old settings are kept")
    what = configure.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only say what differs; 1 if something")
    what.add_argument("--undo", action="store_true", help="put the settings of before back")
    configure.add_argument("--yes", action="store_true", help="do not ask")
    configure.set_defaults(handler=run_configure)
    find = words.add_parser(
        "find", help="find the speed of a reader", description=_FIND, formatter_class=kind
    )
    find.add_argument("url", metavar="URL", help="such as serial:///dev/ttyUSB0")
    find.set_defaults(handler=run_find)
    for word in (configure, find):
        add_language(word)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader to work on, and where its old settings are kept."""

    name: str
    options: "FeigOptions"
    keep: Path


def run_configure(args: argparse.Namespace) -> int:
    """Compare or change a reader; 0 done or equal, 1 differs or failed, 2 wrong arguments."""
    from drivers.errors import DriverError, OptionError
    from drivers.feig.profile import Profile
    from drivers.feig.profile import load as load_profile
    from edge.backups import BackupError

    texts = Texts(args.lang)
    if args.profile is None and not (args.undo and (args.url or args.device)):
        raise ConfigError(
            "say which PROFILE; to take a change back, which reader (--device, --url)"
        )
    try:
        path = find_profile(args.profile, args.config.parent) if args.profile else Path()
        profile = load_profile(path) if args.profile else Profile()
        target = find_target(args, path)
    except (OptionError, ValueError) as error:
        raise ConfigError(str(error)) from None
    if args.keep is not None:
        target = replace(target, keep=args.keep)
    try:
        return asyncio.run(_Session(args, texts, target, profile).run())
    except (DriverError, BackupError) as error:
        said = str(error).removeprefix(f"{target.name}: ")
        _say(f"{target.name}: {said}. {getattr(error, 'hint', '')}".rstrip(), sys.stderr)
        return BROKEN


def run_find(args: argparse.Namespace) -> int:
    """Print at which speed a reader answers; 1 if it does at none."""
    from drivers.errors import DriverError
    from drivers.feig.search import find
    from drivers.feig.service import identity

    texts = Texts(args.lang)
    try:
        found = asyncio.run(find(args.url))
    except DriverError as error:
        _say(f"{error}. {error.hint}".rstrip(), sys.stderr)
        return BROKEN
    if found is None:
        _say(texts.say("reader.find_none", url=args.url), sys.stderr)
        return BROKEN
    _say(f'{identity(found[1])}\nurl = "{found[0]}"')
    return 0


def find_profile(name: str, folder: Path) -> Path:
    """Return the file of a profile: a path, or a name in ``readers/`` beside the configuration."""
    own = Path(__file__).parents[1] / "firmware_configs/readers"
    for place in (Path(name), folder / "readers" / f"{name}.toml", own / f"{name}.toml"):
        if place.is_file():
            return place
    raise ConfigError(f"profile {name}: there is no such file, nor readers/{name}.toml")


def find_target(args: argparse.Namespace, profile: Path) -> Target:
    """Return the reader that the arguments mean."""
    if args.url:
        from drivers.feig.options import FeigOptions

        slug = re.sub(r"[^A-Za-z0-9]+", "-", args.url).strip("-")
        options = FeigOptions(args.url, password=args.password)
        return Target(args.url, options, Path(f"reader-{slug}.json"))
    config = load(args.config)
    readers = {n: feig for n, (_, o) in config.devices.items() if (feig := _asked(o))}
    if args.device is None:
        fitting = [n for n, o in readers.items() if o.profile and o.profile.stem == profile.stem]
        if len(fitting) != 1:
            raise ConfigError(
                f"{args.config.name}: {len(fitting)} devices have profile {profile.stem}; "
                f"say which with --device: {', '.join(readers) or 'there is no FEIG reader'}"
            )
        args.device = fitting[0]
    if args.device not in readers:
        raise ConfigError(
            f"{args.config.name}: {args.device} is not a FEIG reader that can be asked there (one "
            f"that calls needs control); these are: {', '.join(readers) or 'none'}"
        )
    if not args.check and agent_works(config.agent.data):
        raise ConfigError(
            "the agent is at work with this reader; stop it first: systemctl stop shelfwire-agent"
        )
    keep = config.agent.data / "readers" / f"{args.device}.json"
    return Target(args.device, readers[args.device], keep)


def _asked(options: object) -> "FeigOptions | None":
    """Return how a device is asked for its settings; None: it is not FEIG's, or it only calls."""
    from drivers.feig.options import FeigOptions, NotifyOptions

    if isinstance(options, NotifyOptions):
        return options.control_options() if options.control else None
    return options if isinstance(options, FeigOptions) else None


class _Session:
    """One sitting with one reader."""

    def __init__(
        self, args: argparse.Namespace, texts: Texts, target: Target, profile: "Profile"
    ) -> None:
        from edge.backups import Backups

        self._args, self._texts = args, texts
        self._target, self._profile = target, profile
        self._backups: Backups = Backups(target.keep)

    async def run(self) -> int:
        """Talk to the reader; return the exit status."""
        from drivers.feig.opening import linked
        from drivers.feig.service import Service, identity

        options = self._target.options
        async with linked(options) as link:
            service = Service(link)
            if options.password_bytes:
                await service.login(options.password_bytes)
            reader = identity(await service.version())
            _say(f"{self._target.name}: {reader}")
            if self._args.undo:
                return await self._undo(service)
            return await self._configure(service, reader)

    async def _configure(self, service: "Service", reader: str) -> int:
        from drivers.feig.service import differences
        from edge.backups import Step

        old = await service.blocks(self._profile)
        found = differences(self._profile, old)
        if not found:
            self._print("reader.equal")
            return 0
        self._show(found)
        if self._args.check:
            return DIFFERS
        if not self._sure("reader.ask_write"):
            return DIFFERS
        made, url = int(time.time() * 1000), self._target.options.url
        self._backups.push(Step(made, url, reader, str(self._args.profile), tuple(old)))
        await service.apply(self._profile)
        left = differences(self._profile, await service.blocks(self._profile))
        if left:
            self._show(left)
            return BROKEN
        self._print("reader.written", keep=self._backups.path)
        return 0

    async def _undo(self, service: "Service") -> int:
        steps = self._backups.steps()
        if not steps:
            self._print("reader.nothing_kept", keep=self._backups.path)
            return BROKEN
        step = steps[-1]
        made = datetime.datetime.fromtimestamp(step.made / 1000).astimezone()
        self._print("reader.will_undo", made=f"{made:%Y-%m-%d %H:%M}", profile=step.profile)
        for block in step.blocks:
            now = await service.read(block.memory, block.number)
            if now != block:
                _say(f"  {block.memory} {block.number}: {now.data.hex(' ')}")
                _say(f"  {'':>{len(block.memory)}} {'':>{len(str(block.number))}}> "
                     f"{block.data.hex(' ')}")  # fmt: skip
        if not self._sure("reader.ask_undo"):
            return DIFFERS
        await service.restore(step.blocks)
        self._backups.pop()
        self._print("reader.undone")
        return 0

    def _show(self, found: "list[Difference]") -> None:
        for one in found:
            setting = one.setting
            self._print(
                "reader.differs", memory=one.memory, block=setting.block, byte=setting.byte,
                have=f"{one.have:02X}", want=f"{one.want:02X}", why=setting.why,
            )  # fmt: skip

    def _sure(self, question: str) -> bool:
        """Ask; no terminal and no --yes is a no."""
        if self._args.yes:
            return True
        try:
            answer = input(self._texts.say(question) + " ")
        except EOFError:
            answer = ""
        if answer.strip().lower() in ("y", "yes", "c", "co", "có"):
            return True
        self._print("reader.left")
        return False

    def _print(self, key: str, **values: Any) -> None:
        _say(self._texts.say(key, **values))


def _say(text: str, where: Any = None) -> None:
    print(text, file=where or sys.stdout)
