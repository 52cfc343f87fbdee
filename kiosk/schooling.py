"""A class for a kiosk in a box: children with pictures, a teacher with a PIN, for tests and pictures."""

import msgspec

from edge.circulation.model import ANIMALS, GroupRule, Pupil, ReaderView, SchoolClass
from edge.wire.batch import to_builtins
from edge.wire.facts import card_ref, member_ref
from edge.wire.messages import Part
from edge.wire.names import seal_name
from kiosk.testing import KEY, Box

TEACHER, PIN = "100001", "4711"
NAMES = ("An", "Bình", "Chi", "Dung", "Giang", "Hà", "Khôi", "Lan", "Minh", "Nga", "Ngọc", "Phúc")


def teach(box: Box, count: int = 12, *, title: str = "Lớp 3A", limit: int = 2) -> SchoolClass:
    """Give the kiosk a class; the first children have a name, the last two only a picture.

    The second child is blocked. Children may have ``limit`` loans.
    """
    pupils, readers = [], []
    for n in range(count):
        ref = member_ref(KEY, f"K{n}")
        name = NAMES[n % len(NAMES)] if n < count - 2 else ""
        sealed = seal_name(KEY, ref, name) if name else ""
        picture = f"{ANIMALS[n % len(ANIMALS)]}-{(n + n // len(ANIMALS)) % 6}"
        pupils.append(Pupil(card=ref, picture=picture, name=sealed))
        readers.append(ReaderView(card=ref, reader=f"K{n}", group="child", blocked=n == 1))
        box.centre.names[ref] = name
    group = SchoolClass(id="3A", title=title, teachers=[f"R{TEACHER}"], pupils=pupils)
    box.centre.pins[card_ref(KEY, TEACHER)] = PIN
    for one in (box.replica, box.centre.replica):
        rules = one.policy.groups | {"child": GroupRule(limit=limit)}
        policy = msgspec.structs.replace(one.policy, classes=[group], groups=rules)
        part = Part(
            version=one.version + 1, start=one.version, readers=readers, policy=to_builtins(policy)
        )
        one.apply(part)
    return group


async def open_class(box: Box) -> None:
    """Open the class as its teacher does."""
    box.press("class")
    await box.screen("identify", lambda d: d["state"] == "class_card")
    box.scan(TEACHER)
    await box.screen("pin")
    box.type(PIN)
    await box.screen("classes")
    box.press("open_class", "3A")
    await box.screen("class")
