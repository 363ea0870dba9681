"""What each field of a side means: as its connector says, or as its name and values tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Field
from engine.lenses.dates import day
from engine.lenses.number import decimal
from engine.propose.draft import Seen, Sides
from engine.propose.vocabulary import Vocabulary, Word

_FITS = {
    "text": {"text"},
    "html": {"html", "text"},
    "email": {"email", "text"},
    "phone": {"phone", "text"},
    "url": {"url", "text"},
    "country": {"country", "text", "choice"},
    "date": {"date", "instant", "text"},
    "instant": {"instant", "text"},
    "number": {"number", "text"},
    "money": {"money", "number", "text"},
    "choice": {"choice", "text"},
    "bool": {"bool"},
    "tags": {"tags"},
}
"""Type of an entry -> types of fields that may be it, where only the name tells."""
MOSTLY = 0.6


@dataclass(frozen=True, slots=True)
class Meant:
    """Of all sides."""

    fields: Mapping[str, Mapping[str, str]]
    """Side -> vocabulary entry -> native field."""
    guessed: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """(side, native field) whose name told."""

    def at(self, word: str) -> dict[str, str]:
        """Side -> native field of an entry."""
        return {side: held[word] for side, held in self.fields.items() if word in held}


def meant(sides: Sides, vocabulary: Vocabulary, kind: str) -> Meant:
    """The entries of one kind; of two fields with one meaning the first that can be written."""
    said = {side: _said(seen, kind) for side, seen in sides.items()}
    guessed: set[tuple[str, str]] = set()
    for side, seen in sides.items():
        for native, item in seen.fields.items():
            word = None if item.means else _guess(seen, native, item, vocabulary, kind)
            if word and word.name not in said[side]:
                said[side][word.name] = native
                guessed.add((side, native))
    return Meant(said, frozenset(guessed))


def kinds(fields: Mapping[str, Field]) -> list[str]:
    """The kinds of thing that fields speak of, the most frequent first."""
    found = [item.means.partition(".")[0] for item in fields.values() if item.means]
    return sorted(set(found), key=lambda kind: -found.count(kind))


def kind_of(sides: Sides, vocabulary: Vocabulary) -> str:
    """The kind that all sides are of; where no connector says it, the one that the most names tell. Empty for none."""
    said = [set(kinds(seen.fields)) for seen in sides.values() if kinds(seen.fields)]
    words: Iterable[str] = dict.fromkeys(word.kind for word in vocabulary.words.values())
    possible = [kind for kind in words if all(kind in one for one in said)]
    told = {kind: min(len(held) for held in meant(sides, vocabulary, kind).fields.values()) for kind in possible}
    best = max(told, key=lambda kind: told[kind], default="")
    return best if best and (said or told[best] > 1) else ""


def _said(seen: Seen, kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for native, item in sorted(seen.fields.items(), key=lambda one: not one[1].writable):
        if item.means.partition(".")[0] == kind:
            found.setdefault(item.means, native)
    return found


def _guess(seen: Seen, native: str, item: Field, vocabulary: Vocabulary, kind: str) -> Word | None:
    fitting = (word for word in vocabulary.called(kind, native, item.label) if item.type in _FITS.get(word.type, ()))
    return next((word for word in fitting if _plausible(word, seen.values(native))), None)


def _plausible(word: Word, values: Sequence[Any]) -> bool:
    """Whether most values are what the entry holds; no values say nothing."""
    texts = [value for value in values if isinstance(value, str)]
    test = _TESTS.get(word.type)
    return not texts or test is None or sum(map(test, texts)) >= MOSTLY * len(texts)


_TESTS = {
    "email": lambda text: "@" in text,
    "phone": lambda text: sum(char.isdigit() for char in text) >= 5,
    "url": lambda text: "." in text and " " not in text.strip(),
    "date": lambda text: day(text) is not None,
    "number": lambda text: decimal(text) is not None,
    "money": lambda text: decimal(text) is not None,
}
