"""How alike two records are, term by term, as `similar` weighs them. Pure: it only ever leads to a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from itertools import combinations, product, starmap
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from engine import normal
from engine.bound import Bound
from engine.canonical import digest
from engine.contract import Field
from engine.match import BLOCKS, term_values

Features = dict[str, tuple[Any, ...]]
"""Term -> its values as they are compared; a name is a tuple of words. First and last name are one: `first + last`."""
NAMES = frozenset({"full_name", "given_name", "family_name", "name", "company", "nickname"})
"""Last words of meanings that are names of people or companies."""
PARTS = frozenset({"given_name", "family_name"})
"""Those that only together tell who somebody is."""
_SHARED_BOXES = frozenset(
    ("info", "office", "mail", "contact", "sales", "hello", "admin", "team", "support", "service")
)
OTHER = 0.6
"""Words that are less alike are other words."""
WORDS, DIGITS = 4, 7
SECOND = 0.75
"""Another address or number says less than another name: many people have two."""


class Alike:
    """The comparison that a mapping asks for."""

    def __init__(self, bound: Bound) -> None:
        similar = bound.mapping.similar
        self.bound = bound
        weights: Mapping[str, float] = similar.weights if similar is not None else {}
        self.made_of = _made_of(bound, weights)
        self.weights = {term: sum(weights[part] for part in parts) for term, parts in self.made_of.items()}
        self.at_least = similar.at_least if similar is not None else 1.0
        self.by = {term: _by(bound, parts[0]) for term, parts in self.made_of.items()}

    def features(self, side: str, native: dict[str, Any]) -> Features:
        """What is compared of a record; terms that are empty are absent."""
        shared = self.bound.get(side, native)
        found = {term: self._values(side, term, shared, native) for term in self.weights}
        return {term: values for term, values in found.items() if values}

    def _values(self, side: str, term: str, shared: dict[str, Any], native: dict[str, Any]) -> tuple[Any, ...]:
        by, parts = self.by[term], self.made_of[term]
        values = [value for part in parts for value in term_values(self.bound, side, part, shared, native)]
        if by == "name":
            values = values if len(parts) == 1 else [" ".join(map(normal.spelled, values))]
            return tuple(words for value in values if (words := normal.words(normal.spelled(value))))
        made = (normal.NORMALISERS[by](value) for value in values)
        return tuple(dict.fromkeys(value for value in made if isinstance(value, str) and value))

    def score(self, one: Features, other: Features) -> tuple[float, dict[str, float]]:
        """0 to 1 over the terms that both records have, and the share of each. Nothing (0) where those weigh less than
        half: two records that hardly say anything are not alike."""
        known = [term for term in self.weights if term in one and term in other]
        weight = sum(self.weights[term] for term in known)
        if weight * 2 < sum(self.weights.values()):
            return 0.0, {}
        each = {term: self.term(term, one, other) for term in known}
        against = sum(self.weights[term] for term in known if not each[term] and self.by[term] in ("email", "phone"))
        return sum(self.weights[term] * each[term] for term in known) / (weight - against * (1 - SECOND)), each

    def term(self, term: str, one: Features, other: Features) -> float:
        """How alike the best two values of a term are."""
        compare: Callable[[Any, Any], float] = _COMPARE.get(self.by[term], _text)
        return max(compare(mine, theirs) for mine, theirs in product(one[term], other[term]))

    def strangers(self, one: Features, other: Features, rule: Set[str]) -> str | None:
        """The name by which two records that a rule joins seem to be others; none that the rule compares whole."""
        for term in self.weights:
            known = not rule >= set(self.made_of[term]) and term in one and term in other
            if known and self.by[term] == "name" and not any(starmap(_one_person, product(one[term], other[term]))):
                return term
        return None

    def keys(self, side: str, native: dict[str, Any]) -> dict[int, str]:
        """Keys of which two records that are alike nearly always share one: only such pairs are compared at all."""
        if not self.weights:
            return {}
        found: set[str] = set()
        for term, values in self.features(side, native).items():
            for value in values:
                found |= {f"{term}:{key}" for key in _BLOCKS.get(self.by[term], _text_blocks)(value)}
        return {BLOCKS + at: digest(["like", key]) for at, key in enumerate(sorted(found))}


def _made_of(bound: Bound, terms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What is compared, and the terms it is made of: a first and a last name, weighed both, are one name."""
    parts = tuple(term for term in terms if PARTS & {term, *(_word_of(field) for field in _fields(bound, term))})
    whole = {" + ".join(parts): parts} if parts else {}
    return whole | {term: (term,) for term in terms if term not in parts}


def _fields(bound: Bound, term: str) -> list[Field]:
    """The native fields behind a term."""
    row = bound.rows.get(term)
    names = {side: row.cells[side].names[0] for side in row.cells} if row is not None else _matching(bound, term)
    return [bound.sides[side].schema.fields[name] for side, name in names.items()]


