"""The agent on a library's Raspberry Pi: journal, desk, tag security, uplink, stations."""

__version__ = "0.1.0"
