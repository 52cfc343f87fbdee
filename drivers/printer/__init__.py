"""Receipt printers that speak ESC/POS."""

from drivers.ports import Driver, Printer
from drivers.printer.printer import PrinterOptions, open_printer

PRINTER = Driver(
    name="escpos",
    port=Printer,
    options=PrinterOptions,
    open=open_printer,
    help="receipt printer that speaks ESC/POS, with its own view of paper and cover",
)