def _word_of(field: Field) -> str:
    return field.means.rpartition(".")[2]


def _by(bound: Bound, term: str) -> str:
    """How a term is compared, the same on all sides."""
    fields = _fields(bound, term)
    if any(_word_of(field) in NAMES for field in fields) or term in NAMES:
        return "name"
    if any(field.means.endswith(".domain") for field in fields):
        return "domain"
    kinds = {normal.usual(field.type) for field in fields} - {"text"}
    return "domain" if "url" in kinds else next(iter(sorted(kinds)), "text")


def _matching(bound: Bound, term: str) -> dict[str, str]:
    return {name: side.matching[term] for name, side in bound.sides.items() if term in side.matching}


def _name(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Words are paired off, the most alike first; one that is another word counts double against it."""
    short, long = sorted((one, other), key=len)
    pairs = sorted(((_word(a, b), i, j) for i, a in enumerate(short) for j, b in enumerate(long)), reverse=True)
    used_short, used_long, found = set(), set(), []
    for likeness, i, j in pairs:
        if i not in used_short and j not in used_long:
            used_short.add(i)
            used_long.add(j)
            found.append(likeness)
    mean = sum(found) / len(found)
    mean = mean if min(found) >= OTHER else mean / 2
    if len(short) == 1 < len(long):
        return min(mean, 0.7)
    return max(0.0, mean - sum(0.03 if len(long[j]) == 1 else 0.1 for j in range(len(long)) if j not in used_long))


def _one_person(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two names differ by no more than further words, initials and slips of the pen: Marie is not Maria."""
    short, long = sorted((one, other), key=len)
    left = list(long)
    for word in sorted(short, key=len, reverse=True):
        same = next((mine for mine in left if mine == word), None) or next((m for m in left if _slip(m, word)), None)
        if same is None:
            return False
        left.remove(same)
    return len(short) > 1 or not left


def _slip(one: str, other: str) -> bool:
    """An initial, or a letter too many, too few or in its neighbour's place, within a longer word."""
    if 1 in (len(one), len(other)):
        return one[0] == other[0]
    inner = one[0] == other[0] and one[-1] == other[-1] and max(len(one), len(other)) >= WORDS
    spelled = len(one) != len(other) or sorted(one) == sorted(other)
    return inner and spelled and OSA.distance(one, other) == 1


def _word(one: str, other: str) -> float:
    if 1 in (len(one), len(other)):
        return 0.8 if one[0] == other[0] else 0.0
    return float(JaroWinkler.similarity(one, other))


def _email(one: str, other: str) -> float:
    if one == other:
        return 1.0
    mine, theirs = one.partition("@")[0], other.partition("@")[0]
    if mine == theirs and len(mine) >= WORDS and mine not in _SHARED_BOXES:
        return 0.7
    near = fuzz.ratio(one, other) / 100
    return near if near >= 0.9 else 0.0


def _phone(one: str, other: str) -> float:
    if one == other:
        return 1.0
    return 0.9 if len(one) >= DIGITS and one[-DIGITS:] == other[-DIGITS:] else 0.0


def _text(one: str, other: str) -> float:
    near = fuzz.token_sort_ratio(one, other) / 100
    return near if near >= OTHER else 0.0


def _same(one: str, other: str) -> float:
    return float(one == other)


_COMPARE: Mapping[str, Callable[[Any, Any], float]] = {"name": _name, "email": _email, "phone": _phone, "domain": _same}


def _name_blocks(words: tuple[str, ...]) -> set[str]:
    """By the beginnings and by the consonants of each two words: typos, swapped and further words do not hide them."""
    if len(words) == 1:
        return {_skeleton(words[0])}
    found = set()
    for pair in combinations(words[:WORDS], 2):
        found.add("".join(sorted(word[:2] for word in pair)))
        found.add(".".join(sorted(_skeleton(word) for word in pair)))
    return found


def _skeleton(word: str) -> str:
    kept = word[0]
    for char in word[1:]:
        if char not in "aeiouhwy" and char != kept[-1]:
            kept += char
    return kept[:WORDS]


def _email_blocks(value: str) -> set[str]:
    local, _, domain = value.partition("@")
    return {
        value,
        *([local] if len(local) >= WORDS and local not in _SHARED_BOXES else []),
        f"{local[:WORDS]}@{domain}",
    }


def _phone_blocks(value: str) -> set[str]:
    return {value[-DIGITS:]} if len(value) >= DIGITS else set()


def _text_blocks(value: str) -> set[str]:
    words = sorted(value.split())
    return {value[:6], " ".join(word[:WORDS] for word in words[:2])}


_BLOCKS: Mapping[str, Any] = {
    "name": _name_blocks,
    "email": _email_blocks,
    "phone": _phone_blocks,
    "domain": lambda value: {value},
}
