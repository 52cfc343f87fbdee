"""What cannot be done in the world. The sentence for the key is in ``texts/*.json``."""


class WorldError(Exception):
    """An act that no hand could do; ``key`` and ``values`` make the sentence for the person."""

    def __init__(self, key: str, **values: str) -> None:
        """Name the sentence."""
        super().__init__(f"{key} {values}" if values else key)
        self.key = key
        self.values = values
