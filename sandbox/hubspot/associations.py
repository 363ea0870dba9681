"""Which records belong together. Each pair is kept once, from the side that points: contact or deal to company, deal
to contact. One company of a contact or a deal is the primary one; the first becomes it by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.hubspot.errors import bad_request

KINDS: dict[tuple[str, str], dict[str, int]] = {
    ("contacts", "companies"): {"primary": 1, "plain": 279},
    ("companies", "contacts"): {"primary": 2, "plain": 280},
    ("deals", "companies"): {"primary": 5, "plain": 341},
    ("companies", "deals"): {"primary": 6, "plain": 342},
    ("deals", "contacts"): {"plain": 3},
    ("contacts", "deals"): {"plain": 4},
}
"""Ids of HubSpot's own association types."""
POINTS = (("contacts", "companies"), ("deals", "companies"), ("deals", "contacts"))
_ONE = {"contacts": "contact", "companies": "company", "deals": "deal"}


class Associations:
    """All pairs of one portal."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], dict[str, dict[str, bool]]] = {pair: {} for pair in POINTS}
        """(from, to) -> id -> the ids it belongs to, with whether that is the primary one."""

    def of(self, source: str, target: str, id: str) -> dict[str, bool]:
        """The ids that a record belongs to, seen from either end; whether the pair is a primary one."""
        if (source, target) in POINTS:
            return dict(self._pairs[source, target].get(id, {}))
        back = self._pairs[target, source].items()
        return {other: held[id] for other, held in back if id in held}

    def tie(self, source: str, target: str, one: str, other: str, types: Sequence[int]) -> None:
        """Types of an existing pair are replaced; a new primary one takes that from the former."""
        known = _types(source, target)
        if unknown := set(types) - set(known.values()):
            raise bad_request(f"Association types {sorted(unknown)} are not valid between {source} and {target}")
        pair, a, b = _pointing(source, target, one, other)
        held = self._pairs[pair].setdefault(a, {})
        primary = known.get("primary") in types or (pair[1] == "companies" and not held)
        if primary:
            held.update(dict.fromkeys(held, False))
        held[b] = primary or held.get(b, False)

    def untie(self, source: str, target: str, one: str, other: str) -> None:
        """No association of any type between the two any more."""
        pair, a, b = _pointing(source, target, one, other)
        self._pairs[pair].get(a, {}).pop(b, None)

    def move(self, kind: str, old: str, new: str) -> None:
        """After a merge: what belonged to one record belongs to another; `old` is forgotten."""
        for (source, _), held in self._pairs.items():
            if source == kind and old in held:
                mine = held.setdefault(new, {})
                for other, primary in held.pop(old).items():
                    mine[other] = primary and not any(mine.values())
            if source != kind:
                for theirs in held.values():
                    if old in theirs:
                        theirs[new] = theirs.pop(old)

    def pointing_at(self, kind: str, id: str) -> Iterator[tuple[str, str]]:
        """(type, id) of the records that point at one."""
        for (source, target), held in self._pairs.items():
            if target == kind:
                yield from ((source, one) for one, others in held.items() if id in others)

    def forget(self, kind: str, id: str) -> None:
        """The record is archived."""
        for (source, target), held in self._pairs.items():
            if source == kind:
                held.pop(id, None)
            if target == kind:
                for others in held.values():
                    others.pop(id, None)

    def state(self) -> list[Any]:
        """As JSON."""
        return [[*pair, held] for pair, held in self._pairs.items()]

    def load(self, state: Sequence[Any]) -> None:
        """Back from `state()`."""
        self._pairs = {(source, target): held for source, target, held in state}


def shown(source: str, target: str, held: Mapping[str, bool]) -> list[dict[str, str]]:
    """As a v3 read shows them: a primary pair comes under both its types."""
    word = f"{_ONE[source]}_to_{_ONE[target]}"
    plain = f"{word}_unlabeled" if "primary" in _types(source, target) else word
    lines = []
    for id, primary in held.items():
        lines += [{"id": id, "type": word}] if primary else []
        lines.append({"id": id, "type": plain})
    return lines


def labelled(source: str, target: str, held: Mapping[str, bool]) -> list[dict[str, Any]]:
    """As v4 shows them."""
    known = _types(source, target)
    plain = {"category": "HUBSPOT_DEFINED", "typeId": known["plain"], "label": None}
    first = {"category": "HUBSPOT_DEFINED", "typeId": known.get("primary"), "label": "Primary"}
    return [
        {"toObjectId": id, "associationTypes": [*([first] if primary else []), plain]} for id, primary in held.items()
    ]


def none_found(source: str, target: str, id: str) -> dict[str, Any]:
    """What v4 says of a record without associations of a kind."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target} is associated with {_ONE[source]} {id}.",
        "context": {"fromObjectId": [id], "toObjectType": [target]},
        "errors": [],
        "links": {},
    }


def _types(source: str, target: str) -> dict[str, int]:
    if (source, target) not in KINDS:
        raise bad_request(f"There are no associations between {source} and {target}")
    return KINDS[source, target]


def _pointing(source: str, target: str, one: str, other: str) -> tuple[tuple[str, str], str, str]:
    _types(source, target)
    if (source, target) in POINTS:
        return (source, target), one, other
    return (target, source), other, one
