"""The version of this program."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("shelfwire")
    except PackageNotFoundError:
        return "0"


VERSION = _installed()
