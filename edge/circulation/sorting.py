"""Which bin a returned item goes to: rules that a person can read. Pure; edge and centre share it.

```
hold -> 2               the next hold waits for it
other branch -> 3       it belongs to another branch than this one
branch = xa-hoa-an -> 4     … to this branch (also !=)
kind = dvd -> 5         its kind in the catalogue (also !=)
owner = VN-BTTVL -> 6   the library that the tag names (also !=)
flag = lost -> 9        a flag of the catalogue: reference, restricted, lost, withdrawn, missing
exception -> 9          a person must look: foreign, unknown, incomplete, lost, withdrawn, missing
default -> 1            everything else
```
The first rule that fits decides. ``exception`` is also where a drop puts what it takes aside.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

EXCEPTION_FLAGS = frozenset(("lost", "withdrawn", "missing"))
"""Flags of an item that nobody expects back on a shelf."""
FLAGS = EXCEPTION_FLAGS | {"reference", "restricted"}
_ALONE = ("hold", "other branch", "exception", "default")
_FIELDS = ("branch", "kind", "owner", "flag")


class SortRuleError(ValueError):
    """A rule that cannot be read; the text names it and says how one is written."""


@dataclass(frozen=True, slots=True)
class SortRule:
    """One rule. ``what`` is one of hold, other branch, exception, default, branch, kind, owner, flag.

    ``value`` and ``unlike`` (``!=``) belong to the last four.
    """

    what: str
    bin: str
    value: str = ""
    unlike: bool = False

    def __str__(self) -> str:
        """Return the rule as a person writes it."""
        sign = "!=" if self.unlike else "="
        return (
            f"{self.what} {sign} {self.value} -> {self.bin}"
            if self.value
            else (f"{self.what} -> {self.bin}")
        )


@dataclass(frozen=True, slots=True)
class Returning:
    """What is known of an item that comes back. ``exceptions`` are words such as ``foreign``."""

    item: str
    kind: str = ""
    branch: str = ""
    owner: str = ""
    held: bool = False
    flags: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    @property
    def odd(self) -> tuple[str, ...]:
        """Everything for which a person must look at it."""
        return (*self.exceptions, *(flag for flag in self.flags if flag in EXCEPTION_FLAGS))


REASONS = {
    "else": "nothing before it fits",
    "held": "somebody waits for it",
    "not_held": "nobody waits for it",
    "odd": "{value}",
    "not_odd": "nothing is odd about it",
    "branch": "its branch is {value}, this one is {home}",
    "no_branch": "its branch is not known",
    "no_home": "this branch is not known",
    "flags": "its flags are {value}",
    "no_flags": "it has no flags",
    "kind": "its kind is {value}",
    "no_kind": "its kind is not known",
    "owner": "its owner is {value}",
    "no_owner": "its owner is not known",
}
"""Why a rule fits or does not, in English; other languages have sentences of the same names."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that was tried, whether it fits, and why: a word of REASONS with its values."""

    rule: SortRule
    fits: bool
    word: str
    value: str = ""
    home: str = ""

    @property
    def why(self) -> str:
        """The plain reason, in English."""
        return REASONS[self.word].format(value=self.value, home=self.home)


def read_rules(lines: Sequence[str]) -> list[SortRule]:
    """Return the rules of a table; raise SortRuleError naming the line that cannot be read."""
    rules = [_rule(number, line) for number, line in enumerate(lines, 1)]
    for number, rule in enumerate(rules[:-1], 1):
        if rule.what == "default":
            raise SortRuleError(f"rule {number} ({rule}): default must be the last rule")
    if rules and rules[-1].what != "default":
        raise SortRuleError("the last rule must be: default -> BIN")
    return rules


def explain(rules: Sequence[SortRule], thing: Returning, home: str) -> list[Step]:
    """Return every rule up to the one that decides. ``home`` is the branch of this place."""
    steps = []
    for rule in rules:
        fits, word, value = _try(rule, thing, home)
        steps.append(Step(rule, fits, word, value, home))
        if fits:
            break
    return steps


def choose(rules: Sequence[SortRule], thing: Returning, home: str) -> str:
    """Return the bin of the first rule that fits; empty without rules."""
    steps = explain(rules, thing, home)
    return steps[-1].rule.bin if steps and steps[-1].fits else ""


def aside(rules: Sequence[SortRule]) -> str:
    """Return the bin of the rule ``exception``; empty when there is none."""
    return next((rule.bin for rule in rules if rule.what == "exception"), "")


def bins(rules: Sequence[SortRule]) -> list[str]:
    """Return the bins that the rules name, each once, in their order."""
    return list(dict.fromkeys(rule.bin for rule in rules))


def _rule(number: int, line: str) -> SortRule:
    where = f"rule {number} ({line!r})"
    what, arrow, name = (
        part.strip() for part in unicodedata.normalize("NFC", line).partition("->")
    )
    if not arrow or not what or not name or "->" in name:
        raise SortRuleError(f"{where}: write it as: WHAT -> BIN")
    what = " ".join(what.split())
    if what in _ALONE:
        return SortRule(what, name)
    unlike = "!=" in what
    field, sign, value = (part.strip() for part in what.partition("!=" if unlike else "="))
    if not sign or field not in _FIELDS or not value:
        words = ", ".join((*_ALONE, *(f"{one} = …" for one in _FIELDS)))
        raise SortRuleError(f"{where}: {what!r} is not one of {words}")
    if field == "flag" and value not in FLAGS:
        raise SortRuleError(f"{where}: flag must be one of {', '.join(sorted(FLAGS))}")
    return SortRule(field, name, value, unlike)


def _try(rule: SortRule, thing: Returning, home: str) -> tuple[bool, str, str]:
    match rule.what:
        case "default":
            return True, "else", ""
        case "hold":
            return thing.held, "held" if thing.held else "not_held", ""
        case "exception":
            return bool(thing.odd), "odd" if thing.odd else "not_odd", ", ".join(thing.odd)
        case "other branch":
            if not thing.branch or not home:
                return False, "no_branch" if home else "no_home", ""
            return thing.branch != home, "branch", thing.branch
        case "flag":
            have = rule.value in thing.flags
            flags = ", ".join(thing.flags)
            return have != rule.unlike, "flags" if flags else "no_flags", flags
        case _:
            value = {"branch": thing.branch, "kind": thing.kind, "owner": thing.owner}[rule.what]
            if not value:
                return False, f"no_{rule.what}", ""
            return (value == rule.value) != rule.unlike, rule.what, value
