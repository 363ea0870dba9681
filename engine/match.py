"""Step 5, match: gives every new record its link: an existing one, one shared with its like on other sides, or one of
its own.

Keys decide only at first sight and only one to one; what is ambiguous waits for a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from sqlalchemy import or_

from engine import normal
from engine.bound import Bound
from engine.canonical import digest

RULES = 1000
"""Keys are numbered `rule + RULES * n`: by one rule a record has several, where it has several addresses, say."""
BLOCKS = 1_000_000
"""From here on the keys are not those of rules: see engine/lookalikes.py."""
MOST = 24
"""Keys of one record by one rule."""


def keys_of(bound: Bound, side: str, native: dict[str, Any]) -> dict[int, str]:
    """The record's keys, by number; a rule with an empty part gives none."""
    shared = bound.get(side, native)
    keys: dict[int, str] = {}
    for number, rule in enumerate(bound.mapping.match):
        values = [list(parts(bound, side, term, shared, native)) for term in rule]
        found = dict.fromkeys(digest([number, *one]) for one in islice(product(*values), MOST))
        keys |= {number + RULES * at: key for at, key in enumerate(found)}
    return keys


def sent_keys(bound: Bound, row: dict[str, Any]) -> dict[int, str]:
    """The keys of the record that a create (a row of the journal) makes: what it does not set is empty."""
    return keys_of(bound, row["side"], dict.fromkeys(bound.wanted[row["side"]]) | row["data"])


def parts(bound: Bound, side: str, term: str, shared: dict[str, Any], native: dict[str, Any]) -> Iterator[Any]:
    """The values of a term as they are compared."""
    row = bound.rows.get(term)
    if row is not None and side in row.cells and _types(bound, term).get(side) == "recurrence":
        yield shared.get(term) is not None  # a series never matches a single meeting; its rule may be spelled otherwise
        return
    by = getattr(term, "by", "") or next(
        (kind for one in _types(bound, term).values() if (kind := normal.usual(one)) != "text"), ""
    )
    for value in term_values(bound, side, term, shared, native):
        made = normal.NORMALISERS[by or normal.usual("", value)](value)
        if made is not None:
            yield made


def term_values(bound: Bound, side: str, term: str, shared: Mapping[str, Any], native: Mapping[str, Any]) -> list[Any]:
    """The values of a term: several, where the side has a list of addresses, of which the row may show one."""
    row = bound.rows.get(term)
    name = bound.sides[side].matching.get(term) if row is None else row.cells[side].name if side in row.cells else None
    if _types(bound, term).get(side) in normal.SEVERAL and name is not None:
        if row is not None and row.many:
            return list(shared.get(term) or {})
        return [entry.get("value") for entry in native.get(name) or [] if entry.get("value")]
    value = shared.get(term) if row is not None else native.get(name or "")
    return [] if value in (None, "", [], {}) else [value]


def _types(bound: Bound, term: str) -> dict[str, str]:
    """Side -> type of the native field behind a term."""
    row = bound.rows.get(term)
    if row is not None:
        names = {side: cell.name for side, cell in row.cells.items()}
    else:
        names = {side: at.matching[term] for side, at in bound.sides.items() if term in at.matching}
    return {side: bound.sides[side].schema.fields[name].type for side, name in names.items()}


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


@dataclass(frozen=True)
class Unsure:
    """Records that may be the same; a person is asked."""

    members: list[Member]
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    """`pairs` where they were compared."""


@dataclass
class Matches:
    """What matching decided."""

    joined: list[tuple[list[Member], str | None, str]] = field(default_factory=list)
    """(records, the link they join or None for a new one, the rule that says so)."""
    ambiguous: list[Unsure] = field(default_factory=list)


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
    found_by: dict[tuple[str, str], int] = {}
    for rule, members in _whole(groups):
        loose = [m for m in members if (m.side, m.id) in left and (m.side, m.id) not in waiting]
        unsure = _unsure(loose, members, absent)
        waiting |= {(m.side, m.id) for m in unsure}
        loose = [m for m in loose if m not in unsure]
        by_side: dict[str, list[Member]] = defaultdict(list)
        for member in loose:
            by_side[member.side].append(member)
        open_links = sorted({m.link for m in members if m.link and not set(by_side) <= has.get(m.link, set())})
        if len(by_side) + len(open_links) < 2:
            continue
        named = " + ".join(rules[rule])
        target = open_links[0] if open_links else None
        taken = has.get(target, set()) if target else set()
        single = len(open_links) <= 1 and all(len(found) == 1 for found in by_side.values())
        sharing = any(found_by.get((m.side, m.id)) == rule for m in members)  # the only one left is no proof
        if single and not sharing and not taken & set(by_side):
            matches.joined.append((loose, target, f"same {named}"))
            has.setdefault(target or "", set()).update(by_side if target else ())
            for member in loose:
                del left[member.side, member.id]
                found_by[member.side, member.id] = rule
        else:
            tied = [m for m in members if m.link in open_links]
            matches.ambiguous.append(Unsure([*loose, *tied], f"several records have the same {named}"))
            waiting |= {(member.side, member.id) for member in loose}
    matches.joined += [([member], None, "new") for key, member in left.items() if key not in waiting]
    return matches


def _whole(groups: Iterable[tuple[int, list[Member]]]) -> list[tuple[int, list[Member]]]:
    """Groups of one rule that share a record, put together, by rule: who shares one address with one record and another
    with the next may be either. Keys that several records of a side have come after those that tell them apart."""
    found: list[tuple[int, list[Member]]] = []
    by_rule: dict[int, list[list[Member]]] = defaultdict(list)
    for rule, members in groups:
        by_rule[rule].append(members)
    for rule in sorted(by_rule):
        telling = [group for group in by_rule[rule] if len({m.side for m in group}) == len(group)]
        found += [(rule, group) for group in connected(telling)]
        found += [(rule, group) for group in connected(by_rule[rule])] if len(telling) < len(by_rule[rule]) else []
    return found


def connected(groups: Iterable[list[Member]]) -> list[list[Member]]:
    """Groups that have a record in common are one; their order is that of the first of each."""
    home: dict[tuple[str, str], int] = {}
    parts: dict[int, dict[tuple[str, str], Member]] = {}
    for number, group in enumerate(groups):
        parts[number] = {(m.side, m.id): m for m in group}
        for old in sorted({home[key] for key in parts[number] if key in home}):
            parts[number] = {**parts.pop(old), **parts[number]}
        home.update(dict.fromkeys(parts[number], number))
    return [list(part.values()) for part in parts.values()]


def _unsure(loose: list[Member], members: list[Member], absent: dict[str, set[str]]) -> list[Member]:
    """Those whose like may be there although its side does not show it now."""
    seen = {m.link for m in members if m.link and not m.missing}
    if any(m.missing and m.link not in seen for m in members):
        return loose
    gaps = {side for m in members if m.link for side in absent.get(m.link, set())}
    return [m for m in loose if m.side in gaps]
