"""Why records could be the same thing: what a person needs to tell which of them are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from engine.bound import Bound
from engine.match import RULES, Member, keys_of
from engine.store import chunks
from engine.store.tables import copies


def evidence(
    connection: Connection, bound: Bound, sync: str, groups: Sequence[Sequence[Member]]
) -> list[dict[str, Any]]:
    """For each group the terms of the rule that its records share, and the records with their values of these terms:
    `{"rule": [term], "candidates": [{side, id, link, title, changed_at, changed_by, terms: {term: value}}]}`."""
    rows = _rows(connection, sync, {(member.side, member.id) for group in groups for member in group})
    found = []
    for group in groups:
        known = [rows[member.side, member.id] for member in group if (member.side, member.id) in rows]
        terms = _rule(bound, known)
        found.append({"rule": terms, "candidates": [_candidate(bound, row, terms) for row in known]})
    return found


def _rows(connection: Connection, sync: str, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for part in chunks(sorted({record for _, record in wanted})):
        query = select(copies).where(copies.c.sync == sync, copies.c.id.in_(part))
        found |= {(row["side"], row["id"]): row for row in connection.execute(query).mappings()}
    return found


def _rule(bound: Bound, rows: Sequence[Any]) -> list[str]:
    """The first rule of `match` by which most of them are alike; where none is, what `similar` compares them by."""
    keys = [keys_of(bound, row["side"], row["observed"]) for row in rows]
    alike: dict[int, int] = {}
    for number in range(len(bound.mapping.match)):
        own = [key for found in keys for at, key in found.items() if at % RULES == number]
        alike[number] = max((own.count(key) for key in own), default=0)
    best = max(alike, key=lambda number: (alike[number], -number), default=None)
    similar = bound.mapping.similar
    if similar is not None and (best is None or alike[best] < 2):
        return list(similar.weights)
    return [] if best is None else [str(term) for term in bound.mapping.match[best]]


def _candidate(bound: Bound, row: Any, terms: Sequence[str]) -> dict[str, Any]:
    side, observed = row["side"], row["observed"]
    shared = bound.get(side, observed)
    title = shared.get(next(iter(bound.mapping.fields)))
    matching = bound.sides[side].matching
    return {
        "side": side,
        "id": row["id"],
        "link": row["link"],
        "title": title if isinstance(title, str) else None,
        "changed_at": row["changed_at"],
        "changed_by": row["changed_by"],
        "terms": {term: shared[term] if term in shared else observed.get(matching.get(term)) for term in terms},
    }
