"""Step 5, a closer look where the mapping has a `similar`: what is unsure becomes a question, never a link.

Two kinds of records wait for a person: those that no rule joins and that look alike, and those that a rule joins
although their names are others' (a family with one address).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.alike import Alike, Features
from engine.bound import Bound
from engine.links import sides_of
from engine.match import BLOCKS, Matches, Member, Unsure, connected, unmatched
from engine.store import chunks
from engine.store.tables import copies, copy_keys, links

CROWD = 60
"""Records with one key of likeness: of more it tells nothing."""
BEST = 3
"""Candidates of a record that a person is shown, per side."""
Key = tuple[str, str]
_IDS: Any = bindparam("ids", expanding=True)
_OBSERVED = select(copies.c.id, copies.c.observed).where(
    copies.c.sync == bindparam("of"), copies.c.side == bindparam("at"), copies.c.id.in_(_IDS)
)
_KEYS = select(copy_keys.c.key).where(
    copy_keys.c.sync == bindparam("of"),
    copy_keys.c.side == bindparam("at"),
    copy_keys.c.id.in_(_IDS),
    copy_keys.c.rule >= BLOCKS,
)
_SAME: Any = (copy_keys.c.sync == copies.c.sync) & (copy_keys.c.side == copies.c.side) & (copy_keys.c.id == copies.c.id)
_HOLDERS = (
    select(copy_keys.c.key, copies.c.side, copies.c.id, copies.c.link)
    .join(copies, _SAME)
    .outerjoin(links, links.c.id == copies.c.link)
    .where(copy_keys.c.sync == bindparam("of"), copy_keys.c.rule >= BLOCKS, copy_keys.c.key.in_(_IDS))
    .where(unmatched(copies), copies.c.failed.is_(None), copies.c.present == "yes", links.c.ended.is_(None))
)


def look_closer(connection: Connection, bound: Bound, sync: str, matches: Matches, singles: set[Key]) -> None:
    """Moves what is unsure from `joined` to `ambiguous`. `singles`: records that a person said match nothing."""
    if bound.mapping.similar is None:
        return
    closer = _Closer(connection, bound, sync)
    _strangers(closer, matches)
    new = {
        (m.side, m.id): m for members, link, _ in matches.joined if link is None and len(members) == 1 for m in members
    }
    alike = _pairs(closer, {key: member for key, member in new.items() if key not in singles})
    waiting: set[Key] = set()
    for group in connected([list(pair) for pair in alike]):
        keys = {(m.side, m.id) for m in group}
        waiting |= keys
        told = [_told(pair, *found) for pair, found in alike.items() if (pair[0].side, pair[0].id) in keys]
        matches.ambiguous.append(Unsure(group, "records look alike", {"pairs": told}))
    matches.joined = [one for one in matches.joined if one[1] or not waiting & {(m.side, m.id) for m in one[0]}]


def _told(pair: tuple[Member, Member], score: float, each: dict[str, float]) -> dict[str, Any]:
    """How alike two records are, for a person: `{records, score, terms}`, 0 to 1."""
    terms = {term: round(share, 2) for term, share in each.items()}
    return {"records": [[m.side, m.id] for m in pair], "score": round(score, 2), "terms": terms}


class _Closer:
    """The records of a sync as they are compared."""

    def __init__(self, connection: Connection, bound: Bound, sync: str) -> None:
        self.connection, self.sync, self.alike = connection, sync, Alike(bound)
        self._known: dict[Key, Features] = {}

    def learn(self, members: Iterable[Member]) -> None:
        """Reads those that are not known yet."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for member in members:
            if (member.side, member.id) not in self._known:
                wanted[member.side].add(member.id)
        for side, ids in sorted(wanted.items()):
            for part in chunks(sorted(ids)):
                for row in self.connection.execute(_OBSERVED, {"of": self.sync, "at": side, "ids": list(part)}):
                    self._known[side, row.id] = self.alike.features(side, row.observed)

    def of(self, member: Member) -> Features:
        """What is compared of a record."""
        return self._known.get((member.side, member.id), {})


