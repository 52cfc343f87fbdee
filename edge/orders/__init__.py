"""What the centre tells this device to do: checked, remembered, done at most once, told back."""

from edge.orders.obey import Orders

__all__ = ["Orders"]
