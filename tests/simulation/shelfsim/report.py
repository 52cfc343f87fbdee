"""Says what failed, and the shortest command that plays it again."""

from shelfsim.run import Result, run

TRIES = 60


def complaint(result: Result) -> str:
    """Return what is wrong with a seed, made as short as some tries allow."""
    kept, least = shrink(result)
    only = ",".join(str(number) for number in kept)
    lines = [f"seed {result.seed}: {len(result.broken)} promises broken", *least.broken[:5]]
    lines += ["play it again:", f"  {command(result.seed, only)}"]
    return "\n".join(lines)


def command(seed: int, only: str) -> str:
    return f".venv/bin/python tests/simulation/soak.py --first {seed} --seeds 1 --only {only or '-'} -v"


def shrink(result: Result) -> tuple[list[int], Result]:
    """Leave out actions as long as the seed still fails; return the numbers of those that stay."""
    kept, least, tries = [one.number for one in result.actions], result, 0
    chunk = len(kept) // 2
    while chunk and tries < TRIES:
        start = 0
        while start < len(kept) and tries < TRIES:
            fewer = kept[:start] + kept[start + chunk :]
            again, tries = run(result.seed, set(fewer)), tries + 1
            if again.ok:
                start += chunk
            else:
                kept, least = fewer, again
        chunk //= 2
    return kept, least
