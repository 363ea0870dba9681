"""How to reach somebody: telephone numbers, e-mail addresses, web pages. A spelling that means the same stays."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import phonenumbers

from engine.lens import Context, Refusal
from engine.lenses.text import Limit, size, tidy

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def text_of(native: Any) -> str | None:
    """A text without blanks around it."""
    return tidy(str(native).strip()) if native is not None else None


@lru_cache(maxsize=4096)
def e164(text: str, region: str | None) -> str | None:
    """A telephone number in E.164, an extension behind it (";ext=12"); None where the text cannot be read as one.

    `region` (ISO 3166 alpha-2) reads numbers without the prefix of a country.
    """
    if not any(char.isdigit() for char in text):
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


@dataclass(frozen=True, slots=True)
class Phone:
    """Shared: the number in E.164 where it can be read, else the text."""

    region: str | None = None
    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = text_of(native)
        return None if text is None else e164(text, self.region) or text

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return _put(self, self.limit, shared, old, context)


@dataclass(frozen=True, slots=True)
class Email:
    """Shared: the address in lower case. Somebody who writes Ann@Example.org there keeps that."""

    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = text_of(native)
        return text and tidy(text.lower())

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return _put(self, self.limit, shared, old, context)


@dataclass(frozen=True, slots=True)
class Url:
    """Shared: the address with scheme and host in lower case, and no slash behind a host alone."""

    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = text_of(native)
        found = _SCHEME.fullmatch(text) if text else None
        if found is None:
            return text
        rest = "" if found[3] == "/" else found[3]
        return tidy(f"{found[1].lower()}://{found[2].lower()}{rest}")

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return _put(self, self.limit, shared, old, context)


def _put(lens: Phone | Email | Url, limit: Limit, shared: Any, old: Any, context: Context) -> Any:
    """Half a number or address reaches nobody: what is too long is refused."""
    wanted = lens.get(shared, context)
    if old is not None and lens.get(old, context) == wanted:
        return old
    if wanted is not None and limit.most is not None and size(wanted, limit.counts) > limit.most:
        raise Refusal(f"{wanted!r} is longer than the {limit.most} that this side has room for.")
    return wanted.replace(";ext=", " ext. ") if isinstance(lens, Phone) and wanted else wanted
