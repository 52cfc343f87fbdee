"""``shelfwire receipt``: is this receipt genuine, and what does it say? No network is needed."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.barcode.pictures import Picture, decoder
from drivers.errors import OptionError
from edge.arguments import add_json, add_language
from edge.circulation.model import Policy
from edge.texts import Texts
from edge.wire.commands import load_public
from edge.wire.errors import WireError
from edge.wire.proofs import NotGenuineError, Proof, is_receipt, verify

NOT_GENUINE, WRONG = 1, 2
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
_ABOUT = """\
Say whether a receipt was made by a machine of this library, and what it says. RECEIPT is the text of
its QR code ("SW1:…"), a picture of it, or - to read the text from standard input.

  shelfwire receipt verify photo.jpg
  shelfwire receipt verify SW1:KT7A... --centre /etc/shelfwire/command.pub --json

Exit status 0: genuine; 1: not genuine; 2: there is nothing to check, or no key to check with.
"""


def add_parser(words: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    receipt = words.add_parser("receipt", help="check a receipt: is it genuine, what does it say")
    check = receipt.add_subparsers(
        dest="receipt_command", required=True, metavar="WHAT"
    ).add_parser(
        "verify",
        help="check one receipt",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("receipt", metavar="RECEIPT", help="text, picture, or -")
    check.add_argument(
        "--centre", type=Path, default=Path("/etc/shelfwire/command.pub"), metavar="FILE",
        help="the centre's public key (default: %(default)s)",
    )  # fmt: skip
    check.add_argument("--zone", default=Policy().zone, help="time zone (default: %(default)s)")
    add_json(check)
    add_language(check)
    check.set_defaults(handler=run_verify)


def run_verify(args: argparse.Namespace) -> int:
    """Check one receipt; return the exit status."""
    texts = Texts(args.lang)
    try:
        centre = load_public(args.centre.read_bytes())
        text = _text(args.receipt)
    except (OSError, WireError, OptionError) as error:
        print(f"shelfwire receipt: {error}", file=sys.stderr)  # noqa: T201
        return WRONG
    try:
        proof = verify(text, centre)
    except NotGenuineError as error:
        if args.json:
            _say(json.dumps({"genuine": False, "why": str(error)}))
        else:
            _say(texts.say("receipt.false"), f"  {error}")
        return NOT_GENUINE
    _say(json.dumps(_plain(proof), ensure_ascii=False) if args.json else _words(proof, texts, args))
    return 0


def _text(given: str) -> str:
    """Return the text of a receipt; raise OptionError when there is none."""
    if given == "-":
        return sys.stdin.read(8192)
    if Path(given).suffix.lower() not in PICTURES:
        return given
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(given) as image:
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise OptionError(f"{given}: no picture that can be read ({error})") from None
    picture = Picture(grey.width, grey.height, grey.tobytes())
    found = [scan.text for scan in decoder("zxing")(picture) if is_receipt(scan.text)]
    if not found:
        raise OptionError(f"{given}: no code of a receipt in this picture")
    return found[0]


def _plain(proof: Proof) -> dict[str, object]:
    slip = proof.slip
    return {
        "genuine": True, "site": proof.site, "device": proof.device, "at": slip.at,
        "number": slip.number,
        "items": [
            {"did": e.deed, "item": e.item, "due": e.due, "sure": e.sure} for e in slip.entries
        ],
    }  # fmt: skip


def _words(proof: Proof, texts: Texts, args: argparse.Namespace) -> str:
    zone, slip = ZoneInfo(args.zone), proof.slip
    made = datetime.fromtimestamp(slip.at / 1000, zone).strftime("%d/%m/%Y %H:%M")
    head = texts.say("receipt.genuine", n=len(slip.entries))
    rows = [
        head,
        "  " + texts.say("receipt.made", when=made, device=proof.device, number=slip.number),
    ]
    for entry in slip.entries:
        due = datetime.fromtimestamp(entry.due / 1000, zone).strftime("%d/%m/%Y")
        word = f"receipt.{entry.deed}" + ("" if entry.sure or entry.deed != "lent" else "_expected")
        rows.append(f"  {entry.item}  {texts.say(word, due=due)}")
    return "\n".join(rows)


def _say(*lines: str) -> None:
    for line in lines:
        print(line)  # noqa: T201
