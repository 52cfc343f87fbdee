"""The tokens: contrast by the WCAG formula, fonts that cover Vietnamese, licences kept."""

import re

import pytest

from edge.look import FOLDER

CSS = (FOLDER / "tokens.css").read_text(encoding="utf-8")
PAIRS = [
    ("ink", "paper", 7.0),
    ("muted", "paper", 4.5),
    ("line", "paper", 3.0),
    ("lake", "paper", 4.5),
    ("on-lake", "lake", 4.5),
    ("on-lake", "lake-deep", 4.5),
    ("bamboo", "paper", 4.5),
    ("bamboo", "bamboo-tint", 4.5),
    ("amber-text", "amber-tint", 4.5),
    ("lacquer", "paper", 4.5),
    ("lacquer", "lacquer-tint", 4.5),
    ("slate", "slate-tint", 4.5),
    ("ink", "lacquer-tint", 7.0),
    ("ink", "raised", 7.0),
    ("muted", "raised", 4.5),
    ("focus", "paper", 3.0),
]


def theme(name):
    root = re.search(r":root \{(.*?)\n\}", CSS, re.DOTALL).group(1)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9A-F]{6})", root))
    if name:
        own = re.search(rf':root\[data-theme="{name}"\] \{{(.*?)\n\}}', CSS, re.DOTALL).group(1)
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9A-F]{6})", own))
    return colours


def light(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["", "dark", "contrast"])
def test_every_pair_can_be_read(name):
    colours = theme(name)
    for text, ground, least in PAIRS:
        one, other = sorted((light(colours[text]), light(colours[ground])), reverse=True)
        assert (one + 0.05) / (other + 0.05) >= least, (name, text, ground)


def test_fonts_and_icons_are_here_with_their_licences():
    for url in re.findall(r'url\("([^"]+)"\)', CSS):
        assert (FOLDER / url).stat().st_size > 5_000
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "fonts" / "OFL.txt").read_text()
    assert "ISC License" in (FOLDER / "icons-LICENCE.txt").read_text()


def test_every_vietnamese_letter_is_in_a_range_of_the_font():
    ranges = []
    for row in re.findall(r"unicode-range: ([^;]+);", CSS):
        for part in row.split(","):
            first, _, last = part.strip().removeprefix("U+").partition("-")
            ranges.append((int(first, 16), int(last or first, 16)))
    letters = "ăâđêôơưĂÂĐÊÔƠƯ₫" + "".join(map(chr, range(0x1EA0, 0x1EFA))) + "àáãèéìíòóõùúý"
    for letter in letters:
        assert any(first <= ord(letter) <= last for first, last in ranges), letter


def test_every_icon_that_the_kiosk_names_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (FOLDER / "icons.svg").read_text()))
    views = (FOLDER.parents[1] / "kiosk" / "static" / "views.js").read_text()
    code = re.findall(r'icon\("([a-z-]+)"', views) + re.findall(
        r'button\("[a-z .]+", "([a-z-]+)"', views
    )
    table = re.search(r"ROW_ICONS = \{(.*?)\};", views, re.DOTALL).group(1)
    assert set(code) | set(re.findall(r': "([a-z-]+)"', table)) <= sprite
