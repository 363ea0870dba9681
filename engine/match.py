"""Step 5, match: gives every new record its link: an existing one, one shared with its like on other sides, or one of
its own.

Keys decide only at first sight and only one to one; what is ambiguous waits for a person.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_

from engine.bound import Bound
from engine.canonical import digest


def keys_of(bound: Bound, side: str, native: dict[str, Any]) -> dict[int, str]:
    """The record's key for each rule of `match`; a rule with an empty part gives none."""
    shared = bound.get(side, native)
    keys = {}
    for number, rule in enumerate(bound.mapping.match):
        parts = [_part(bound, side, term, shared, native) for term in rule]
        if all(part is not None for part in parts):
            keys[number] = digest([number, *parts])
    return keys


def sent_keys(bound: Bound, row: dict[str, Any]) -> dict[int, str]:
    """The keys of the record that a create (a row of the journal) makes: what it does not set is empty."""
    return keys_of(bound, row["side"], dict.fromkeys(bound.wanted[row["side"]]) | row["data"])


def _part(bound: Bound, side: str, term: str, shared: dict[str, Any], native: dict[str, Any]) -> Any:
    row = bound.rows.get(term)
    if row is None:
        name = bound.sides[side].matching.get(term)
        return _normal(native.get(name)) if name else None
    if side in row.cells and bound.sides[side].schema.fields[row.cells[side].name].type == "recurrence":
        return (
            shared.get(term) is not None
        )  # a series never matches a single meeting; its rule may be spelled otherwise
    return _normal(shared.get(term))


def _normal(value: Any) -> Any:
    """Text without outer blanks and case, times as instants: spelling must not keep two records apart."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip().casefold() or None
    if isinstance(value, dict) and value.get("zone"):
        moment = datetime.fromisoformat(value["at"]).replace(tzinfo=ZoneInfo(value["zone"]))
        return moment.astimezone(ZoneInfo("UTC")).isoformat()
    return value or None


SKIPPED = "ambiguous, and the mapping says skip"
"""Why a record takes no part: it is matched again in every run, for its like may be gone by then."""


ALONE = (
    "this sync made it, and the record it was made from is nowhere now: delete it, or leave it; "
    "it is synced again when it or the mapping changes"
)
"""Why a rebuild lets a copy take no part: it is matched all the same, for its original may be there again."""
MATCHED = (SKIPPED, ALONE)


def unmatched(table: Any) -> Any:
    """Copies that take part but for a match that was ambiguous, or that there was none."""
    return or_(table.c.excluded.is_(None), table.c.excluded.in_(MATCHED))


@dataclass(frozen=True)
class Member:
    """A record with a given key."""

    side: str
    id: str
    link: str | None
    missing: bool = False
    """Its side does not show it now."""


@dataclass
class Matches:
    """What matching decided."""

    joined: list[tuple[list[Member], str | None, str]] = field(default_factory=list)
    """(records, the link they join or None for a new one, the rule that says so)."""
    ambiguous: list[tuple[list[Member], str]] = field(default_factory=list)


def match(
    free: Iterable[Member],
    groups: Iterable[tuple[int, list[Member]]],
    has: dict[str, set[str]],
    absent: dict[str, set[str]],
    rules: list[list[str]],
) -> Matches:
    """Pairs the free records. `groups` are (rule, all records with one key), `has` is link -> sides it has a copy on,
    `absent` those of them where that copy is missing: its like there may be the same under a new id, so it waits.

    Earlier rules win; a record is paired once; records left over get a link of their own.
    """
    matches = Matches()
    left = {(member.side, member.id): member for member in free}
    waiting: set[tuple[str, str]] = set()
    for rule, members in sorted(groups, key=lambda group: group[0]):
        loose = [m for m in members if (m.side, m.id) in left and (m.side, m.id) not in waiting]
        unsure = _unsure(loose, members, absent)
        waiting |= {(m.side, m.id) for m in unsure}
        loose = [m for m in loose if m not in unsure]
        if not loose:
            continue
        by_side: dict[str, list[Member]] = defaultdict(list)
        for member in loose:
            by_side[member.side].append(member)
        open_links = sorted({m.link for m in members if m.link and not set(by_side) <= has.get(m.link, set())})
        if len(by_side) + len(open_links) < 2:
            continue
        named = " + ".join(rules[rule])
        target = open_links[0] if open_links else None
        taken = has.get(target, set()) if target else set()
        if len(open_links) <= 1 and all(len(found) == 1 for found in by_side.values()) and not taken & set(by_side):
            matches.joined.append((loose, target, f"same {named}"))
            has.setdefault(target or "", set()).update(by_side if target else ())
            for member in loose:
                del left[member.side, member.id]
        else:
            tied = [m for m in members if m.link in open_links]
            matches.ambiguous.append(([*loose, *tied], f"several records have the same {named}"))
            waiting |= {(member.side, member.id) for member in loose}
    for key, member in left.items():
        if key not in waiting:
            matches.joined.append(([member], None, "new"))
    return matches


def _unsure(loose: list[Member], members: list[Member], absent: dict[str, set[str]]) -> list[Member]:
    """Those whose like may be there although its side does not show it now."""
    seen = {m.link for m in members if m.link and not m.missing}
    if any(m.missing and m.link not in seen for m in members):
        return loose
    gaps = {side for m in members if m.link for side in absent.get(m.link, set())}
    return [m for m in loose if m.side in gaps]
