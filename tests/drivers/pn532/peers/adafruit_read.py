"""Read one card with the Adafruit driver over pyserial: print UID and pages 4 to 7."""

# ruff: noqa: T201

import sys
import types

import serial

# The driver only needs these names for type hints and pin handling, not a board.
digitalio = types.ModuleType("digitalio")
digitalio.Direction = digitalio.DigitalInOut = object
sys.modules.setdefault("digitalio", digitalio)

from adafruit_pn532.uart import PN532_UART

with serial.Serial(sys.argv[1], 115200, timeout=0.5) as port:
    chip = PN532_UART(port)
    print(*chip.firmware_version)
    chip.SAM_configuration()
    uid = chip.read_passive_target(timeout=1)
    print(bytes(uid).hex())
    print(b"".join(bytes(chip.ntag2xx_read_block(page)) for page in range(4, 8)).hex())
