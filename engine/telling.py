"""What records tell of who they are, where some of it was not read: such a record may be one that is known. Pure."""

from __future__ import annotations

from typing import Any

from engine.bound import Bound
from engine.canonical import digest
from engine.match import parts

Telling = dict[int, dict[str, frozenset[str] | None]]
"""Rule of `match` -> term -> what it is compared by; None where it was not read. Rules by which the record cannot be
matched, since a term is empty or not there on its side, are absent."""

ASKED = "it is asked for again in each run"


def telling(bound: Bound, side: str, native: dict[str, Any]) -> Telling:
    """What a record tells. A row that rests is not read."""
    shared = bound.get(side, native)
    found: Telling = {}
    for number, rule in enumerate(bound.mapping.match):
        terms: dict[str, frozenset[str] | None] = {}
        for term in rule:
            read = _read(bound, side, term, native)
            terms[term] = frozenset(digest(one) for one in parts(bound, side, term, shared, native)) if read else None
        if all(value is None or value for value in terms.values()) and all(_native(bound, side, t) for t in rule):
            found[number] = terms
    return found


def unknown(bound: Bound, side: str, native: dict[str, Any]) -> str | None:
    """Why nobody can tell what a record is, or whether it takes part; None where that can be told."""
    names = sorted(bound.filtered[side] - native.keys()) or _unread(bound, side, native)
    return f"{side} did not show its {' and '.join(names)}, which tells what it is; {ASKED}" if names else None


def _unread(bound: Bound, side: str, native: dict[str, Any]) -> list[str]:
    """The fields without which it has no key, and could have one."""
    if not missing(bound, side, native):
        return []
    told = telling(bound, side, native)
    if any(None not in terms.values() for terms in told.values()):
        return []
    dark = [term for terms in told.values() for term, value in terms.items() if value is None]
    return list(dict.fromkeys(name for term in dark for name in _native(bound, side, term) if name not in native))


def missing(bound: Bound, side: str, native: dict[str, Any]) -> set[int]:
    """The rules of `match` of which a term was not read."""
    return {
        number
        for number, rule in enumerate(bound.mapping.match)
        if any(not _read(bound, side, term, native) for term in rule)
    }


def may_be(one: Telling, other: Telling) -> bool:
    """Whether two records may have the same key, for all that was read of them."""
    return any(
        all(a is None or b is None or a & b for a, b in ((mine[term], theirs[term]) for term in mine))
        for number, mine in one.items()
        if (theirs := other.get(number)) is not None
    )


def _read(bound: Bound, side: str, term: str, native: dict[str, Any]) -> bool:
    return term not in bound.resting and all(name in native for name in _native(bound, side, term))


def _native(bound: Bound, side: str, term: str) -> list[str]:
    """The fields behind a term; none where the side has no such term."""
    row = bound.mapping.fields.get(term)
    if row is not None:
        return list(row.native(side))
    name = bound.sides[side].matching.get(term)
    return [name] if name is not None else []
