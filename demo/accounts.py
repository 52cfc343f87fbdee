"""The demo's staff: an account for every role, under one password that is made for this folder."""

import json
import secrets
import time

from demo.places import Places
from gateway.enrol import open_ledger
from gateway.home import Home, write_secret
from gateway.ledger import accounts

STAFF: tuple[tuple[str, str, str, list[str]], ...] = (
    ("tinh", "province", "Thư viện tỉnh", []),
    ("thuthu", "staff", "Cô Hoa", ["tinh"]),
    ("phutrach", "manager", "Anh Minh", ["xa"]),
    ("kythuat", "technician", "Anh Sơn", []),
    ("kiemtra", "inspector", "Đoàn kiểm tra", []),
)
"""Account, role, name, sites."""
PROGRAM = "demo"
_WORDS = ("sen", "tre", "lua", "may", "song", "nui", "gio", "trang", "sach", "den", "hoa", "mua")


def make_accounts(places: Places) -> None:
    """Make the accounts, unless this folder has them; the password is its own."""
    if places.staff.exists():
        return
    password = (
        "-".join(secrets.choice(_WORDS) for _ in range(3)) + f"-{secrets.randbelow(9000) + 1000}"
    )
    now = time.time_ns() // 1_000_000
    ledger = open_ledger(Home(places.centre))
    try:
        for account, role, name, sites in STAFF:
            accounts.put(ledger, account, role, now, name=name, sites=sites, password=password)
        accounts.put(ledger, PROGRAM, "province", now, name="make demo")
        token = accounts.set_token(ledger, PROGRAM, now)
    finally:
        ledger.close()
    write_secret(places.staff, json.dumps({"password": password, "token": token}) + "\n")


def sign_in_line(places: Places) -> str:
    """Return who can sign in, in one line."""
    names = ", ".join(f"{account} ({role})" for account, role, _, _ in STAFF)
    return f"sign in as {names}; password {places.secrets()['password']}"
