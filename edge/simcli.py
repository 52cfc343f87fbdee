"""``shelfwire simulate``: one simulated device in the foreground, on a real wire."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

WRONG = 2
_HELP = """\
Serve one simulated device until Ctrl-C. The first line says where: "ready ADDRESS"; the second is
the option for the configuration file.

  shelfwire simulate pn532 --pty /tmp/card --tag 04A1B2C3D4E5F6=R0001
  shelfwire simulate feig --tcp 127.0.0.1:10001 --tag E004015012345678
  shelfwire simulate printer
  shelfwire simulate feig-gate-notify --tcp 127.0.0.1:10005     calls the agent that listens there
  shelfwire simulate rl866 --fault "drop 5" --fault "delay 200"
  shelfwire simulate llrp --tag 3034257BF7194E4000001A85              llrpkit's emulator (extra llrp)
  shelfwire simulate pcsc --tag 04A1B2C3D4E5F6=R0001                  a card for pcscd with vpcd
  shelfwire simulate scanner-hid                                      a keyboard of this kernel (uinput)
  shelfwire simulate scanner-hid --pty /tmp/keys                      a named pipe of key events
  shelfwire simulate pihealth --pty /tmp/pi                           a folder for its option root
  shelfwire simulate camera --tag "code128 VN000123"                  for source = "stream"

