"""Many seeds: `soak.py --seeds 10000 --first 1`; one again: `--first 7 --seeds 1 --only 3,8 -v`."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from shelfsim.report import complaint
from shelfsim.run import Result, run


def main() -> int:
    """Run; the last line tells how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only", default="", help="numbers of the actions to play; - for none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("-v", action="store_true", help="print the history")
    args = parser.parse_args()
    if args.only:
        only = {int(number) for number in args.only.split(",") if number.isdigit()}
        return one(run(args.first, only), verbose=args.v)
    return many(range(args.first, args.first + args.seeds), args.jobs, verbose=args.v)


def many(seeds: range, jobs: int, *, verbose: bool) -> int:
    """Run seeds in processes of their own."""
    failed, done, total, begun = 0, 0, Counter[str](), time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for result in pool.map(run, seeds, chunksize=5):
            done += 1
            total += result.counts
            if not result.ok:
                failed += 1
                print(complaint(result), flush=True)
            if verbose and len(seeds) == 1:
                one(result, verbose=True)
            if done % 200 == 0:
                print(
                    f"{done} seeds, {time.monotonic() - begun:.0f} s, failed {failed}", flush=True
                )
    print(", ".join(f"{name} {count}" for name, count in sorted(total.items())))
    print(f"seeds={done} failed={failed}")
    return 1 if failed else 0


def one(result: Result, *, verbose: bool) -> int:
    """Show one history."""
    if verbose:
        print("\n".join(result.log))
    print("\n".join(result.broken) or "nothing is broken")
    print(f"seeds=1 failed={int(not result.ok)}")
    return int(not result.ok)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets in their order, so that a seed is a history
        os.execve(
            sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"}
        )
    raise SystemExit(main())
