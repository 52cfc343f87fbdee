"""Barcode scanners."""

from drivers.barcode.scanner import ScannerOptions, open_scanner
from drivers.ports import Driver, Scanner

SCANNER = Driver(
    name="scanner",
    port=Scanner,
    options=ScannerOptions,
    open=open_scanner,
    help="barcode scanner on a serial line (RS-232 or USB-CDC)",
)
