"""x."""

from gateway.config import Config


def run(config: Config) -> int:
    """Run."""
    return int(config is None)
