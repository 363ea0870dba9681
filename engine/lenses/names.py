"""Names of people. Shared: `{"given": "Ann Maria", "family": "van der Berg"}`, with prefix, middle and suffix where
they are known; None for nobody.

A text is taken apart by rules: "Family, Given"; a title in front; Jr. and the like at the end; the last word is the
family's, with the particles before it (van, de la, bin). Chinese, Japanese and Korean names have the family first.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses.text import Limit, tidy

Name = Mapping[str, str]
PARTS = ("prefix", "given", "middle", "family", "suffix")
GLUE = "\u00a0"
"""Between words that belong together where the rules would part them: it looks like a space."""
_TITLES, _SUFFIXES, _PARTICLES = (
    frozenset(words.split(" "))
    for words in (
        "mr mrs ms miss mx dr prof sir dame lord lady rev fr herr frau m mme mlle sr sra srta dra dott sig ing mag don",
        "jr sr ii iii iv phd md esq msc bsc mba dds cpa",
        "van von vom zu zum zur der den de del della delle di da das do dos du des la le las los ten ter te bin ibn ben"
        " al el af av y st san santa",
    )
)
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af][\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]*")


def split(text: Any) -> dict[str, str]:
    """The parts of a name written as one text; empty for none."""
    words = _words(text)
    before, comma, after = _comma(words)
    if comma:
        prefix, given = _led(after)
        return _named(prefix=prefix, given=given, family=before[0], suffix=before[1])
    prefix, rest = _led(before[0]) if len(before[0]) > 1 else ([], before[0])
    if len(rest) < 2:
        return _named(prefix=prefix, **{"family" if prefix else "given": rest}, suffix=before[1])
    if all(_EAST.fullmatch(word) for word in rest):
        return _named(prefix=prefix, given=rest[1:], family=rest[:1], suffix=before[1])
    start = len(rest) - 1
    while start > 0 and _bare(rest[start - 1]) in _PARTICLES and (start > 1 or rest[0].islower()):
        start -= 1
    return _named(prefix=prefix, given=rest[:start], family=rest[start:], suffix=before[1])


def join(name: Name, *, comma: bool = False) -> str | None:
    """The name as one text, as people read it; `comma`: the family in front."""
    lead = " ".join(filter(None, (name.get("prefix"), name.get("given"), name.get("middle"))))
    family, suffix = name.get("family"), name.get("suffix")
    if comma and lead and family:
        return f"{' '.join(filter(None, (family, suffix)))}, {lead}"
    given = name.get("given")
    if given and family and _EAST.fullmatch(given) and _EAST.fullmatch(family):
        return " ".join(filter(None, (name.get("prefix"), family, given, name.get("middle"), suffix)))
    return " ".join(filter(None, (lead, family, suffix))) or None


def clean(shared: Any) -> dict[str, str]:
    """The parts that say something, with single spaces."""
    texts = {part: " ".join(str((shared or {}).get(part) or "").split()) for part in PARTS}
    return {part: text for part, text in ((part, tidy(text)) for part, text in texts.items()) if text}


def _words(text: Any) -> list[str]:
    return [word for word in re.split(r"[ \t\n\r]+|(?<=,)", tidy(text) or "") if word.strip()]


def _comma(words: list[str]) -> tuple[tuple[list[str], list[str]], bool, list[str]]:
    """(words up to the comma that parts the family from the rest, suffixes), whether there is one, words after it."""
    suffix: list[str] = []
    while len(words) > 1 and _bare(words[-1]) in _SUFFIXES and not words[-1].endswith(","):
        suffix.insert(0, words[-1])
        words = words[:-1]
    if suffix and words[-1].endswith(","):
        words = [*words[:-1], words[-1].rstrip(",")]
    at = next((number for number, word in enumerate(words) if word.endswith(",")), None)
    if at is None or words == [","]:
        return ([word for word in (word.rstrip(",") for word in words) if word], suffix), False, []
    family = [word for word in (word.rstrip(",") for word in words[: at + 1]) if word]
    while len(family) > 1 and _bare(family[-1]) in _SUFFIXES:
        suffix.insert(0, family.pop())
    return (family, suffix), bool(family), [word for word in (w.rstrip(",") for w in words[at + 1 :]) if word]


def _led(words: list[str]) -> tuple[list[str], list[str]]:
    """Titles in front, and the rest, which has a word at least."""
    at = 0
    while at < len(words) - 1 and _bare(words[at]) in _TITLES:
        at += 1
    return words[:at], words[at:]


def _bare(word: str) -> str:
    return word.strip(".,").casefold().replace(".", "")


def _named(**parts: list[str]) -> dict[str, str]:
    return clean({part: " ".join(words) for part, words in parts.items()})


@dataclass(frozen=True, slots=True)
class NameText:
    """A whole name in one text."""

    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return split(native) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        name = clean(shared)
        if old is not None and split(old) == name:
            return old
        plain = join(name, comma=_family_first(old))
        words = join({part: " ".join(_words(text.replace(",", " "))) for part, text in name.items()})
        text = next((text for text in map(self.limit.cut, (plain, words)) if _lasts(text)), self.limit.cut(words))
        return old if old is not None and split(old) == split(text) else text


def _lasts(text: str | None) -> bool:
    """Whether the name that it shows is shown again where it is written anew."""
    return split(join(split(text))) == split(text)


def _family_first(text: Any) -> bool:
    return _comma(_words(text))[1]


@dataclass(frozen=True, slots=True)
class NameFields:
    """A name in several fields: `{"given": "firstname", "family": "lastname"}`. Middle names without a field of their
    own go with the given name; titles and suffixes without one stay on the other sides."""

    fields: Mapping[str, str]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """By part."""
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    joins: bool = True

    def get(self, native: Any, context: Context) -> Any:
        return clean({part: (native or {}).get(name) for part, name in self.fields.items()}) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        name = clean(shared)
        if old is not None and (self.get(old, context) or {}) == name:
            return old
        for part, host in (("middle", "given"), ("given", "family"), ("family", "given")):
            if part not in self.fields and part in name and host in self.fields:
                name[host] = " ".join(filter(None, (name.get(host), name.pop(part))))
        written = {native: self.limits.get(part, Limit()).cut(name.get(part)) for part, native in self.fields.items()}
        return old if old is not None and self.get(old, context) == self.get(written, context) else written


@dataclass(frozen=True, slots=True)
class NamePart:
    """One part of a name written as a text; the other parts belong to other rows."""

    which: str
    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    part: bool = True

    def get(self, native: Any, context: Context) -> Any:
        return split(native).get(self.which)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        name, text = split(old), " ".join(str(shared or "").split()) or None
        if name.get(self.which) == text:
            return old
        wanted = clean({**name, self.which: text})
        for spelled in _spellings(wanted, comma=_family_first(old)):
            if split(spelled) == wanted and self.limit.cut(spelled) == spelled:
                return spelled
        parts = ", ".join(f"{part} {value!r}" for part, value in wanted.items())
        raise Refusal(f"No name written as one text has just these parts: {parts}.")


def _spellings(name: Name, *, comma: bool) -> list[str | None]:
    """Texts that the rules may take apart into these parts: as people write it, with words held together, and a family
    alone with a comma behind it."""
    held = join({part: text.replace(" ", GLUE) for part, text in name.items()}, comma=comma)
    return [join(name, comma=comma), held, f"{held},"] if held else [None]
