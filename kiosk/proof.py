"""The kiosk's receipt keys: its own to sign with, the centre's to check any receipt with."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.wire.commands import load_public
from edge.wire.errors import WireError
from edge.wire.proofs import Signer


@dataclass(frozen=True, slots=True)
class ReceiptKeys:
    """``signer`` makes codes, ``centre`` is what they are checked against."""

    signer: Signer
    centre: Ed25519PublicKey


def centres(listed: Iterable[str], own: Iterable[Ed25519PublicKey] = ()) -> list[Ed25519PublicKey]:
    """Return the keys to believe: the machine's own copy, and those of the local copy's list (hex).

    What is no key in that list is left out.
    """
    found = {key.public_bytes_raw(): key for key in own}
    for text in listed:
        with suppress(ValueError):
            raw = bytes.fromhex(text)
            found.setdefault(raw, Ed25519PublicKey.from_public_bytes(raw))
    return list(found.values())


def load(folder: Path) -> ReceiptKeys:
    """Return the keys of the folder that ``enrol`` made; raise ValueError saying what is missing."""
    try:
        secret = bytes.fromhex((folder / "receipt.key").read_text("ascii").strip())
        word = (folder / "receipt.crt").read_text("ascii")
        centre = load_public((folder / "command.pub").read_bytes())
        return ReceiptKeys(Signer(Ed25519PrivateKey.from_private_bytes(secret), word), centre)
    except OSError as error:
        raise ValueError(f"receipt_keys: {error.filename}: {error.strerror}") from None
    except (ValueError, WireError) as error:
        raise ValueError(f"receipt_keys {folder}: {error}") from None
