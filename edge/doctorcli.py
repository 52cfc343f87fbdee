"""``shelfwire doctor``: what is wrong with this machine and its devices, and what to do."""

import argparse
import asyncio
import json
from typing import TYPE_CHECKING, Any

from edge.arguments import add_config, add_json, add_language
from edge.config import ConfigError
from edge.texts import Texts

if TYPE_CHECKING:
    from edge.doctor.model import Finding

ILL, WRONG = 1, 2
_MARKS = {"ok": "ok", "note": "-", "warn": "!", "bad": "X"}
_HELP = """\
Look at this machine, its devices and its line to the centre, and say in plain words what is wrong
and what to do. It asks the devices of the configuration only; with --probe also the serial ports
that are not in it. It changes no setting. While the agent is at work the devices are left to it.

  shelfwire doctor                               all of /etc/shelfwire/agent.toml
  shelfwire doctor --device pad --seconds 5      one device, measured for longer
  shelfwire doctor --config agent.toml --json    for another program
  shelfwire doctor --probe                       what hangs on the other ports?

Lay tagged books on the pads (and carry one through the gate) to have the reading measured.
Exit status 0: well; 1: something is wrong; 2: wrong arguments.
"""


def add_parser(subparsers: Any) -> None:
    """Add ``doctor``; the handler is called with the parsed arguments."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what is wrong with this machine and its devices, and what to do",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--probe", action="store_true", help="ask unknown serial ports too")
    parser.add_argument("--device", metavar="NAME", help="only this device")
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="measure each reader so long (2)"
    )
    parser.add_argument(
        "--antennas", type=int, default=1, metavar="N", help="antennas of a pad's reader (1)"
    )
    add_language(parser)
    parser.set_defaults(handler=run_doctor)


def run_doctor(args: argparse.Namespace) -> int:
    """Examine and report."""
    from edge.doctor import Questions, examine

    if not 0 < args.seconds <= 600 or not 1 <= args.antennas <= 8:
        raise ConfigError("doctor: --seconds is 0 to 600, --antennas is 1 to 8")
    questions = Questions(
        config=args.config, probe=args.probe, device=args.device,
        seconds=args.seconds, antennas=args.antennas,
    )  # fmt: skip
    texts = Texts(args.lang)
    findings: list[Finding] = []

    def told(finding: "Finding") -> None:
        findings.append(finding)
        if not args.json:
            print("\n".join(lines(finding, texts)), flush=True)  # noqa: T201

    asyncio.run(examine(questions, told))
    ill = sum(finding.level == "bad" for finding in findings)
    if args.json:
        shown = {"well": not ill, "findings": [finding.as_json(texts) for finding in findings]}
        print(json.dumps(shown, ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print(f"\n{_sum(findings, texts)}")  # noqa: T201
    return ILL if ill else 0


def lines(finding: "Finding", texts: Texts) -> list[str]:
    """Return a finding as text: the mark, the part, what is so; below it what to do."""
    mark = _MARKS[finding.level]
    said = [f"{mark:>2}  {finding.part:<12} {finding.text(texts)}"]
    if mend := finding.mend(texts):
        said.append(f"{'':>17}> {mend}")
    return said


def _sum(findings: "list[Finding]", texts: Texts) -> str:
    count = {level: sum(f.level == level for f in findings) for level in ("warn", "bad")}
    if not any(count.values()):
        return texts.say("doctor.sum_well")
    return texts.say("doctor.sum_look", **count)
