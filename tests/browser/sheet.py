"""One page with every screen of the kiosk, both languages beside each other: ``make screens``."""

import html
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".artifacts" / "screens"
NAME = re.compile(
    r"kiosk-(?P<screen>[a-z-]+?)-(?P<lang>vi|en)(-(?P<look>large_text|contrast|low_reach|kids))?(-(?P<size>small|tall|wide))?\.png"
)
STYLE = """body { font: 16px sans-serif; background: #ddd; margin: 16px }
section { display: flex; flex-wrap: wrap; gap: 12px; align-items: start; margin-bottom: 24px }
h2 { width: 100%; margin: 0 } img { height: 330px; border: 1px solid #888 }"""


def main() -> None:
    """Write index.html beside the pictures and say where it is."""
    screens: dict[str, list[str]] = {}
    for file in sorted(FOLDER.glob("*.png"), key=lambda f: f.stat().st_mtime):
        if match := NAME.fullmatch(file.name):
            screens.setdefault(match["screen"], []).append(file.name)
    parts = ["<!doctype html><meta charset=utf-8><title>Shelfwire screens</title>"]
    parts.append(f"<style>{STYLE}</style>")
    for screen, files in screens.items():
        images = "".join(
            f'<img src="{f}" title="{f}" loading="lazy">' for f in map(html.escape, sorted(files))
        )
        parts.append(f"<section><h2>{html.escape(screen)}</h2>{images}</section>")
    sheet = FOLDER / "index.html"
    sheet.write_text("\n".join(parts), "utf-8")
    pictures = sum(map(len, screens.values()))
    sys.stdout.write(f"{len(screens)} screens, {pictures} pictures: {sheet}\n")


if __name__ == "__main__":
    main()