def _strangers(closer: _Closer, matches: Matches) -> None:
    """Records that a rule joins under different names wait for a person."""
    rules = {f"same {' + '.join(rule)}": rule for rule in closer.alike.bound.mapping.match}
    named = [one for one in matches.joined if one[2] in rules and (len(one[0]) > 1 or one[1])]
    tied = _copies_of(closer, [link for _, link, _ in named if link])
    closer.learn(member for members, link, _ in named for member in [*members, *tied.get(link or "", [])])
    doubted = []
    for one in named:
        members, link, rule = one
        whole = [*members, *tied.get(link or "", [])]
        term = next(filter(None, (_other(closer, whole[0], m, rules[rule]) for m in whole[1:])), None)
        if term is not None:
            doubted.append(id(one))
            matches.ambiguous.append(Unsure(whole, f"records have the {rule}, and another {term}"))
    matches.joined = [one for one in matches.joined if id(one) not in doubted]


def _other(closer: _Closer, one: Member, other: Member, rule: list[str]) -> str | None:
    return closer.alike.strangers(closer.of(one), closer.of(other), set(rule))


def _copies_of(closer: _Closer, ids: list[str]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = defaultdict(list)
    for part in chunks(sorted(set(ids))):
        query = select(copies.c.side, copies.c.id, copies.c.link).where(
            copies.c.sync == closer.sync, copies.c.link.in_(part), copies.c.present == "yes"
        )
        for row in closer.connection.execute(query):
            found[row.link].append(Member(row.side, row.id, row.link))
    return found


def _pairs(closer: _Closer, new: dict[Key, Member]) -> dict[tuple[Member, Member], tuple[float, dict[str, float]]]:
    """Pairs of a new record and another one, new or linked, that are alike enough: `(score, by term)`."""
    found: dict[tuple[Member, Member], tuple[float, dict[str, float]]] = {}
    candidates = _candidates(closer, new)
    closer.learn({member for pair in candidates for member in pair})
    for one, other in candidates:
        score, each = closer.alike.score(closer.of(one), closer.of(other))
        if score >= closer.alike.at_least:
            found[one, other] = score, each
    ranked: dict[tuple[Key, str], int] = defaultdict(int)
    kept = {}
    for pair, scored in sorted(found.items(), key=lambda item: (-item[1][0], item[0][0].id, item[0][1].id)):
        one, other = pair
        ends = [((one.side, one.id), other.side), ((other.side, other.id), one.side)]
        if all(ranked[end] < BEST for end in ends):
            kept[pair] = scored
            for end in ends:
                ranked[end] += 1
    return kept


def _candidates(closer: _Closer, new: dict[Key, Member]) -> set[tuple[Member, Member]]:
    """Pairs on different sides that share a key of likeness, and of which one at least is new."""
    groups = _groups(closer, new)
    has = sides_of(closer.connection, closer.sync, sorted({m.link for group in groups for m in group if m.link}))
    found = set()
    for group in groups:
        ordered = sorted(group, key=lambda m: (m.link is not None, m.side, m.id))
        for at, one in enumerate(ordered):
            if one.link is None:
                found |= {
                    (one, m)
                    for m in ordered[at + 1 :]
                    if m.side != one.side and one.side not in has.get(m.link or "", ())
                }
    return found


def _groups(closer: _Closer, new: dict[Key, Member]) -> list[list[Member]]:
    keys: set[str] = set()
    for side in sorted({side for side, _ in new}):
        for part in chunks(sorted(id for at, id in new if at == side)):
            at = {"of": closer.sync, "at": side, "ids": list(part)}
            keys.update(closer.connection.execute(_KEYS, at).scalars())
    groups: dict[str, list[Member]] = defaultdict(list)
    for part in chunks(sorted(keys)):
        for row in closer.connection.execute(_HOLDERS, {"of": closer.sync, "ids": list(part)}):
            if row.link is not None or (row.side, row.id) in new:
                groups[row.key].append(Member(row.side, row.id, row.link))
    return [group for group in groups.values() if 1 < len(group) <= CROWD]
