"""The map of the sites, from GeoJSON."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ImportLineError
from gateway.ledger.places import (
    MARGIN,
    TALLEST,
    WIDTH,
    Drawn,
    Features,
    draw,
    drawn_map,
    import_map,
    smoothed,
)
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import KEYS, stock

SQUARE = [[105.0, 20.0], [106.0, 20.0], [106.0, 21.0], [105.5, 21.0], [105.0, 21.0], [105.0, 20.0]]


@pytest.fixture
def ledger(tmp_path):
    made = stock(SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__))
    yield made
    made.close()


def feature(kind, coordinates, **properties):
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def file_of(tmp_path, *features):
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_outline_river_and_sites_are_drawn_north_up(ledger, tmp_path):
    path = file_of(
        tmp_path,
        feature("Polygon", [SQUARE]),
        feature("MultiLineString", [[[105.1, 20.9], [105.9, 20.1]]]),
        feature("Point", [105.25, 20.75], site="tinh"),
        feature("Point", [105.75, 20.25, 12.0], site="xa"),
        feature("Point", [105.5, 20.5], name="a town"),
        {"type": "Feature", "geometry": None, "properties": None},
    )
    assert drawn_map(ledger) == Drawn(height=0)
    drawn = import_map(ledger, path)
    assert drawn_map(ledger) == drawn
    (tinh_x, tinh_y), (xa_x, xa_y) = drawn.places["tinh"], drawn.places["xa"]
    assert MARGIN < tinh_x < xa_x < WIDTH - MARGIN
    assert MARGIN < tinh_y < xa_y < drawn.height - MARGIN
    assert drawn.height > drawn.width, "a degree of latitude is the longer one here"
    [outline], [line] = drawn.outlines, drawn.lines
    assert outline.endswith("Z")
    assert len(re.findall(r"-?\d+ ?-?\d+", outline)) == 5, "the corner on the straight side is gone"
    assert not line.endswith("Z")


@pytest.mark.parametrize(
    ("features", "why"),
    [
        ([], "nothing"),
        ([feature("Point", [20.0, 105.0], site="tinh")], "longitude, then latitude"),
        ([feature("Point", [], site="tinh")], "no place"),
        ([feature("Circle", [1, 2])], "Circle"),
        ([feature("LineString", "a")], "Expected `array`"),
    ],
)
def test_what_is_no_map_is_refused_and_the_old_one_stays(ledger, tmp_path, features, why):
    old = import_map(ledger, file_of(tmp_path, feature("Polygon", [SQUARE])))
    with pytest.raises(ImportLineError, match=why):
        import_map(ledger, file_of(tmp_path, *features))
    assert drawn_map(ledger) == old


def test_a_file_that_cannot_be_read_is_named(ledger, tmp_path):
    with pytest.raises(ImportLineError, match=r"none\.geojson"):
        import_map(ledger, tmp_path / "none.geojson")


SPOTS = st.tuples(st.floats(-180, 180), st.floats(-85, 85)).map(list)


@given(st.lists(SPOTS, min_size=1, max_size=40))
def test_whatever_lies_on_earth_fits_the_frame(spots):
    found = {"features": [feature("LineString", spots), feature("Point", spots[0], site="a")]}
    drawn = draw(msgspec.convert(found, Features))
    x, y = drawn.places["a"]
    assert 0 <= x <= WIDTH
    assert 0 <= y <= drawn.height <= TALLEST


def test_a_smoothed_line_keeps_its_ends_and_its_shape():
    line = [(float(n), (n % 2) * 0.5) for n in range(100)] + [(100.0, 50.0)]
    kept = smoothed(line)
    assert kept[0] == line[0]
    assert kept[-1] == line[-1]
    assert len(kept) <= 4
