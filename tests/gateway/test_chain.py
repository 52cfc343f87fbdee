"""The chain of an item that goes from hand to hand: what can be settled, and stays so."""

import random

from edge.circulation.model import ItemView, Policy, ReaderView
from gateway.chain import Chain, Link, is_beyond, reach, reckon, settled
from gateway.testing import NOW

ITEM = ItemView(item="B1", title="")
POLICIES = {0: Policy()}


def said(dice: random.Random, n: int, at: int) -> Link:
    """Return something that one of two machines says."""
    kind = dice.choice(["loan", "return", "return", "renewal_wish"])
    reader = dice.choice(["R1", "R2", None])
    return Link(
        id=f"f{n:02}",
        kind=kind,
        at=at,
        unc=dice.choice([0, 0, 50_000]),
        device=dice.choice(["kiosk-1", "kiosk-2"]),
        epoch="e",
        seq=n,
        arrival=n,
        card="" if kind == "return" else str(reader),
        reader=None if kind == "return" else reader,
        due=at,
        view=ReaderView(card="c", reader=reader) if reader else None,
    )


def history(dice: random.Random) -> list[Link]:
    at, links = NOW, []
    for n in range(dice.randint(3, 9)):
        at += dice.choice([1000, 70_000, 90_000, 3_600_000])
        links.append(said(dice, n, at))
    return links


def part(chain: Chain, links: list[Link]) -> tuple[list[object], dict[str, list[str]]]:
    ids = [link.id for link in links]
    loans: list[object] = [loan for loan in chain.loans if loan.id in ids]
    return loans, {ident: chain.codes[ident] for ident in ids if chain.codes.get(ident)}


def test_what_follows_a_settled_return_hangs_on_nothing_before_it():
    dice, found = random.Random(1), 0
    for _ in range(4000):
        links = history(dice)
        back = settled(links, 1)
        if back is None:
            continue
        n = links.index(back) + 1
        rest = links[n:]
        if not is_beyond(rest, reach(links[:n])):
            continue
        whole, tail = reckon(ITEM, links, POLICIES), reckon(ITEM, rest, POLICIES, back)
        assert part(whole, rest) == part(tail, rest)
        found += 1
    assert found > 1000


def test_nothing_that_comes_after_changes_what_was_settled():
    dice = random.Random(2)
    for _ in range(4000):
        links = history(dice)
        back = settled(links, 1)
        if back is None:
            continue
        n = links.index(back)
        later = said(dice, 90, links[n + 1].at + dice.choice([1, 1000, 90_000]))
        before, after = (reckon(ITEM, some, POLICIES) for some in (links, [*links, later]))
        assert part(before, links[: n + 1]) == part(after, links[: n + 1])


def test_an_item_that_only_comes_back_again_and_again_is_never_settled():
    links = [said(random.Random(3), n, NOW + n * 3_600_000) for n in range(9)]
    assert settled([link for link in links if link.kind == "return"], 0) is None
