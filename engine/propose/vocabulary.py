"""The vocabulary: what fields mean, in words that no app owns, and the names that such fields usually have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_OWN = frozenset({"c", "cf", "custom", "x", "hs"})
"""What apps put before or behind the names of fields that users add: `Shirt_Size__c`."""


def plain(text: str) -> str:
    """A field's name in small words: `shirtSize`, `Shirt_Size__c` and "Shirt size" are all "shirt size"."""
    words = [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", text))]
    return " ".join(word for word in words if word not in _OWN) or " ".join(words)


@dataclass(frozen=True, slots=True)
class Word:
    """One entry, such as `contact.email`."""

    name: str
    type: str
    help: str = ""
    single: str = ""
    """Of a list: the entry that its main value is (`as`)."""
    labels: tuple[str | None, ...] = ()
    """Of a value that other apps keep in a list: the labels it has there (None: no label), the one it gets first."""
    also: frozenset[str] = frozenset()
    """What fields of this meaning are called where nobody says what they mean, as `plain` spells it."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """What apps call a choice, as `plain` spells it -> the word for it."""
    key: str = ""
    """Of a list: the member that tells its items apart."""
    gives: Mapping[str, str] = field(default_factory=dict)
    """App that is not written to by itself -> why."""
    takes: Mapping[str, str] = field(default_factory=dict)
    """App that nothing is read from by itself -> why."""
    own: str = ""
    """Why it is no row by itself."""

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All entries by name, in the order of the file."""

    words: Mapping[str, Word] = field(default_factory=dict)

    def of(self, kind: str) -> Iterator[Word]:
        """The entries of a kind of thing."""
        return (word for word in self.words.values() if word.kind == kind)

    def called(self, kind: str, *names: str) -> Iterator[Word]:
        """The entries of a kind that fields of these names and labels usually are."""
        shown = {plain(name) for name in names if name}
        return (word for word in self.of(kind) if not word.single and shown & word.also)


def load_vocabulary(path: Path) -> Vocabulary:
    """The entries in a file of the library."""
    kinds = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    words = [_word(f"{kind}.{last}", entry) for kind, entries in kinds.items() for last, entry in entries.items()]
    return Vocabulary({word.name: word for word in words})


def _word(name: str, entry: Mapping[str, object]) -> Word:
    last, also, labels = name.rpartition(".")[2], entry.get("also", ()), entry.get("labels", ())
    choices, gives, takes = (entry.get(name, {}) for name in ("choices", "gives", "takes"))
    assert isinstance(also, list | tuple) and isinstance(labels, list | tuple)
    assert isinstance(choices, Mapping) and isinstance(gives, Mapping) and isinstance(takes, Mapping)
    return Word(
        name,
        str(entry["type"]),
        str(entry.get("help", "")),
        str(entry.get("as", "")),
        tuple(one if one is None else str(one) for one in labels),
        frozenset(plain(str(one)) for one in (last, *also)),
        {plain(str(called)): str(word) for word, names in choices.items() for called in (word, *names)},
        str(entry.get("key", "")),
        {str(app): str(why) for app, why in gives.items()},
        {str(app): str(why) for app, why in takes.items()},
        str(entry.get("own", "")),
    )
