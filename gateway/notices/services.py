"""SMS and Zalo gateways that take messages by HTTP: what one wants to hear stands in a file, not here.

```toml
[zns]                                   # a way of the roster: way = "zns"
url = "https://openapi.example.vn/message/template"
secret = "zns.secret"                   # {secret} below; only the gateway may read the file
then = "sms"                            # given up here: tried there
headers = { access_token = "{secret}" }
body = { phone = "{number}", template_id = "12345", template_data = { tieu_de = "{title}", noi_dung = "{text}" } }
answer = "error"                        # this field of the JSON answer …
good = ["0"]                            # … says that it was taken
hopeless = ["-108"]                     # … or that no further try helps
```
"""

import json
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.wire.tables import ConfigError, read_table, read_toml
from gateway.notices.ways import SECONDS, Message, NotSentError

OWN = ("mail", "webhook", "outbox")
"""Ways that are there without a file."""
MOST_ANSWER = 64 * 1024
_HOLES = ("number", "title", "body", "text", "secret")


def _help(text: str) -> dict[str, Any]:
    return {"help": text}


@dataclass(frozen=True, slots=True)
class Service:
    """A table of the file ``[notices] services``: one provider of SMS, Zalo or the like."""

    url: str = field(metadata=_help("https address that takes messages"))
    body: dict[str, Any] = field(
        metadata=_help("what is sent; {number}, {title}, {body}, {text} (both), {secret} are filled in")
    )  # fmt: skip
    format: Literal["json", "form"] = field(default="json", metadata=_help("how body is written"))
    headers: dict[str, str] = field(
        default_factory=dict, metadata=_help("further headers; {secret} is filled in")
    )
    secret: Path | None = field(default=None, metadata=_help("file with the key of our account"))
    country: str = field(
        default="84", metadata=_help("numbers are written so, without 0 and +; empty: as in the roster")
    )  # fmt: skip
    marks: bool = field(default=True, metadata=_help("false: Vietnamese without its marks"))
    longest: int = field(default=400, metadata=_help("a text is cut after so many characters"))
    answer: str = field(
        default="", metadata=_help("field of the JSON answer that says how it went, such as data.code")
    )  # fmt: skip
    good: list[str] = field(default_factory=list, metadata=_help("its values that mean: taken"))
    hopeless: list[str] = field(
        default_factory=list, metadata=_help("its values after which no further try helps")
    )
    then: str = field(default="", metadata=_help("the way that is tried when this one is given up"))
    a_day: int = field(default=200, metadata=_help("at most so many messages in 24 hours"))

    def __post_init__(self) -> None:
        """Refuse what others could read, and what could not be filled in."""
        if not self.url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("url: an https address")
        if bool(self.answer) != bool(self.good):
            raise ValueError("answer and good belong together")
        if self.longest < 20 or self.a_day < 1:
            raise ValueError("longest: 20 at least; a_day: 1 at least")
        if self.format == "form" and any(
            isinstance(one, dict | list) for one in self.body.values()
        ):
            raise ValueError("body: a form has no tables in it")
        try:
            _filled([self.body, self.headers], dict.fromkeys(_HOLES, ""))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            raise ValueError(f"body, headers: fill in only {', '.join(_HOLES)}") from None

    def number(self, goal: str) -> str:
        """Return a phone number as the service writes it; raise ValueError when it is none."""
        digits = "".join(one for one in goal if one not in " .-()")
        if not digits.removeprefix("+").isdigit() or not 9 <= len(digits) <= 16:
            raise ValueError(f"to: {goal!r} is no phone number")
        if not self.country:
            return digits
        if digits.startswith("0"):
            return self.country + digits[1:]
        return digits.removeprefix("+")

    def __call__(self, message: Message) -> None:
        """Send a message, or raise NotSentError. Blocks."""
        values = {
            "number": self.number(message.goal),
            "title": self._text(message.title),
            "body": self._text(message.body),
            "text": self._text(f"{message.title}\n{message.body}"),
            "secret": self._key(),
        }
        said = self._post(_filled(self.body, values), _filled(self.headers, values))
        if self.answer:
            self._judge(said)

    def _text(self, text: str) -> str:
        if not self.marks:
            bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
            text = "".join(one for one in bare if not unicodedata.combining(one))
        return text if len(text) <= self.longest else text[: self.longest - 1] + "…"

    def _key(self) -> str:
        if self.secret is None:
            return ""
        try:
            return self.secret.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotSentError(
                f"{self.secret.name} cannot be read ({type(error).__name__})"
            ) from None

    def _post(self, body: Any, headers: dict[str, str]) -> bytes:
        if self.format == "json":
            data, kind = json.dumps(body, ensure_ascii=False).encode(), "application/json"
        else:
            data, kind = urllib.parse.urlencode(body).encode(), "application/x-www-form-urlencoded"
        request = urllib.request.Request(  # noqa: S310 - https, __post_init__ saw to it
            self.url, data, {"Content-Type": kind, **headers}
        )
        try:
            with _plain.open(request, timeout=SECONDS) as got:
                return bytes(got.read(MOST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                final = 400 <= error.code < 500 and error.code not in (401, 403, 408, 425, 429)
                raise NotSentError(f"the service answers {error.code}", final=final) from None
        except (OSError, ValueError) as error:
            raise NotSentError(f"the service: {type(error).__name__}") from None

    def _judge(self, said: bytes) -> None:
        try:
            found: Any = json.loads(said)
            for name in self.answer.split("."):
                found = found[name]
        except (ValueError, LookupError, TypeError):
            raise NotSentError(f"the answer has no {self.answer}") from None
        code = str(found)[:40]
        if code not in self.good:
            raise NotSentError(f"{self.answer} is {code}", final=code in self.hopeless)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The secret goes where the file says, nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nobody."""
        return


_plain = urllib.request.build_opener(_NoRedirect)


def read_services(path: Path) -> dict[str, Service]:
    """Return the services of a file by name; raise ConfigError naming table and option."""
    tables = read_toml(path)
    made = {}
    for name, table in tables.items():
        if name in OWN or not isinstance(table, dict):
            raise ConfigError(f"{path}: [{name}] is no name for a service")
        made[name] = read_table(Service, table, f"{path} [{name}]", path.parent)
    for name, one in made.items():
        if one.then and (one.then not in made or _circles(made, name)):
            raise ConfigError(f"{path} [{name}] then: {one.then!r} leads nowhere")
    return made


def _circles(made: dict[str, Service], name: str) -> bool:
    seen = {name}
    while (one := made.get(name)) is not None and one.then:
        if one.then in seen:
            return True
        seen.add(one.then)
        name = one.then
    return False


def _filled(value: Any, values: dict[str, str]) -> Any:
    """Return a body with its holes filled; what is filled in is never looked at again."""
    if isinstance(value, str):
        return value.format_map(values)
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return value
