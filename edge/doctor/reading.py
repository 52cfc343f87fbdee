"""How well a reader reads: looks in a second, and how often each tag is among them."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

from drivers.errors import GateDataLostError
from drivers.ports import GateReader, ItemReader
from edge.doctor.model import Finding, Tell

WEAK_PERCENT = 90
LEAST_LOOKS = 3
_PAUSE = 0.02


async def pad(tell: Tell, name: str, reader: ItemReader, antenna: int, seconds: float) -> None:
    """Look for ``seconds`` and tell of the tag that is read worst."""
    loop = asyncio.get_running_loop()
    begun, looks, seen = loop.time(), 0, Counter[str]()
    while looks < LEAST_LOOKS or loop.time() - begun < seconds:
        seen.update(tag.uid.hex().upper() for tag in await reader.inventory())
        looks += 1
        await asyncio.sleep(0)
    values: dict[str, Any] = {
        "antenna": antenna,
        "looks": looks,
        "per_second": round(looks / max(loop.time() - begun, 0.001), 1),
        "tags": len(seen),
    }
    if not seen:
        tell(Finding(name, "note", "rate_none", values))
        return
    uid, times = min(seen.items(), key=lambda row: row[1])
    percent = 100 * times // looks
    values |= {"uid": uid, "percent": percent, "read": dict(seen)}
    weak = percent < WEAK_PERCENT
    tell(Finding(name, *(("warn", "rate_weak") if weak else ("ok", "rate_ok")), values))


async def gate(tell: Tell, name: str, reader: GateReader, seconds: float) -> None:
    """Collect sightings for ``seconds`` and tell what each antenna saw."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    counts, tags = Counter[int](), defaultdict[int, set[bytes]](set)
    while loop.time() - begun < seconds:
        try:
            for sighting in await reader.sightings():
                counts[sighting.antenna] += 1
                tags[sighting.antenna].add(sighting.uid)
        except GateDataLostError:
            continue  # what lay there from before was too much; now it is empty
        await asyncio.sleep(_PAUSE)
    if not counts:
        tell(Finding(name, "note", "gate_none", {"seconds": seconds}))
    for antenna, count in sorted(counts.items()):
        values = {"antenna": antenna, "count": count, "tags": len(tags[antenna])}
        tell(Finding(name, "ok", "gate_seen", values))
