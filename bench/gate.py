"""From the tag in the field to the lamp: a real gate on simulated devices.

Total: from the moment the RFID reader hears the tag until the board's lamp output is on. The
software's share is the total without the wait for the next question to the reader (at most the
configured pause, more counts as ours) and without simulated air time.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import table
from rig import Devices, Watched, alone, book, running

from drivers.feig import FeigGateSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.testing.tag15693 import Tag
from edge.elsewhere import Lent
from edge.gate.loans import Loans
from edge.health import resident_bytes
from edge.wire.elsewhere import (
    Elsewhere,
    Prints,
    decode_elsewhere,
    encode_elsewhere,
    pack_rows,
)
from edge.wire.seal import seal_from
from gateway import pki
from gateway.elsewhere import PAGE

TRIALS = 300
POLL = 0.03
READ_BUFFER = 0x22
CROWD, AGAIN = 50, 0.25
"""Tags that stand in the field, and how often the RFID reader hears each of them, seconds."""
ITEMS, LOANS = 12_000, 10_000
MILLION, ASKED, FAR = 1_000_000, 200_000, 250_000
_PAIR = pki.make_signer(pki.make_authority("bench"), "centre")
SEAL = seal_from(_PAIR.key_pem, _PAIR.cert_pem)
HEAD = ("", "p50 ms", "p95 ms", "p99 ms", "max ms")


@dataclass
class Scene:
    """The gate's devices and what was seen of them."""

    reader: FeigGateSimulator
    wire: Watched
    board: BoardSimulator
    lit: asyncio.Event = field(default_factory=asyncio.Event)
    dark: asyncio.Event = field(default_factory=asyncio.Event)
    lit_at: float = 0.0

    def switched(self, line: str, active: bool) -> None:
        """Note that the lamp went on or off."""
        if line != "lamp":
            return
        if active:
            self.lit_at = time.perf_counter()
        (self.lit if active else self.dark).set()

    async def alarm(self, tag: Tag) -> tuple[float, float]:
        """Let an armed tag pass; return the total and the software's share, seconds."""
        self.lit.clear()
        self.dark.clear()
        self.wire.forget()
        self.board.set_input("beam_b", True)
        began = time.perf_counter()
        self.reader.pass_tag(tag)
        await asyncio.wait_for(self.lit.wait(), 10)
        total = self.lit_at - began
        asked = next(at for at, data in self.wire.asked if READ_BUFFER in data[:6])
        wait = min(asked - began, POLL)
        self.board.set_input("beam_b", False)
        await asyncio.wait_for(self.dark.wait(), 10)
        return total, total - wait - self.wire.air(began, self.lit_at)


@asynccontextmanager
async def gate(loans: int) -> AsyncIterator[Scene]:
    """Run an agent with a gate whose lamp is lit only for a moment."""
    reader, board = FeigGateSimulator(), BoardSimulator()
    scene = Scene(reader, Watched(reader), board)
    board = scene.board = BoardSimulator(on_output=scene.switched)
    station = {
        "reader": "antenna", "board": "lines", "poll_ms": int(POLL * 1000),
        "lamp_seconds": 0.03, "buzzer_seconds": 0.03, "absence_ms": 2000,
    }  # fmt: skip
    devices: Devices = {"antenna": ("feig-gate", scene.wire), "lines": ("board-socket", board)}
    async with running(devices, {"gate": station}, alone(items=ITEMS, loans=loans)):
        while not scene.wire.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        yield scene


async def crowd(scene: Scene) -> None:
    """Hold tags in the field for good: every other one disarmed, the rest armed and on loan."""
    first = ITEMS - CROWD + 1
    tags = [book(n, afi=0xC2 if n % 2 else 0x07) for n in range(first, ITEMS + 1)]
    while True:
        for tag in tags:
            scene.reader.pass_tag(tag)
            await asyncio.sleep(AGAIN / CROWD)


async def measure(*, crowded: bool) -> list[tuple[float, float]]:
    """Return total and share of every trial."""
    pick = random.Random(1)
    async with gate(LOANS if crowded else 0) as scene:
        others = asyncio.create_task(crowd(scene)) if crowded else None
        found = []
        for n in range(1, TRIALS + 1):
            await asyncio.sleep(pick.uniform(0.02, 0.08))
            found.append(await scene.alarm(replace(book(n))))
        if others:
            others.cancel()
    return found


