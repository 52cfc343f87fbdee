"""Reads the import files: JSON lines for items, readers and branches, TOML for the policy."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from edge.circulation.model import Board, Policy
from edge.circulation.rules import end_of_day
from gateway.errors import ImportLineError
from gateway.ledger.catalogue import Branch, Item, Reader
from gateway.ledger.fees import Fee
from gateway.ledger.holds import Hold
from gateway.ledger.sqlite import SqliteLedger

T = TypeVar("T")
MOST_BOARD = 8192


def read_lines(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the values of a JSON lines file; raise ImportLineError naming file, line and field."""
    decoder = msgspec.json.Decoder(kind)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    yield decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise ImportLineError(f"{path} line {number}: {error}") from None
    except OSError as error:
        raise ImportLineError(f"{path}: {error.strerror or error}") from None


def import_items(ledger: SqliteLedger, path: Path, now: int) -> int:
    """Take in all items of a file or none; return how many changed."""
    with ledger.store.transaction():
        changed = ledger.catalogue.put_items(read_lines(path, Item))
        ledger.posting.settle_unknown(now)
    return changed


def import_readers(ledger: SqliteLedger, path: Path, now: int) -> int:
    """Take in all readers of a file or none; return how many readers and cards changed."""
    _, policy = ledger.catalogue.policy()
    pins: dict[str, str] = {}
    emails: dict[str, str] = {}
    papers: list[Reader] = []

    def rows() -> Iterator[tuple[Reader, int, int]]:
        for row in read_lines(path, Reader):
            if row.pin:
                pins[row.reader] = row.pin
            if row.email:
                emails[row.reader] = row.email
            if row.papers or row.paper_consent:
                papers.append(row)
            since = _day(policy, path, row, row.blocked_since)
            yield row, _day(policy, path, row, row.expires), since

    with ledger.store.transaction():
        changed = ledger.catalogue.put_readers(rows(), now)
        changed += sum(ledger.pins.put(reader, pin) for reader, pin in pins.items())
        changed += sum(ledger.papers.put(r.reader, r.papers, r.paper_consent) for r in papers)
        changed += sum(ledger.mails.put_address(*row) for row in emails.items())
        ledger.posting.settle_unknown(now)
    return changed


def import_branches(ledger: SqliteLedger, path: Path) -> int:
    """Take in all branches of a file or none; a parent must be there or in the file."""
    with ledger.store.transaction():
        count = ledger.catalogue.put_branches(read_lines(path, Branch))
        lost = ledger.store.value(
            "SELECT branch FROM branches WHERE parent IS NOT NULL AND parent NOT IN "
            "(SELECT branch FROM branches)"
        )
        if lost is not None:
            raise ImportLineError(f"{path}: branch {lost} has a parent that is not in the tree")
    return count


def import_holds(ledger: SqliteLedger, path: Path, now: int) -> int:
    """Take in all holds of a file or none; return how many changed."""
    with ledger.store.transaction():
        return ledger.holds.put(read_lines(path, Hold), now)


def import_fees(ledger: SqliteLedger, path: Path, now: int) -> int:
    """Take in all fees and payments of a file or none; return how many are new."""
    with ledger.store.transaction():
        return ledger.fees.put(read_lines(path, Fee), now)


def import_policy(ledger: SqliteLedger, path: Path, now: int) -> int:
    """Put the policy of a TOML file in force; return its number."""
    policy = read_policy(path)
    if policy.classes or policy.receipt_centres or policy.receipts_stopped:
        raise ImportLineError(f"{path}: classes and keys of receipts are the gateway's own tables")
    with ledger.store.transaction():
        if policy.board == Board():  # a file about lending says nothing about the board
            policy = msgspec.structs.replace(policy, board=ledger.catalogue.policy()[1].board)
        return ledger.catalogue.put_policy(policy, now)


def import_board(ledger: SqliteLedger, path: Path, now: int) -> Board:
    """Put what idle kiosks show in force; return it. Raises ImportLineError as import_policy does."""
    try:
        board = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _StrictBoard)
        for event in board.events:
            date.fromisoformat(event.date)
    except OSError as error:
        raise ImportLineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, msgspec.ValidationError) as error:
        raise ImportLineError(f"{path}: {error}") from None
    if len(msgspec.json.encode(board)) > MOST_BOARD:
        raise ImportLineError(f"{path}: more than {MOST_BOARD} bytes, leave some out")
    plain = Board(**{name: getattr(board, name) for name in Board.__struct_fields__})
    with ledger.store.transaction():
        _, policy = ledger.catalogue.policy()
        ledger.catalogue.put_policy(msgspec.structs.replace(policy, board=plain), now)
    return plain


class _StrictBoard(Board, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _StrictPolicy(Policy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


def read_policy(path: Path) -> Policy:
    """Return the policy of a TOML file; raise ImportLineError naming the field that is wrong."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        strict = msgspec.convert(table, _StrictPolicy)
        end_of_day(strict, date(2026, 1, 1))  # knows the time zone?
        [date.fromisoformat(day) for day in strict.closed_dates]
    except OSError as error:
        raise ImportLineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, msgspec.ValidationError, ZoneInfoNotFoundError) as error:
        raise ImportLineError(f"{path}: {error}") from None
    return Policy(**{name: getattr(strict, name) for name in Policy.__struct_fields__})


def _day(policy: Policy, path: Path, row: Reader, text: str) -> int:
    if not text:
        return 0
    try:
        return end_of_day(policy, date.fromisoformat(text))
    except ValueError:
        raise ImportLineError(
            f"{path}: reader {row.reader}: {text!r} is no date, write YYYY-MM-DD"
        ) from None
