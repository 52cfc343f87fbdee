"""The data on library tags: ISO 28560-2, -3 and -4, 3M; memory in, values out, and back.

``decode`` takes whatever bytes a reader read and always returns a TagContent; ``encode`` makes the
memory of a new tag. Nothing here talks to a device.
"""

from drivers.tags.alliance import AllianceHead
from drivers.tags.alliance_user import encode_alliance_user
from drivers.tags.decide import decode
from drivers.tags.model import (
    AFI_IN,
    AFI_OUT,
    DSFID,
    ELEMENTS,
    Format,
    NewTag,
    TagContent,
    TagError,
)
from drivers.tags.uhf_user import (
    air_write_plan,
    encode_user,
    is_known_user,
    is_torn_user,
    user_write_plan,
)
from drivers.tags.uhf_write import (
    encode_mb01,
    encode_mb01_alliance,
    encode_mb11,
    encode_over,
    encode_uii,
    is_torn,
    uhf_write_plan,
)
from drivers.tags.write import FORMATS, choose, encode, write_plan

__all__ = [
    "AFI_IN",
    "AFI_OUT",
    "DSFID",
    "ELEMENTS",
    "FORMATS",
    "AllianceHead",
    "Format",
    "NewTag",
    "TagContent",
    "TagError",
    "air_write_plan",
    "choose",
    "decode",
    "encode",
    "encode_alliance_user",
    "encode_mb01",
    "encode_mb01_alliance",
    "encode_mb11",
    "encode_over",
    "encode_uii",
    "encode_user",
    "is_known_user",
    "is_torn",
    "is_torn_user",
    "uhf_write_plan",
    "user_write_plan",
    "write_plan",
]
