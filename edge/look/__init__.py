"""The look of every Shelfwire page: tokens, fonts, icons and book covers, served as ``/look/``."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""The folder to serve: ``tokens.css``, ``icons.svg``, ``cover.js``, ``fonts/``."""
