"""Countries. Shared: ISO 3166 alpha-2 ("DE") where the country is known, else the text.

Names come from Unicode CLDR as Babel ships it, in the languages below; so do the codes of three letters.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from babel.core import Locale, get_global

from engine.lens import Context, Refusal
from engine.lenses.text import tidy

_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "tr", "ru", "ja")
_NOBODY = frozenset(("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"))
_GONE = frozenset(("DDR", "FXX", "BUR", "TMP", "YMD", "ZAR"))
_MORE = {
    "uk": "GB", "england": "GB", "great britain": "GB", "scotland": "GB", "wales": "GB", "america": "US",
    "holland": "NL", "the netherlands": "NL", "czech republic": "CZ", "south korea": "KR", "republic of korea": "KR",
    "north korea": "KP", "russian federation": "RU", "ivory coast": "CI", "turkey": "TR", "swaziland": "SZ",
    "cape verde": "CV", "macedonia": "MK", "burma": "MM", "viet nam": "VN", "hong kong": "HK", "macau": "MO",
    "the united states": "US", "united states of america": "US", "united states (usa)": "US",
}  # fmt: skip


def code(text: Any) -> str | None:
    """The alpha-2 code of a code or name; None where nobody knows it."""
    return _known().get(_folded(text))


def _folded(text: Any) -> str:
    plain = unicodedata.normalize("NFC", str(text)).strip().casefold()
    return plain.replace(".", "") if len(plain) < 8 else plain


@cache
def _codes() -> dict[str, str]:
    """Alpha-3 -> alpha-2."""
    aliases: Mapping[str, list[str]] = get_global("territory_aliases")
    threes = {old: new[0] for old, new in aliases.items() if len(old) == 3 and old.isalpha() and len(new) == 1}
    return {three: two for three, two in threes.items() if three not in _GONE}


@cache
def _known() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for two, name in Locale(language).territories.items():
            if len(two) == 2 and two.isalpha() and two not in _NOBODY:
                found.setdefault(_folded(name), two)
    found |= {_folded(two): two for two in list(found.values())}
    return found | {_folded(three): two for three, two in _codes().items()} | {_folded(n): c for n, c in _MORE.items()}


@dataclass(frozen=True, slots=True)
class Country:
    """A country by name (dialect ""), iso2 or iso3; `choices` are the names an app has. The side's own spelling of the
    same country stays."""

    dialect: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = tidy(str(native).strip() if native is not None else None)
        return None if text is None else code(text) or text

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = self.get(shared, context)
        if old is not None and self.get(old, context) == wanted:
            return old
        return None if wanted is None else self._spelled(wanted)

    def _spelled(self, wanted: str) -> str:
        if self.choices:
            for native, label in self.choices.items():
                if wanted in (native, code(native), code(label)):
                    return native
            raise Refusal(f"The country {wanted!r} is none of those that this side has.")
        if code(wanted) != wanted:
            if self.dialect:
                raise Refusal(f"{wanted!r} is not a country that has a code.")
            return wanted
        if self.dialect == "iso2":
            return wanted
        if self.dialect == "iso3":
            return _three(wanted)
        return str(Locale("en").territories[wanted])


def _three(two: str) -> str:
    for three, known in _codes().items():
        if known == two:
            return three
    raise Refusal(f"The country {two!r} has no code of three letters.")
