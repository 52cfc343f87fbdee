"""The dependencies of the package are the lines of requirements.in: one list, kept in one place."""

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsHook(MetadataHookInterface):
    """Read requirements.in into the package's metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in ``dependencies``."""
        lines = (Path(self.root) / "requirements.in").read_text().splitlines()
        metadata["dependencies"] = [
            line for line in map(str.strip, lines) if line and not line.startswith("#")
        ]
