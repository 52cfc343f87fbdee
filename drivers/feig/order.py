"""The order of a block's bytes on the wire: most readers turn each block around."""

from drivers.feig.options import BlockOrder


def in_order(order: BlockOrder, block: bytes) -> bytes:
    """Turn a block from memory order to wire order, or back: it is the same turn."""
    return block[::-1] if order == "reversed" else block


def all_in_order(order: BlockOrder, data: bytes, block_size: int) -> bytes:
    """Turn each block of ``data``."""
    step = block_size or len(data) or 1
    return b"".join(in_order(order, data[i : i + step]) for i in range(0, len(data), step))
