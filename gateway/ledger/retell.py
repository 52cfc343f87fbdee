"""Tells the library system a thing once more, as a person or a later word decided."""

from gateway.ledger.store import Store


def tell_again(store: Store, fact: str) -> None:
    """Have what was refused, is unsure or was nothing to tell looked at again; else do nothing."""
    store.run(
        "UPDATE ils_posts SET state = 'waiting', tries = 0, next = 0, first = 0 WHERE fact = ? "
        "AND state IN ('refused', 'unsure', 'past')",
        fact,
    )
