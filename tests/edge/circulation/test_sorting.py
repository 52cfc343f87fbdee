import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.sorting import (
    REASONS,
    Returning,
    SortRuleError,
    aside,
    bins,
    choose,
    explain,
    read_rules,
)
from edge.texts import Texts

TABLE = [
    "exception -> 9", "hold -> 2", "owner = VN-BTTVL -> 6", "other  branch->3", "kind = dvd -> 5",
    "kind != book -> 7", "flag = reference -> 8", "default -> 1",
]  # fmt: skip
RULES = read_rules(TABLE)


@pytest.mark.parametrize(
    ("thing", "wanted"),
    [
        (Returning("B1"), "1"),
        (Returning("B1", kind="book", branch="tinh"), "1"),
        (Returning("B1", held=True), "2"),
        (Returning("B1", held=True, branch="xa"), "2"),
        (Returning("B1", branch="xa"), "3"),
        (Returning("B1", kind="dvd", branch="tinh"), "5"),
        (Returning("B1", kind="map"), "7"),
        (Returning("B1", owner="VN-BTTVL"), "6"),
        (Returning("B1", flags=("reference",)), "8"),
        (Returning("B1", flags=("lost",), held=True), "9"),
        (Returning("B1", exceptions=("unknown",)), "9"),
    ],
)
def test_the_first_rule_that_fits_names_the_bin(thing, wanted):
    assert choose(RULES, thing, "tinh") == wanted


def test_the_choice_is_explained_rule_by_rule():
    steps = explain(RULES, Returning("B1", branch="xa", kind="dvd"), "tinh")
    assert [(str(step.rule), step.fits) for step in steps] == [
        ("exception -> 9", False), ("hold -> 2", False), ("owner = VN-BTTVL -> 6", False),
        ("other branch -> 3", True),
    ]  # fmt: skip
    assert steps[-1].why == "its branch is xa, this one is tinh"
    assert steps[2].why == "its owner is not known"


def test_a_place_that_does_not_know_its_branch_sends_nothing_away():
    assert choose(RULES, Returning("B1", branch="xa"), "") == "1"


def test_the_table_names_its_bins_and_where_things_are_put_aside():
    assert bins(RULES) == ["9", "2", "6", "3", "5", "7", "8", "1"]
    assert aside(RULES) == "9"
    assert aside(read_rules(["default -> 1"])) == ""


def test_without_rules_no_bin_is_chosen():
    assert choose(read_rules([]), Returning("B1"), "tinh") == ""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["hold 2", "default -> 1"], "rule 1 ('hold 2'): write it as: WHAT -> BIN"),
        (["hold -> ", "default -> 1"], "WHAT -> BIN"),
        (["colour = red -> 2", "default -> 1"], "rule 1 ('colour = red -> 2'): 'colour = red' is"),
        (["kind = -> 2", "default -> 1"], "is not one of"),
        (["flag = red -> 2", "default -> 1"], "flag must be one of lost, missing"),
        (["default -> 1", "hold -> 2", "default -> 3"], "rule 1 (default -> 1): default must be"),
        (["hold -> 2"], "the last rule must be: default -> BIN"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named_with_the_mend(lines, said):
    with pytest.raises(SortRuleError) as caught:
        read_rules(lines)
    assert said in str(caught.value)


def test_a_rule_reads_back_as_it_is_written():
    assert [str(rule) for rule in read_rules([str(rule) for rule in RULES])] == [
        str(rule) for rule in RULES
    ]


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_text_is_rules_or_the_error_of_rules(lines):
    with contextlib.suppress(SortRuleError):
        read_rules(lines)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_reason_has_its_sentence(lang):
    texts = Texts(lang)
    for word in REASONS:
        assert texts.say(f"drop.why_{word}", value="v", home="h")