While it runs, words on standard input move the device, or make the wire bad (drop, flip, split,
delay, dead, reboot, unplug, well); "help" lists them.
"""
_FAULT_HELP = """\
what is wrong from the start, may be repeated: "drop PERCENT", "flip PERCENT" (of what is said, in
both directions), "split MS", "delay MS", "dead"; camera: also "blur DOTS", "dark PERCENT",
"tilt DEGREES", "half on", "freeze on", "rate NUMBER"
"""
_TAG_HELP = """\
what is there at the start, may be repeated. pn532, pcsc: UID or UID=TEXT. pads and gates: UID, or the
memory, or UID=MEMORY, all as hexadecimal digits. uhf18, uhf288, a0, llrp: EPC, or (not llrp) EPC=PC for a tag that
is no library's. camera: [KIND] TEXT, KIND one of code39, code128, codabar, ean, qr
"""
_CALLERS: dict[str, tuple[str, int] | None] = {
    "feig-gate-notify": None,
    "pcsc": ("127.0.0.1", 35963),
}
"""Devices that call, and where if nothing is said."""
_PIPE = "scanner-hid"
_NETWORK = {"llrp": "LLRP", "camera": "a camera's stream"}
"""Devices that have no serial line."""
_FOLDER = "pihealth"
_OPTIONS = {"feig-gate-notify": "listen", _PIPE: "path", _FOLDER: "root"}
_BARE = ("path", "root")
"""What the address is called in the configuration, where it is not url."""
_DEVICES = (
    "pn532",
    "feig",
    "feig-gate",
    "feig-gate-notify",
    "rl866",
    "3m",
    "uhf18",
    "uhf288",
    "a0",
    "llrp",
    "pcsc",
    "scanner",
    "scanner-hid",
    "camera",
    "printer",
    "board",
    "pihealth",
)


def add_parser(subparsers: Any) -> None:
    """Add ``simulate``; the handler is called with the parsed arguments."""
    parser = subparsers.add_parser(
        "simulate",
        help="serve one simulated device on a pseudo-terminal or a TCP port",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("device", choices=_DEVICES, help="which device")
    wire = parser.add_mutually_exclusive_group()
    wire.add_argument(
        "--pty", type=Path, metavar="PATH", help="make PATH a link to the serial line"
    )
    wire.add_argument(
        "--tcp", metavar="HOST:PORT", help="listen there, on this machine; port 0: any"
    )
    parser.add_argument("--tag", action="append", default=[], metavar="HEX", help=_TAG_HELP)
    parser.add_argument("--block-size", type=int, default=4, metavar="N", help="bytes in a block")
    parser.add_argument("--dsfid", default="00", metavar="XX", help="DSFID of the tags")
    parser.add_argument("--afi", default="07", metavar="XX", help="AFI of the tags")
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT", help=_FAULT_HELP)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same faults")
    parser.set_defaults(handler=run_simulate)


def run_simulate(args: argparse.Namespace) -> int:
    """Serve until interrupted; 2 if the arguments cannot be used."""
    from drivers.errors import OptionError
    from drivers.testing.faults import Faults
    from edge.simdevices import DEVICES
    from edge.simfaults import FaultMenu

    try:
        where = _tcp(args.tcp) if args.tcp else None
        if args.device == _FOLDER:
            if where or not args.pty:
                raise ValueError(f"{_FOLDER} is a folder of files: say where, --pty FOLDER")
            args.pty.mkdir(parents=True, exist_ok=True)
        elif args.pty and args.pty.exists() and not (args.pty.is_symlink() or args.pty.is_fifo()):
            raise ValueError(f"--pty {args.pty}: something else is there, give another path")
        if args.device in _CALLERS:
            where = where or _CALLERS[args.device]
            if where is None or not where[1]:
                raise ValueError(
                    f"{args.device} calls the agent: say where it listens with --tcp HOST:PORT"
                )
        if args.device in _NETWORK:
            if args.pty:
                raise ValueError(
                    f"{_NETWORK[args.device]} goes over a network: use --tcp HOST:PORT"
                )
            where = where or ("127.0.0.1", 0)
        if args.device == _PIPE:
            _check_keys(args, where)
        bench = DEVICES[args.device][1](args, _say)
        faults = Faults(seed=args.seed)
        menu = FaultMenu(faults, bench.simulator, _say, bench.faults)
        menu.begin(args.fault)
        asyncio.run(_serve(args, bench, faults, menu, where))
    except (ValueError, OSError, OptionError) as error:
        print(f"shelfwire simulate: {error}", file=sys.stderr)  # noqa: T201
        return WRONG
    return 0


def _check_keys(args: argparse.Namespace, where: tuple[str, int] | None) -> None:
    from drivers.barcode.keyboard import UINPUT, is_here

    if where:
        raise ValueError(f"{_PIPE} has no wire: leave out --tcp")
    if not args.pty and not is_here():
        raise ValueError(
            f"no keyboard can be made here, {UINPUT} is missing or not ours (as root: modprobe "
            f"uinput); for a named pipe instead say where it is to be, --pty PATH"
        )


async def _served(
    args: argparse.Namespace, bench: Any, faults: Any, where: tuple[str, int] | None
) -> Any:
    from drivers.barcode.keyboard import serve_keyboard
    from drivers.testing.calling import call
    from drivers.testing.serve import serve_pipe, serve_pty, serve_tcp

    if args.device == _FOLDER:
        await bench.simulator.plug()
        return bench.simulator
    if args.device == _PIPE:
        if args.pty is None:
            return await serve_keyboard(bench.simulator, faults)
        return await serve_pipe(bench.simulator, args.pty, faults)
    if where is None:
        return await serve_pty(bench.simulator, args.pty, faults)
    if args.device in _CALLERS:
        return await call(bench.simulator, *where, faults=faults)
    return await serve_tcp(bench.simulator, *where, faults=faults)


async def _serve(
    args: argparse.Namespace, bench: Any, faults: Any, menu: Any, where: tuple[str, int] | None
) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    if hasattr(bench.simulator, "start"):
        await bench.simulator.start()
    served = await _served(args, bench, faults, where)
    menu.connect(served, drops_on_reboot=where is not None or args.device == _PIPE)
    try:
        bench.carry(served)
        bare, option = served.address.partition("://")[2], _OPTIONS.get(args.device, "url")
        _say(f"ready {bare}")
        if args.device == "pcsc":
            _say('reader = "Virtual PCD"')
        elif args.device == "camera":
            _say(f'url = "http://{bare}/"')
        else:
            _say(f'{option} = "{bare if option in _BARE else served.address}"')
        listener = _Listener([*bench.words, *menu.words], over)
        _read_lines(lambda line: loop.call_soon_threadsafe(listener.take, line))
        await over.wait()
    finally:
        await menu.close()
        await served.close()
        if hasattr(bench.simulator, "close") and bench.simulator is not served:
            await bench.simulator.close()


class _Listener:
    """Do what is typed."""

    def __init__(self, words: list[Any], over: asyncio.Event) -> None:
        self._words = {word.name: word for word in words}
        self._over = over

    def take(self, line: str) -> None:
        """Do one line; what cannot be done is said, and nothing else happens."""
        name, _, rest = line.strip().partition(" ")
        if name == "quit":
            self._over.set()
        elif name in self._words:
            try:
                self._words[name].do(rest)
            except (ValueError, OSError) as error:
                _say(f"{name}: {error}")
        elif name:
            for word in self._words.values():
                _say(f"  {word.name} {word.arguments}".ljust(24) + word.help)
            _say("  quit".ljust(24) + "stop")


def _read_lines(take: Callable[[str], object]) -> None:
    """Pass on lines of standard input from a thread; its end ends nothing."""
    # In the background of a shell, reading the terminal would stop the whole process.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)

    def read() -> None:
        rest = b""
        try:
            while data := os.read(0, 4096):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    take(line.decode(errors="replace"))
        except (OSError, RuntimeError):
            return

    threading.Thread(target=read, name="words for the simulated device", daemon=True).start()


def _tcp(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    local = host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)
    if not local:
        raise ValueError(f"--tcp {text}: a simulator listens only on this machine, use 127.0.0.1")
    if not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"--tcp {text}: write HOST:PORT, such as 127.0.0.1:10001")
    return host, int(port)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
