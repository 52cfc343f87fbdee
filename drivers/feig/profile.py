"""A reader profile: the settings a reader should have, as a TOML file that we make true at opening.

reader = "ID CPR40"            # for whom; for people
about = "pad of a kiosk"       # what for; for people
block_order = "reversed"       # optional: reversed | plain

[[config]]                     # any number: bits of a configuration block (RAM, never EEPROM)
block = 1                      # 0 to 63
byte = 13                      # 0 to 13
mask = 0xFF                    # optional: which bits; all when it is not there
value = 0x00
why = "host mode: the reader speaks only when asked"
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from drivers.errors import OptionError
from drivers.feig.answers import CONFIG_BYTES
from drivers.feig.options import BlockOrder

_TOP = {"reader", "about", "block_order", "config"}
_RANGES = {"block": (0, 63), "byte": (0, CONFIG_BYTES - 1), "mask": (0, 255), "value": (0, 255)}
_ENTRY = {*_RANGES, "why"}


@dataclass(frozen=True, slots=True)
class Setting:
    """Some bits of a byte in a configuration block."""

    block: int
    byte: int
    value: int
    mask: int = 0xFF
    why: str = ""

    def apply(self, block: bytes) -> bytes:
        """Return the block as it should be."""
        byte = block[self.byte] & ~self.mask | self.value & self.mask
        return block[: self.byte] + bytes((byte,)) + block[self.byte + 1 :]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a reader should be like."""

    reader: str = ""
    about: str = ""
    block_order: BlockOrder | None = None
    settings: tuple[Setting, ...] = ()

    @property
    def blocks(self) -> list[int]:
        """The configuration blocks that the settings touch."""
        return sorted({setting.block for setting in self.settings})

    def apply(self, number: int, block: bytes) -> bytes:
        """Return configuration block ``number`` as it should be."""
        for setting in self.settings:
            if setting.block == number:
                block = setting.apply(block)
        return block


def load(path: Path) -> Profile:
    """Read a profile; OptionError names the file, the field and what is allowed."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"profile {path}: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, not TOML
        raise OptionError(f"profile {path}: {error}") from error
    return _profile(table, f"profile {path}")


def _profile(table: dict[str, Any], where: str) -> Profile:
    _only(table, _TOP, where)
    order = table.get("block_order")
    if order not in (None, *get_args(BlockOrder)):
        raise OptionError(f"{where}: block_order must be {' or '.join(get_args(BlockOrder))}")
    entries = table.get("config", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise OptionError(f"{where}: config must be tables, [[config]]")
    settings = tuple(
        _setting(entry, f"{where} [[config]] {i}") for i, entry in enumerate(entries, 1)
    )
    return Profile(_text(table, "reader", where), _text(table, "about", where), order, settings)


def _setting(entry: dict[str, Any], where: str) -> Setting:
    _only(entry, _ENTRY, where)
    numbers = {"mask": 0xFF, **{key: entry[key] for key in _RANGES if key in entry}}
    for key, (least, most) in _RANGES.items():
        value = numbers.get(key)
        if type(value) is not int or not least <= value <= most:
            raise OptionError(f"{where}: {key} must be a number from {least} to {most}")
    return Setting(**numbers, why=_text(entry, "why", where))


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise OptionError(f"{where}: unknown field {key}; allowed: {', '.join(sorted(known))}")


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise OptionError(f"{where}: {key} must be text")
    return value
