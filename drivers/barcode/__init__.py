"""Barcode scanners."""

from drivers.barcode.camera import open_camera
from drivers.barcode.frames import CameraOptions
from drivers.barcode.hid import HidOptions, open_hid
from drivers.barcode.scanner import ScannerOptions, open_scanner
from drivers.ports import Driver, Scanner

SCANNER = Driver(
    name="scanner",
    port=Scanner,
    options=ScannerOptions,
    open=open_scanner,
    help="barcode scanner on a serial line (RS-232 or USB-CDC)",
)
HID = Driver(
    name="scanner-hid",
    port=Scanner,
    options=HidOptions,
    open=open_hid,
    help="barcode scanner that types like a keyboard (USB HID)",
)
CAMERA = Driver(
    name="scanner-camera",
    port=Scanner,
    options=CameraOptions,
    open=open_camera,
    help="a camera as barcode scanner",
)
