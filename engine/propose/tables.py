"""Choices: which value of one side is which of another, by equal and by similar words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rapidfuzz.fuzz import token_sort_ratio

from engine.contract import Field
from engine.lenses.tables import BY_MEANS
from engine.propose.draft import Draft, Sides
from engine.propose.vocabulary import plain
from engine.row import LensSpec

SIMILAR = 85.0
"""Of 100, where words count as similar."""
NEUTRAL = ("other", "none", "unknown", "default", "normal")
"""Choices that may stand for what a side does not know."""
Words = dict[str, str]
"""Native choice -> shared word."""


def matched(sides: Sides, row: Draft, known: Mapping[str, str] | None = None) -> Draft:
    """The row with tables where its sides have choices that are not spelled alike. `known`: what choices are called, as
    `plain` spells it -> the word for them."""
    cells = {side: sides[side].fields[names[0]] for side, names in row.sides.items() if len(names) == 1}
    if len(cells) < len(row.sides) or row.via or any(one.type != "choice" or one.many for one in cells.values()):
        return row
    spelled = {side: _shown(one) for side, one in cells.items()}
    shown = {side: _said(words, known or {}) for side, words in spelled.items()}
    built = [side for side, one in cells.items() if _built_in(one)]
    if len(built) == len(cells) or not all(shown.values()):
        return row
    anchor = built[0] if built else next(iter(cells))
    words = list(dict.fromkeys(shown[anchor].values()))
    found = {side: shown[side] if side in built else _alike(shown[side], words) for side in cells}
    if shown == spelled and all(set(found[side]) == set(shown[side]) and _same(shown[side], words) for side in cells):
        return row
    return _with_tables(row, shown, found, built)


def _built_in(item: Field) -> bool:
    return item.dialect in BY_MEANS.get(item.means, {})


def _shown(item: Field) -> Words:
    if _built_in(item):
        return {str(native): str(word) for native, word in BY_MEANS[item.means][item.dialect].shows.items()}
    return {native: label or native for native, label in (item.choices or {}).items()}


def _said(shown: Words, known: Mapping[str, str]) -> Words:
    """With the word for each choice whose name or value has one."""
    return {native: known.get(plain(label)) or known.get(plain(native)) or label for native, label in shown.items()}


def _same(shown: Words, words: list[str]) -> bool:
    return sorted(shown.values()) == sorted(words)


def _alike(shown: Words, words: list[str]) -> Words:
    """Native choice -> the word that it is, the most similar pairs first; several choices only for the very same."""
    scored = sorted(
        (
            (max(_score(native, word), _score(label, word)), native, word)
            for native, label in shown.items()
            for word in words
        ),
        key=lambda one: (-one[0], one[1:]),
    )
    found: Words = {}
    for score, native, word in scored:
        if score >= SIMILAR and native not in found and (word == shown[native] or word not in found.values()):
            found[native] = word
    return {native: found[native] for native in shown if native in found}


def _score(first: str, second: str) -> float:
    return float(token_sort_ratio(plain(first), plain(second)))


def _with_tables(row: Draft, shown: Mapping[str, Words], found: Mapping[str, Words], built: list[str]) -> Draft:
    common = set.intersection(*(set(one.values()) for one in found.values()))
    rest = {side: [native for native in shown[side] if found[side].get(native) not in common] for side in shown}
    rest = {side: natives for side, natives in rest.items() if natives and side not in built}
    if not common:
        return replace(row, doubt="no choice of one side is called like one of the other")
    default = {side: _default(found[side], common) for side in rest}
    via = {side: _table(words, common, default.get(side, "")) for side, words in found.items() if side not in built}
    row = replace(row, via=via, reason=f"{row.reason}; {len(common)} choices by word")
    odd = "; ".join(f"{side} {', '.join(rest[side])} as {default[side]}" for side in rest)
    if any(len(rest[side]) > len(common) for side in rest):
        return replace(row, doubt=f"most choices have no like on the other side: {odd}")
    if odd:
        row = replace(row, reason=f"{row.reason}; look at these: {odd}")
    similar = [
        f"{side} {native} as {word}"
        for side, one in found.items()
        for native, word in one.items()
        if side not in built and plain(word) not in (plain(native), plain(shown[side][native]))
    ]
    return replace(row, reason=f"{row.reason}; only similar: {', '.join(similar)}") if similar else row


def _default(words: Words, common: set[str]) -> str:
    """The shared word that the choices without a like have: a neutral one, else the first, which apps begin with."""
    known = [word for word in words.values() if word in common]
    return next((word for word in known if plain(word) in NEUTRAL), known[0])


def _table(words: Words, common: set[str], default: str) -> list[LensSpec]:
    table = {native: word for native, word in words.items() if word in common}
    return [{"table": table, "default": default}] if default else [{"table": table}]
