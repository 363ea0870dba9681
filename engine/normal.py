"""Spellings that must not keep two records apart: each function gives what is compared, None where there is nothing.

They decide who is matched at first sight, never what is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from engine.lenses.reach import e164

_TITLES, _FORMS = (
    frozenset(words.split())
    for words in (
        "mr mrs ms miss mx dr prof sir dame herr frau mme mlle sr sra dott ing jr ii iii phd md esq mba",
        "ltd limited inc incorporated llc llp lp plc corp corporation co company gmbh ag kg ohg ug ev mbh se sa sas"
        " sarl srl spa bv nv ab as asa oy oyj aps pty kft zrt sro doo spzoo and und et the",
    )
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})
_DOTTED = re.compile(r"\b(?:\w\.){2,}")
_WORD = re.compile(r"[^\W_]+")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^@/]*@)?(?P<host>[^/:?#@]+)", re.IGNORECASE)
_FREE = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de"
    " gmx.net gmx.at web.de t-online.de proton.me protonmail.com mail.com mail.ru yandex.ru qq.com 163.com orange.fr"
    " free.fr libero.it"
)
FREE = frozenset(_FREE.split(" "))
"""Domains of mail for everybody: they say nothing of who somebody works for."""


def plain(value: Any) -> Any:
    """Text without outer blanks and case, times as instants; anything else as it is."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip().casefold() or None
    if isinstance(value, dict) and value.get("zone"):
        moment = datetime.fromisoformat(value["at"]).replace(tzinfo=ZoneInfo(value["zone"]))
        return moment.astimezone(ZoneInfo("UTC")).isoformat()
    return value or None


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a name in their order: without case and accents, titles, and forms of companies."""
    shown = unicodedata.normalize("NFKD", _DOTTED.sub(lambda found: found[0].replace(".", ""), text).casefold())
    bare = "".join(char for char in shown if not unicodedata.combining(char)).translate(_LETTERS)
    found = _WORD.findall(bare.replace("'", "").replace("\u2019", ""))
    telling = tuple(word for word in found if word not in _TITLES and word not in _FORMS)
    return telling or tuple(found)


def name(value: Any) -> str | None:
    """A name of a person or a company, by its words in any order. Of a name in parts (a dict) all count."""
    return " ".join(sorted(words(spelled(value)))) or None


def spelled(value: Any) -> str:
    """A name as one text; of parts, those that tell people apart."""
    if isinstance(value, Mapping):
        return " ".join(str(value[part]) for part in ("given", "middle", "family") if value.get(part))
    return str(value or "")


def email(value: Any) -> str | None:
    """An address without case; a display name around it does not count."""
    text = str(value or "").strip()
    inner = re.search(r"<([^<>]+)>", text)
    return (inner[1] if inner else text.removeprefix("mailto:")).strip().casefold() or None


def phone(value: Any) -> str | None:
    """A number in E.164 where it can be read as one, else its digits."""
    text = str(value or "").strip()
    return e164(text, None) or "".join(char for char in text if char.isdigit()) or None


def url(value: Any) -> str | None:
    """A web address without scheme, `www.`, case of the host, and a slash at its end."""
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", str(value or "").strip(), flags=re.IGNORECASE)
    host, slash, rest = text.partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{rest}".rstrip("/") or None


def domain(value: Any) -> str | None:
    """The domain of a web or e-mail address; none for those where everybody can have mail."""
    found = _HOST.match(str(value or "").strip())
    host = found["host"].lower().removeprefix("www.") if found else ""
    return host if "." in host and host not in FREE else None


NORMALISERS: Mapping[str, Callable[[Any], Any]] = {
    "text": plain,
    "email": email,
    "phone": phone,
    "name": name,
    "url": url,
    "domain": domain,
}
"""How a term of `match` may say that it is compared."""
_BY_TYPE = {
    "email": "email",
    "emails": "email",
    "phone": "phone",
    "phones": "phone",
    "url": "url",
    "urls": "url",
}
SEVERAL = frozenset({"emails", "phones", "urls"})
"""Types of fields with several values, each of which may be the one that is the same."""


def usual(field_type: str, value: Any = None) -> str:
    """How values of a field's type are compared where the mapping does not say; names in parts are names."""
    parts = (
        isinstance(value, Mapping) and bool(value) and value.keys() <= {"prefix", "given", "middle", "family", "suffix"}
    )
    return "name" if parts else _BY_TYPE.get(field_type, "text")
