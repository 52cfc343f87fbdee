"""Read one card with pynfc: print its UID."""

# ruff: noqa: T201

import os
import sys

import pynfc

# A first list of targets stands in for the endless poll of pynfc, which cannot be stopped.
nfc = pynfc.Nfc(f"pn532_uart:{sys.argv[1]}:115200")
for target in nfc.poll():
    print(target.uid.decode(), flush=True)
    break
os._exit(0)
