"""What both ends say of bundles, in Vietnamese and English: why one cannot be used, what was done."""

from typing import Any

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "no_bundle": "{file}: this is no Shelfwire bundle. Choose a file that ends in .bundle.",
        "cut": "{file}: it ends too early ({field} is missing): it was not copied whole. "
        "Copy it again, and eject the stick before you pull it out. Nothing was changed.",
        "changed": "{file}: it is damaged or was changed after it was made ({field}). "
        "Make it anew. Nothing was changed.",
        "newer": "{file}: made by a newer program ({field} {found}, known here is {known}). "
        "Update this program first. Nothing was changed.",
        "not_for_us": "{file}: it is closed for somebody else ({field}): another machine, another "
        "centre, or keys from before it was enrolled again. Nothing was changed.",
        "wrong_kind": "{file}: it carries {found}, needed is {wanted} (kind). Nothing was changed.",
        "wrong_device": "{file}: it is for {found}, this is {wanted} (device). Nothing was changed.",
        "wrong_site": "{file}: it is for site {found}, this is {wanted} (site). "
        "Nothing was changed.",
        "not_enrolled": "{file}: {found} is not enrolled here, or its right to speak was taken "
        "(device). Nothing was changed; the facts stay on the stick and on the machine.",
        "other_cert": "{file}: made with a certificate that is not {found}'s present one (cert): the "
        "machine was enrolled again. Export once more there. Nothing was changed.",
        "foreign_cert": "{file}: not signed by a machine of this centre (cert). "
        "Nothing was changed.",
        "not_the_centre": "{file}: not signed by the centre of this machine (cert). "
        "Nothing was changed.",
        "expired": "{file}: it was good until {until} (expires). Fetch a new answer from the "
        "centre. Nothing was changed.",
        "gap": "{file}: facts before number {first} are missing at the centre, which has {have} "
        "(first). Export once more with --all. What is there stays; nothing of this was taken in.",
        "other_history": "{file}: the machine works on an old image of its storage (epoch). Nothing "
        "of this was taken in; give it the answer that was written, then export once more.",
        "part_gap": "{file}: its changes begin at version {start}, the machine's copy is at {have} "
        "(start). Fetch an answer for this machine's newest export.",
        "no_keys": "{file}: {field} is missing. It comes with enrolment, or by itself "
        "with the first network connection.",
        "unwritable": "{file}: cannot be written: {why}",
        "unreadable": "{file}: cannot be read: {why}",
        "no_journal": "{file}: the journal cannot be read: {why}",
        "nothing_here": "{file}: there is no bundle here ({wanted}).",
        "exported": "{count} facts are on the stick: {file} ({size}). They stay on this machine "
        "until the centre has them. Take the stick to the centre.",
        "exported_none": "No facts wait here. {file} only asks for the centre's answer.",
        "taken_in": "{file}: {fresh} new facts of {device}, {repeated} the centre had already.",
        "answered": "The answer is on the stick: {file} ({size}). Take it back to {device} "
        "before {until}.",
        "accepted": "{file}: taken in. The centre has {acked} of this machine's facts, {waiting} "
        "wait; the copy is at version {version}.",
        "known": "{file}: everything in it was known already; nothing changed.",
        "handed_over": "{file}: whole and genuine. It takes effect when the agent starts.",
        "not_yet": "{file}: whole and genuine; the agent has not taken it in yet. It will; "
        "look at its log if this lasts.",
    },
    "vi": {
        "no_bundle": "{file}: đây không phải gói dữ liệu Shelfwire. Hãy chọn tệp có đuôi .bundle.",
        "cut": "{file}: tệp bị cụt (thiếu {field}): chưa được chép trọn vẹn. "
        "Hãy chép lại và ngắt USB an toàn trước khi rút. Chưa có gì thay đổi.",
        "changed": "{file}: tệp bị hỏng hoặc bị sửa sau khi tạo ({field}). "
        "Hãy tạo lại tệp. Chưa có gì thay đổi.",
        "newer": "{file}: do chương trình mới hơn tạo ra ({field} {found}, ở đây chỉ biết {known}). "
        "Hãy cập nhật chương trình này trước. Chưa có gì thay đổi.",
        "not_for_us": "{file}: tệp được khóa cho nơi khác ({field}): máy khác, trung tâm khác, "
        "hoặc khóa cũ từ trước khi máy được cấp lại. Chưa có gì thay đổi.",
        "wrong_kind": "{file}: tệp này là {found}, ở đây cần {wanted} (kind). Chưa có gì thay đổi.",
        "wrong_device": "{file}: tệp dành cho máy {found}, đây là máy {wanted} (device). "
        "Chưa có gì thay đổi.",
        "wrong_site": "{file}: tệp dành cho điểm {found}, đây là điểm {wanted} (site). "
        "Chưa có gì thay đổi.",
        "not_enrolled": "{file}: máy {found} chưa được cấp phép ở đây hoặc đã bị thu hồi (device). "
        "Chưa có gì thay đổi; dữ liệu vẫn còn trên USB và trên máy.",
        "other_cert": "{file}: được ký bằng chứng thư không còn dùng của máy {found} (cert): máy đã "
        "được cấp lại. Hãy xuất lại từ máy đó. Chưa có gì thay đổi.",
        "foreign_cert": "{file}: không do máy nào của trung tâm này ký (cert). "
        "Chưa có gì thay đổi.",
        "not_the_centre": "{file}: không do trung tâm của máy này ký (cert). Chưa có gì thay đổi.",
        "expired": "{file}: chỉ dùng được đến {until} (expires). Hãy lấy tệp trả lời mới từ "
        "trung tâm. Chưa có gì thay đổi.",
        "gap": "{file}: trung tâm còn thiếu các giao dịch trước số {first}, hiện mới có đến {have} "
        "(first). Hãy xuất lại với --all. Dữ liệu đã có vẫn giữ nguyên; chưa nhận gì từ tệp này.",
        "other_history": "{file}: máy đang chạy trên bản sao cũ của bộ nhớ (epoch). Chưa nhận gì "
        "từ tệp này; hãy đưa tệp trả lời vừa ghi về máy, rồi xuất lại.",
        "part_gap": "{file}: thay đổi bắt đầu từ phiên bản {start}, còn bản sao trên máy là {have} "
        "(start). Hãy lấy tệp trả lời cho lần xuất mới nhất của máy này.",
        "no_keys": "{file}: thiếu {field}. Tệp này có khi cấp phép máy, hoặc tự đến "
        "khi máy kết nối mạng lần đầu.",
        "unwritable": "{file}: không ghi được: {why}",
        "unreadable": "{file}: không đọc được: {why}",
        "no_journal": "{file}: không đọc được nhật ký: {why}",
        "nothing_here": "{file}: ở đây không có gói dữ liệu nào ({wanted}).",
        "exported": "Đã ghi {count} giao dịch vào USB: {file} ({size}). Dữ liệu vẫn được giữ trên "
        "máy này cho đến khi trung tâm nhận được. Hãy mang USB đến trung tâm.",
        "exported_none": "Không có giao dịch nào đang chờ. {file} chỉ xin trung tâm trả lời.",
        "taken_in": "{file}: {fresh} giao dịch mới của máy {device}, {repeated} trung tâm đã có.",
        "answered": "Đã ghi tệp trả lời vào USB: {file} ({size}). Hãy mang về máy {device} "
        "trước {until}.",
        "accepted": "{file}: đã nhận. Trung tâm có {acked} giao dịch của máy này, còn {waiting} "
        "đang chờ; bản sao ở phiên bản {version}.",
        "known": "{file}: mọi thứ trong tệp đã có từ trước; không có gì thay đổi.",
        "handed_over": "{file}: tệp nguyên vẹn, đúng nguồn. Sẽ có hiệu lực khi dịch vụ khởi động.",
        "not_yet": "{file}: tệp nguyên vẹn, đúng nguồn; dịch vụ chưa nhận xong. Hãy đợi thêm; "
        "nếu lâu quá hãy xem nhật ký của dịch vụ.",
    },
}


def say(language: str, word: str, **values: Any) -> str:
    """Return a sentence with its values filled in; sizes in bytes become KB or MB."""
    size = values.get("size")
    if isinstance(size, int):
        values["size"] = f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} KB"
    return SENTENCES[language][word].format(**values)
