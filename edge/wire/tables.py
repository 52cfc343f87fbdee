"""Dataclasses from configuration tables: every option is known, typed and explained.

A field's type is what the option takes; ``metadata={"help": "…"}`` is its line in the manual.
Types: bool, int, float, str, Path, Literal, Enum, ``T | None``, list, tuple[T, ...], dict[str, T],
Any and further dataclasses (sub-tables). Paths are relative to the folder of the file.
"""

import tomllib
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names file, table, option and the mend."""


@dataclass(frozen=True, slots=True)
class Option:
    """A line of the manual: an option of a table, its type and default in words."""

    name: str
    kind: str
    default: str
    help: str


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file; raise ConfigError naming the file and what is wrong."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def read_table(cls: type[T], table: Mapping[str, Any], where: str, base: Path | None = None) -> T:
    """Return an instance of the dataclass from a table of a TOML file.

    ``where`` is what errors begin with (``edge.toml [devices.pad]``); ``base`` is the folder that
    relative paths start from. Raises ConfigError for unknown, missing and wrong options, and for
    what the dataclass itself refuses with a ValueError.
    """
    known = _fields(cls)
    for name in table:
        if name not in known:
            raise ConfigError(f"{where}: unknown option {name}{_nearest(name, list(known))}")
    hints = get_type_hints(cls)
    values = {}
    for name, field in known.items():
        if name in table:
            values[name] = _value(hints[name], table[name], f"{where} {name}", base)
        elif _required(field):
            raise ConfigError(f"{where}: option {name} is missing{_help(field)}")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def options(cls: type[Any]) -> list[Option]:
    """Return the options of a dataclass in their order, for manuals and help texts."""
    hints = get_type_hints(cls)
    return [
        Option(name, _words(hints[name]), _default(field), str(field.metadata.get("help", "")))
        for name, field in _fields(cls).items()
    ]


def _fields(cls: type[Any]) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(cls) if field.init}


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _help(field: Field[Any]) -> str:
    text = field.metadata.get("help", "")
    return f" ({text})" if text else ""


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f", did you mean {near[0]}?"
    return f"; allowed: {', '.join(sorted(known)) or 'none'}"


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        value = field.default
    elif field.default_factory is not MISSING:
        value = field.default_factory()
    else:
        return "required"
    return str(value.value if isinstance(value, Enum) else value)


def _value(kind: Any, value: Any, at: str, base: Path | None) -> Any:
    """Return ``value`` as ``kind``; ``at`` is the place for errors."""
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _union(kind, value, at, base)
    if origin is Literal:
        return _one_of(value, {str(allowed): allowed for allowed in get_args(kind)}, at)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of(value, {str(row.value): row for row in kind}, at)
    if origin in (list, tuple, set, frozenset):
        return _sequence(kind, value, at, base)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(kind)[1], value, at, base)
    if is_dataclass(kind) and isinstance(kind, type):
        return read_table(kind, _check(dict, value, at, kind), _inner(at), base)
    return _plain(kind, value, at, base)


def _plain(kind: Any, value: Any, at: str, base: Path | None) -> Any:
    if kind is Path:
        path = Path(_check(str, value, at, kind)).expanduser()
        return path if base is None else base / path
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is bytes:
        return bytes.fromhex(_check(str, value, at, kind))
    return _check(kind, value, at, kind)


def _check(kind: type[T], value: Any, at: str, wanted: Any) -> T:
    right = isinstance(value, kind) and not (kind is not bool and isinstance(value, bool))
    if not right:
        raise ConfigError(f"{at}: {value!r} is not {_words(wanted)}")
    return value  # type: ignore[no-any-return]


def _union(kind: Any, value: Any, at: str, base: Path | None) -> Any:
    errors = []
    for one in get_args(kind):
        if one is types.NoneType:
            continue
        try:
            return _value(one, value, at, base)
        except ConfigError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    raise ConfigError(f"{at}: {value!r} is not {_words(kind)}")


def _one_of(value: Any, allowed: dict[str, Any], at: str) -> Any:
    if isinstance(value, bool) or str(value) not in allowed:
        raise ConfigError(f"{at}: {value!r} is not one of {', '.join(allowed)}")
    return allowed[str(value)]


def _sequence(kind: Any, value: Any, at: str, base: Path | None) -> Any:
    make: Callable[[list[Any]], Any] = get_origin(kind)
    if not isinstance(value, list):
        raise ConfigError(f"{at}: {value!r} is not {_words(kind)}")
    inner = get_args(kind)[0]
    return make([_value(inner, one, f"{at}[{n}]", base) for n, one in enumerate(value)])


def _mapping(inner: Any, value: Any, at: str, base: Path | None) -> dict[str, Any]:
    table = _check(dict, value, at, dict)
    return {name: _value(inner, one, f"{at}.{name}", base) for name, one in table.items()}


def _inner(at: str) -> str:
    """Return ``edge.toml [a.b]`` for the sub-table ``edge.toml [a] b``."""
    table, bracket, name = at.rpartition("] ")
    return f"{table}.{name}]" if bracket else at


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    bytes: "a text of hex digits",
    dict: "a table",
}


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(one) for one in inner if one is not types.NoneType)
    if origin is Literal:
        return "one of " + ", ".join(str(one) for one in inner)
    if origin in (list, tuple, set, frozenset):
        return f"a list, each {_words(inner[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a table, each {_words(inner[1])}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(str(row.value) for row in kind)
    if is_dataclass(kind):
        return "a table"
    return _WORDS.get(kind, "anything")
