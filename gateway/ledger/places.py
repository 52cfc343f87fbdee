"""Where the sites lie: a small drawing from GeoJSON, kept in the ledger; no map server is asked.

```
Point         property "site": where that site is
Polygon, MultiPolygon              outlines (of the province, of districts)
LineString, MultiLineString        what helps to know the place: rivers, roads
```
Longitude before latitude, in degrees, as RFC 7946 has it. All is drawn in whole numbers, 1,000 units wide.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import cos, hypot, isfinite, radians
from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import ImportLineError
from gateway.ledger.sqlite import SqliteLedger

WIDTH, MARGIN = 1000, 40
TALLEST = 1600
SMOOTH = 1.5
"""A corner nearer than this to the line without it is left out (units)."""
MOST_BYTES, MOST_POINTS = 16 * 1024 * 1024, 200_000
MOST_DRAWN = 64 * 1024
Spot = tuple[float, float]
Line = list[Spot]


class Geometry(msgspec.Struct, tag_field="type"):
    """Where a feature is."""


class Point(Geometry, tag="Point"):
    coordinates: list[float]


class LineString(Geometry, tag="LineString"):
    coordinates: list[list[float]]


class MultiLineString(Geometry, tag="MultiLineString"):
    coordinates: list[list[list[float]]]


class Polygon(Geometry, tag="Polygon"):
    coordinates: list[list[list[float]]]


class MultiPolygon(Geometry, tag="MultiPolygon"):
    coordinates: list[list[list[list[float]]]]


class Feature(msgspec.Struct):
    """Something on the map."""

    geometry: Point | LineString | MultiLineString | Polygon | MultiPolygon | None = None
    properties: dict[str, Any] | None = None


class Features(msgspec.Struct):
    """A GeoJSON file (a FeatureCollection)."""

    features: list[Feature]


class Drawn(msgspec.Struct):
    """The map in units: paths of SVG, and where each site is."""

    width: int = WIDTH
    height: int = WIDTH
    outlines: list[str] = []
    lines: list[str] = []
    places: dict[str, tuple[int, int]] = {}


def import_map(ledger: SqliteLedger, path: Path) -> Drawn:
    """Take in a GeoJSON file in place of the map that was there; ImportLineError when it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportLineError(f"{path}: more than {MOST_BYTES} bytes")
        found = msgspec.json.decode(path.read_bytes(), type=Features)
        drawn = draw(found)
    except OSError as error:
        raise ImportLineError(f"{path}: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise ImportLineError(f"{path}: {error}") from None
    body = msgspec.json.encode(drawn)
    if len(body) > MOST_DRAWN:
        raise ImportLineError(f"{path}: too detailed, {len(body)} bytes are left of it")
    ledger.store.run("INSERT OR REPLACE INTO maps VALUES (1, ?)", body)
    return drawn


def drawn_map(ledger: SqliteLedger) -> Drawn:
    """Return the map; an empty one when there is none."""
    body = ledger.store.value("SELECT body FROM maps WHERE number = 1")
    return msgspec.json.decode(body, type=Drawn) if body else Drawn(height=0)


def draw(found: Features) -> Drawn:
    """Return a map's drawing. Raises ValueError for places that are none, and when it is empty."""
    rings: list[Line] = []
    lines: list[Line] = []
    spots: dict[str, Spot] = {}
    for feature in found.features:
        match feature.geometry:
            case Point(coordinates):
                if site := str((feature.properties or {}).get("site", "")):
                    spots[site] = _spot(coordinates)
            case LineString(coordinates):
                lines.append([_spot(one) for one in coordinates])
            case MultiLineString(coordinates):
                lines += [[_spot(one) for one in line] for line in coordinates]
            case Polygon(coordinates):
                rings += [[_spot(one) for one in ring] for ring in coordinates[:1]]
            case MultiPolygon(coordinates):
                rings += [[_spot(one) for one in ring] for part in coordinates for ring in part[:1]]
            case None:
                pass
    everything = [*spots.values(), *(one for line in (*rings, *lines) for one in line)]
    if not everything:
        raise ValueError("there is nothing on this map")
    if len(everything) > MOST_POINTS:
        raise ValueError(f"more than {MOST_POINTS} points")
    to, height = _frame(everything)
    return Drawn(
        height=height,
        outlines=[f"{_path(map(to, ring))}Z" for ring in rings if len(ring) > 2],
        lines=[_path(map(to, line)) for line in lines if len(line) > 1],
        places={site: (round(x), round(y)) for site, (x, y) in _placed(spots, to)},
    )


def _placed(spots: dict[str, Spot], to: Any) -> Iterator[tuple[str, Spot]]:
    return ((site, to(spot)) for site, spot in sorted(spots.items()))


def _spot(pair: list[float]) -> Spot:
    if len(pair) < 2 or not all(isfinite(one) for one in pair[:2]):
        raise ValueError(f"{pair} is no place")
    if abs(pair[0]) > 180 or abs(pair[1]) > 85:
        raise ValueError(f"{pair[:2]}: longitude, then latitude, in degrees")
    return pair[0], pair[1]


def _frame(everything: list[Spot]) -> tuple[Any, int]:
    """Return what turns degrees into units, and how high the drawing is."""
    west, east = min(x for x, _ in everything), max(x for x, _ in everything)
    south, north = min(y for _, y in everything), max(y for _, y in everything)
    flat = cos(radians((south + north) / 2))
    wide, high = max((east - west) * flat, 1e-4), max(north - south, 1e-4)
    scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / high)
    left = (WIDTH - wide * scale) / 2

    def to(spot: Spot) -> Spot:
        return left + (spot[0] - west) * flat * scale, MARGIN + (north - spot[1]) * scale

    return to, round(high * scale) + 2 * MARGIN


def _path(spots: Iterable[Spot]) -> str:
    """Return a smoothed line as a path of SVG, in steps from point to point."""
    kept = [(round(x), round(y)) for x, y in smoothed(list(spots))]
    steps = [f"M{kept[0][0]} {kept[0][1]}l"]
    steps += [f"{x - a} {y - b} " for (a, b), (x, y) in pairwise(kept)]
    return "".join(steps).replace(" -", "-").strip()


def smoothed(line: Line, least: float = SMOOTH) -> Line:
    """Return a line without the corners that hardly show (Douglas and Peucker)."""
    keep, todo = {0, len(line) - 1}, [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        far, at = max(
            ((_away(line[n], line[first], line[last]), n) for n in range(first + 1, last)),
            default=(0.0, 0),
        )
        if far > least:
            keep.add(at)
            todo += [(first, at), (at, last)]
    return [line[n] for n in sorted(keep)]


def _away(spot: Spot, begin: Spot, end: Spot) -> float:
    """Return how far a spot is from the line between two others."""
    (x, y), (a, b), (c, d) = spot, begin, end
    length = hypot(c - a, d - b)
    if length == 0:
        return hypot(x - a, y - b)
    part = max(0.0, min(1.0, ((x - a) * (c - a) + (y - b) * (d - b)) / length**2))
    return hypot(x - a - part * (c - a), y - b - part * (d - b))
