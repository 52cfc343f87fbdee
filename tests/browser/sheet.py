"""One page with every screen of the kiosk, by name, look, size and language: ``make screens``."""

import html
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".artifacts" / "screens"
LOOKS = {
    "": "usual",
    "large_text": "large text",
    "contrast": "high contrast",
    "low_reach": "low buttons",
    "kids": "for children",
}
SIZES = {"": "1280 × 800", "wide": "1920 × 1080", "small": "800 × 480", "tall": "1080 × 1920"}
NAME = re.compile(
    rf"kiosk-(?P<screen>[a-z-]+?)-(?P<lang>vi|en)(-(?P<look>{'|'.join(filter(None, LOOKS))}))?"
    rf"(-(?P<size>{'|'.join(filter(None, SIZES))}))?\.png"
)
STYLE = """body { font: 16px/1.4 sans-serif; background: #e4e2dc; color: #1c2430; margin: 0 16px 48px }
nav { position: sticky; top: 0; background: #e4e2dc; padding: 8px 0; border-bottom: 1px solid #888 }
nav a { margin-right: 12px; white-space: nowrap; color: #0b5a5e }
h2 { margin: 32px 0 0; scroll-margin-top: 96px } h3 { margin: 12px 0 4px; font-weight: 400 }
div { display: flex; flex-wrap: wrap; gap: 12px; align-items: end } figure { margin: 0 }
img { height: 300px; display: block; border: 1px solid #888 } figcaption { font-size: 13px }"""

Row = list[tuple[int, str, str, str]]
"""Place of the size, language, size, file: pictures of a screen in one look."""


def collect() -> dict[str, dict[str, Row]]:
    """Return screen -> look -> its pictures; the screens as the walk met them."""
    screens: dict[str, dict[str, Row]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(FOLDER.glob("*.png"), key=lambda f: f.stat().st_mtime):
        if match := NAME.fullmatch(file.name):
            size = match["size"] or ""
            place = list(SIZES).index(size), match["lang"], SIZES[size], file.name
            screens[match["screen"]][match["look"] or ""].append(place)
    return screens


def section(screen: str, looks: dict[str, Row]) -> Iterator[str]:
    """Yield the part of one screen: a row for each look, both languages beside each other."""
    yield f'<h2 id="{screen}">{html.escape(screen)}</h2>'
    for look, name in LOOKS.items():
        if look not in looks:
            continue
        yield f"<h3>{name}</h3><div>"
        for _, lang, size, file in sorted(looks[look], key=lambda one: (one[0], one[1] == "en")):
            yield f'<figure><a href="{file}"><img src="{file}" alt="" loading="lazy"></a>'
            yield f"<figcaption>{screen} · {name} · {size} · {lang}</figcaption></figure>"
        yield "</div>"


def main() -> None:
    """Write index.html beside the pictures and say where it is."""
    screens = collect()
    links = "".join(f'<a href="#{screen}">{screen}</a>' for screen in screens)
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Shelfwire screens</title>"]
    parts += [f"<style>{STYLE}</style><nav>{links}</nav>"]
    for screen, looks in screens.items():
        parts += section(screen, looks)
    sheet = FOLDER / "index.html"
    sheet.write_text("\n".join(parts), "utf-8")
    pictures = sum(len(row) for looks in screens.values() for row in looks.values())
    sys.stdout.write(f"{len(screens)} screens, {pictures} pictures: {sheet}\n")


if __name__ == "__main__":
    main()