def row(name: str, seconds: list[float]) -> tuple[str, ...]:
    """Return a line of the table."""
    ms = [value * 1000 for value in seconds]
    return name, *(f"{table.quantile(ms, part):.1f}" for part in (0.5, 0.95, 0.99, 1))


def main() -> None:
    """Measure an empty gate and a crowded one."""
    lines = []
    with table.lateness() as late:
        for crowded in (False, True):
            found = asyncio.run(measure(crowded=crowded))
            name = f"{CROWD} tags there, {LOANS:,} loans" if crowded else "empty gate"
            lines.append(row(f"{name}: total", [total for total, _ in found]))
            lines.append(row(f"{name}: software's share", [share for _, share in found]))
    lines.append(row("(how late this machine wakes a sleeper)", late))
    pause = f"{POLL * 1000:.0f} ms between questions"
    title = f"Gate: tag to lamp, {TRIALS} alarms, {pause} (target: share p99 < 20 ms)"
    table.show(title, HEAD, lines)
    copy()
    elsewhere()


def elsewhere() -> None:
    """Measure what a gate knows of the other branches: to send, to keep, to ask (CPU time)."""
    before, prints, key = resident_bytes(), Prints(b"k" * 32), b"k" * 32
    with tempfile.TemporaryDirectory() as folder:
        lent, sent = Lent(key, Path(folder) / "elsewhere.bin"), 0
        lent.begin()
        start = time.perf_counter()
        for first in range(0, FAR, PAGE):
            packed = pack_rows(
                prints.row(f"TV{n:08}", f"E0040100{n:08X}", 1_795_000_000_000)
                for n in range(first, first + PAGE)
            )
            message = Elsewhere(version=first + PAGE, start=first, rows=packed)
            data = encode_elsewhere(message, "xa", SEAL)
            sent += len(data)
            lent.take(decode_elsewhere(data, "xa"))
        made, size = time.perf_counter() - start, resident_bytes() - before
        start = time.process_time()
        for n in range(ASKED):
            lent.since(f"TV{n:08}", "")
        asked = (time.process_time() - start) / ASKED * 1e6
        one = Elsewhere(version=2, start=1, rows=pack_rows([prints.row("TV1", "E004", 1)]))
        lent.keep()
        rows = [
            ("sent for a loan, in pages", f"{sent / FAR:.1f} B"),
            ("a message with one loan, signed", f"{len(encode_elsewhere(one, 'xa', SEAL))} B"),
            ("an answer by number", f"{asked:.2f} µs"),
            ("packed, checked and taken in", f"{made:.1f} s"),
            ("memory", f"{size / 2**20:.1f} MiB"),
        ]
    table.show(
        f"{FAR:,} loans elsewhere (target, with the site's own: 40 MiB)", ("", "measured"), rows
    )


def copy() -> None:
    """Measure the copy of a million loans, each known by its number and its tag (CPU time)."""
    before, start = resident_bytes(), time.perf_counter()
    loans = Loans(b"k" * 32)
    for n in range(MILLION):
        loans.put(f"TV{n:08}", 1_795_000_000_000 + n, f"E0040100{n:08X}")
    made, size = time.perf_counter() - start, resident_bytes() - before
    pick = random.Random(1)
    rows = []
    questions = {
        "by number, lent": [(f"TV{pick.randrange(MILLION):08}", "") for _ in range(ASKED)],
        "by tag, lent": [(None, f"E0040100{pick.randrange(MILLION):08X}") for _ in range(ASKED)],
        "not lent": [(f"XX{n:08}", "") for n in range(ASKED)],
    }
    for name, asked in questions.items():
        start = time.process_time()
        for item, uid in asked:
            loans.since(item, uid)
        rows.append((name, f"{(time.process_time() - start) / ASKED * 1e6:.2f} µs"))
    start = time.perf_counter()
    data = loans.dump(1)
    rows.append(("written to memory for the file", f"{time.perf_counter() - start:.2f} s"))
    start = time.perf_counter()
    Loans(b"k" * 32).load(data, 1)
    rows.append(("read back after a restart", f"{time.perf_counter() - start:.2f} s"))
    rows.append(("made anew", f"{made:.1f} s"))
    rows.append(("memory", f"{size / 2**20:.1f} MiB"))
    rows.append(("file", f"{len(data) / 2**20:.1f} MiB"))
    table.show(f"The copy of {MILLION:,} loans (targets: 40 MiB, 5 µs)", ("", "measured"), rows)


if __name__ == "__main__":
    copy() if sys.argv[1:] == ["copy"] else main()
