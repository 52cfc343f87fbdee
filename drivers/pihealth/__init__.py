"""The computer itself as a device: temperature, power, storage, clock."""

from drivers.pihealth.sensors import PI, PiHealth, PiHealthOptions

__all__ = ["PI", "PiHealth", "PiHealthOptions"]
