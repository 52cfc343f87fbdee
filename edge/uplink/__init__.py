"""The uplink: facts go up in batches until the ledger has them, the centre's words come down."""

from edge.uplink.link import LinkLostError
from edge.uplink.uplink import Uplink

__all__ = ["LinkLostError", "Uplink"]
