"""What the demo's idle kiosks show: events of the coming days and a few of its books."""

import json
from datetime import date, timedelta

from demo.catalogue import Library

EVENTS = (
    (2, "09:00", "Giờ kể chuyện cho thiếu nhi", "Story hour for children", "Phòng thiếu nhi"),
    (5, "14:00", "Câu lạc bộ sách Truyện Kiều", "Reading club: The Tale of Kieu", "Phòng đọc 2"),
    (9, "08:30", "Ngày hội đọc sách", "Reading festival", "Sân thư viện"),
)
NOTE = ("Thẻ bạn đọc làm tại quầy, miễn phí cho học sinh.", "Library cards are free for pupils.")


def board(library: Library, today: date) -> str:
    """Return the TOML that ``shelfwire-gateway import-board`` reads."""
    titles = {
        copy.record()["title"]: copy.record()["item"] for copy in library.copies if copy.known
    }
    lines = [f"note = {_text(NOTE[0])}", f"note_en = {_text(NOTE[1])}"]
    lines.append(f"books = {json.dumps(list(titles.values())[:6])}")
    for days, time, title, title_en, place in EVENTS:
        lines += ["[[events]]", f"title = {_text(title)}", f"title_en = {_text(title_en)}"]
        lines += [
            f'date = "{today + timedelta(days)}"',
            f'time = "{time}"',
            f"place = {_text(place)}",
        ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
