"""Passwords, codes, throttling, accounts and the OIDC flow, against published vectors."""

import base64
import hashlib
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts import passwords, totp
from gateway.accounts.oidc import Client, OidcError, Provider
from gateway.accounts.rights import DEEDS, RIGHTS, ROLES
from gateway.accounts.throttle import FORGET_MS, FREE, LONGEST_MS, MOST, Throttle
from gateway.cli import DEEDS as ALL_DEEDS
from gateway.cli import main
from gateway.errors import RefusedError
from gateway.ledger import accounts
from gateway.testing import NOW

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
        (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds, wanted):
    assert totp.code(SEED, seconds // 30, digits=8) == wanted


def test_a_code_is_good_once_and_only_near_its_time():
    secret = base64.b32encode(SEED).decode()
    now = 1_234_567_890_000
    text = totp.code(SEED, now // 30_000)
    counter = totp.counter_of(secret, f" {text[:3]} {text[3:]}", now, 0)
    assert counter == now // 30_000
    assert totp.counter_of(secret, text, now + 30_000, 0) == counter
    assert totp.counter_of(secret, text, now, counter) is None
    assert totp.counter_of(secret, text, now + 90_000, 0) is None
    assert totp.counter_of(secret, "", now, 0) is None


def test_scrypt_is_that_of_rfc_7914():
    got = hashlib.scrypt(
        b"pleaseletmein", salt=b"SodiumChloride", n=16384, r=8, p=1, dklen=64, maxmem=1 << 26
    )
    assert got.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")


def test_a_password_is_kept_with_a_salt_and_compared():
    one, other = passwords.keep("mật khẩu dài"), passwords.keep("mật khẩu dài")
    assert one != other
    assert passwords.fits("mật khẩu dài", one)
    assert not passwords.fits("mật khẩu khác", one)
    assert not passwords.fits("", "")
    with pytest.raises(RefusedError, match="10 to 200"):
        passwords.keep("short")


def test_wrong_tries_cost_more_and_more_and_are_forgotten_in_time():
    throttle, now = Throttle(), NOW
    for _ in range(FREE):
        assert throttle.wait_ms("hoa", now) == 0
        throttle.wrong("hoa", now)
    waits = []
    for _ in range(12):
        waits.append(throttle.wait_ms("hoa", now))
        now += waits[-1]
        throttle.wrong("hoa", now)
    assert waits == sorted(waits)
    assert waits[0] == 15_000
    assert waits[-1] == LONGEST_MS
    assert throttle.wait_ms("lan", now) == 0
    assert throttle.wait_ms("hoa", now + FORGET_MS) == 0
    throttle.right("hoa")
    assert throttle.wait_ms("hoa", now) == 0


@given(st.lists(st.text(max_size=5), max_size=50))
def test_the_throttle_does_not_grow_without_end(names):
    throttle = Throttle()
    for n in range(MOST + 10):
        throttle.wrong(f"{n}", NOW)
    for name in names:
        throttle.wrong(name, NOW)
    assert len(throttle._wrong) <= MOST


def test_every_role_has_its_rights_and_commands_exist():
    assert set(RIGHTS) == set(DEEDS) == set(ROLES)
    assert set().union(*DEEDS.values()) == set(ALL_DEEDS)
    assert RIGHTS["inspector"] == {"counts"}
    assert "readers" not in RIGHTS["technician"]


def test_an_account_is_made_changed_and_shut(ledger):
    accounts.put(ledger, "hoa", "staff", NOW, name="Cô Hoa", sites=["xa"], password="0123456789")
    token = accounts.sign_in(ledger, "hoa", NOW)
    who = accounts.who_is(ledger, token, NOW)
    assert (who.account, who.role, who.sites, who.who) == ("hoa", "staff", {"xa"}, "Cô Hoa")
    assert who.sees("xa")
    assert not who.sees("tinh")
    accounts.put(ledger, "hoa", "inspector", NOW)
    assert accounts.who_is(ledger, token, NOW) is None
    assert passwords.fits("0123456789", accounts.kept(ledger, "hoa")[0])
    token = accounts.sign_in(ledger, "hoa", NOW)
    accounts.disable(ledger, "hoa", NOW)
    assert accounts.who_is(ledger, token, NOW) is None
    assert accounts.kept(ledger, "hoa") == ("", "", 0)
    assert not accounts.any_account(ledger)


def test_who_does_nothing_for_long_signs_in_again(ledger):
    accounts.put(ledger, "hoa", "staff", NOW, password="0123456789")
    token = accounts.sign_in(ledger, "hoa", NOW)
    assert accounts.who_is(ledger, token, NOW + accounts.IDLE_MS) is None
    who = accounts.who_is(ledger, token, NOW + accounts.IDLE_MS - 1)
    accounts.seen(ledger, who.mark, NOW + accounts.IDLE_MS - 1)
    assert accounts.who_is(ledger, token, NOW + accounts.IDLE_MS) is not None
    assert not accounts.holds(ledger, who, NOW + accounts.LONGEST_MS)


@pytest.mark.parametrize(
    ("account", "role", "more"),
    [("Hoa!", "staff", {}), ("hoa", "king", {}), ("hoa", "staff", {"sites": ["mars"]}),
     ("hoa", "staff", {"password": "short"})],
)  # fmt: skip
def test_what_is_no_account_is_refused(ledger, account, role, more):
    with pytest.raises(RefusedError):
        accounts.put(ledger, account, role, NOW, **more)


def test_a_look_at_a_reader_needs_a_reason_and_is_written_down(ledger):
    with pytest.raises(RefusedError, match="say why"):
        accounts.look(ledger, "hoa", "R1", "  ", NOW)
    with pytest.raises(RefusedError, match="no reader"):
        accounts.look(ledger, "hoa", "R99", "asks at the desk", NOW)
    assert accounts.looks(ledger) == []
    assert accounts.look(ledger, "hoa", "R1", "asks\nat the desk", NOW)["name"] == "Nguyễn Văn An"
    [row] = accounts.looks(ledger)
    assert (row["account"], row["reader"], row["why"]) == ("hoa", "R1", "asks at the desk")


def test_accounts_are_made_at_the_shell(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "centre"
    main(["init", str(folder)])

    def run(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        status = main(["user", words[0], "--home", str(folder), *words[1:]])
        return status, "".join(capsys.readouterr())

    assert run("add", "hoa", "--role", "staff", typed="0123456789\n")[0] == 0
    status, text = run("add", "lan", "--role", "staff", typed="short\n")
    assert (status, "10 to 200" in text) == (1, True)
    assert run("passwd", "nobody", typed="0123456789\n")[0] == 1
    assert "otpauth://totp/Shelfwire:hoa?secret=" in run("totp", "hoa")[1]
    assert len(run("token", "hoa")[1].strip()) > 40
    text = run("list")[1]
    assert "hoa      staff  all    password, totp, token" in text
    run("off", "hoa")
    assert " off" in run("list")[1]


class Known(BaseHTTPRequestHandler):
    """A small OpenID provider: one person, one code, one key of each kind."""

    def do_GET(self):
        issuer = self.server.issuer
        if self.path.endswith("openid-configuration"):
            self._say({
                "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys",
            })  # fmt: skip
        else:
            self._say({"keys": self.server.keys})

    def do_POST(self):
        body = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.asked.append({key: value[0] for key, value in body.items()})
        self._say({"id_token": self.server.token, "access_token": "unused"})

    def _say(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int) -> str:
    return b64(value.to_bytes(size, "big"))


RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def signed(claims: dict, alg: str = "RS256", key=None) -> str:
    head = b64(json.dumps({"alg": alg, "kid": alg}).encode())
    text = f"{head}.{b64(json.dumps(claims).encode())}"
    if alg == "RS256":
        sign = (key or RSA).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    elif alg == "ES256":
        r, s = decode_dss_signature(EC.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        sign = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        sign = b""
    return f"{text}.{b64(sign)}"


@pytest.fixture
def provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Known)
    server.issuer = f"http://127.0.0.1:{server.server_port}"
    public, point = RSA.public_key().public_numbers(), EC.public_key().public_numbers()
    server.keys = [
        {"kty": "RSA", "kid": "RS256", "n": number(public.n, 256), "e": number(public.e, 3)},
        {"kty": "EC", "kid": "ES256", "crv": "P-256", "x": number(point.x, 32),
         "y": number(point.y, 32)},
    ]  # fmt: skip
    server.asked, server.token = [], ""
    thread = threading.Thread(
        target=server.serve_forever, name="provider", kwargs={"poll_interval": 0.02}
    )
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def claims(server, begun, **more):
    base = {"iss": server.issuer, "aud": "shelfwire", "sub": "hoa-42", "exp": NOW // 1000 + 60}
    return {**base, "nonce": begun.nonce, **more}


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_somebody_signs_in_through_the_provider(provider, alg):
    ours = Provider(Client(provider.issuer, "shelfwire", "secret"))
    begun = ours.begin("http://127.0.0.1:1/sign-in/back")
    asked = parse_qs(urlsplit(begun.address).query)
    assert asked["state"] == [begun.state]
    challenge = b64(hashlib.sha256(begun.verifier.encode()).digest())
    assert (asked["code_challenge"], asked["code_challenge_method"]) == ([challenge], ["S256"])
    provider.token = signed(claims(provider, begun), alg)
    back = "http://127.0.0.1:1/sign-in/back"
    assert ours.finish("c0de", begun.nonce, begun.verifier, back, NOW) == "hoa-42"
    sent = provider.asked[0]
    assert (sent["code"], sent["code_verifier"], sent["client_secret"]) == (
        "c0de", begun.verifier, "secret",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"iss": "http://evil"}, "somebody else"),
        ({"aud": "other"}, "somebody else"),
        ({"aud": ["shelfwire", "other"]}, "somebody else"),
        ({"nonce": "other"}, "another sign-in"),
        ({"exp": NOW // 1000 - 600}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"sub": 5}, "no sub"),
    ],
)
def test_a_token_that_is_not_for_us_is_refused(provider, more, why):
    ours = Provider(Client(provider.issuer, "shelfwire", "secret"))
    begun = ours.begin("http://127.0.0.1:1/")
    provider.token = signed(claims(provider, begun, **more))
    with pytest.raises(OidcError, match=why):
        ours.finish("c", begun.nonce, begun.verifier, "http://127.0.0.1:1/", NOW)


def test_a_token_that_is_not_signed_by_the_provider_is_refused(provider):
    ours = Provider(Client(provider.issuer, "shelfwire", "secret"))
    begun = ours.begin("http://127.0.0.1:1/")
    other = rsa.generate_private_key(65537, 2048)
    good = claims(provider, begun)
    for token in (signed(good, key=other), signed(good, "none"), signed(good, "HS256"), "a.b", "é"):
        provider.token = token
        with pytest.raises(OidcError):
            ours.finish("c", begun.nonce, begun.verifier, "http://127.0.0.1:1/", NOW)


def test_an_email_address_counts_only_when_it_is_verified(provider):
    ours = Provider(Client(provider.issuer, "shelfwire", "secret", "email"))
    begun = ours.begin("http://127.0.0.1:1/")
    provider.token = signed(claims(provider, begun, email="hoa@example.vn"))
    with pytest.raises(OidcError, match="not verified"):
        ours.finish("c", begun.nonce, begun.verifier, "http://127.0.0.1:1/", NOW)
    provider.token = signed(claims(provider, begun, email="hoa@example.vn", email_verified=True))
    got = ours.finish("c", begun.nonce, begun.verifier, "http://127.0.0.1:1/", NOW)
    assert got == "hoa@example.vn"


def test_a_provider_without_https_is_asked_on_this_machine_only():
    with pytest.raises(OidcError, match="must use https"):
        Provider(Client("http://id.example.vn", "shelfwire", "secret")).begin("http://x/")


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
def test_any_answer_of_a_provider_is_a_sign_in_or_an_oidc_error(token, about):
    pages = [{"issuer": "i", "token_endpoint": "t", "jwks_uri": "j", **about}, {"id_token": token}]
    ours = Provider(Client("i", "shelfwire", "s"), lambda *_: pages.pop(0) if pages else about)
    with pytest.raises(OidcError):
        ours.finish("c", "n", "v", "b", NOW)
