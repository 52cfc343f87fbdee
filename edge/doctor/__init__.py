"""Examines a device: the machine, its journal, its line to the centre, its readers."""

from edge.doctor.examine import Questions, examine
from edge.doctor.model import Finding

__all__ = ["Finding", "Questions", "examine"]
