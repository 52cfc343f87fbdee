"""Options that all barcode scanners share."""

from dataclasses import dataclass, field

from drivers.barcode.citizen import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """What is told of a code."""

    codabar: bool = field(
        default=False,
        metadata={"help": "cut start and stop letters A to D off numbers of an unnamed symbology"},
    )
    papers: Policy = field(
        default="number",
        metadata={
            "help": "QR codes of identity papers: number (tell the twelve digits, drop the rest at "
            "once), old_number (the nine of the paper before) or refuse (tell nothing)"
        },
    )
