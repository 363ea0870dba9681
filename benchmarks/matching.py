"""`python -m benchmarks.matching [PEOPLE]`: how well records are matched that two address books have already.

Of `PEOPLE` (20,000) made-up contacts, with the name in one field and in two: the links that rules made (right, wrong,
missed), the pairs that were shown to a person, and what it took. A wrong link that nobody was asked about ends it with
exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from sqlalchemy import select

from benchmarks.figure import Clock, Figure, peak_memory
from benchmarks.people import Books, Card, books, in_parts
from engine.contract import Caps, Field, Outcome, Page, Record, Schema, Support, Write
from engine.holds import listed
from engine.store.tables import copies
from flows import direct
from flows.project import Project
from flows.session import Session

RULES = "match: [[email, {name: name}], [email], [{phone: phone}, {name: name}]]"
SIMILAR = "similar: {name: 0.5, email: 0.3, phone: 0.2}"
IN_PARTS = """match: [[email, first, last], [email], [phone, first, last]]
similar: {first: 0.25, last: 0.25, email: 0.3, phone: 0.2}"""
FIELDS = {
    "name": Field(type="text", means="contact.full_name"),
    "first": Field(type="text", means="contact.given_name"),
    "last": Field(type="text", means="contact.family_name"),
    "email": Field(type="email", means="contact.email"),
    "phone": Field(type="phone", means="contact.phone"),
}
MAPPING = """name: people
sides:
  left: {{app: carddav, object: contacts}}
  right: {{app: carddav, object: contacts}}
{rules}
fields:
{rows}
"""
Pair = tuple[str, str]


@dataclass
class Cards:
    """A book that is only read."""

    cards: Mapping[str, Card]
    caps: ClassVar[Caps] = Caps(delta=Support.YES, page=1000)
    requests: int = 0

    def check(self) -> str:
        return "somebody"

    def schema(self, obj: str) -> Schema:  # noqa: ARG002 - the contract's
        return Schema({name: FIELDS[name] for name in next(iter(self.cards.values()))})

    def scan(self, obj: str, scope: Any) -> Iterator[Page]:  # noqa: ARG002 - the contract's
        yield Page([Record(id, "1", dict(card)) for id, card in self.cards.items()], "1")

    def changes(self, obj: str, scope: Any, cursor: str) -> Iterator[Page]:  # noqa: ARG002 - the contract's
        yield Page([], cursor)

    def get(self, obj: str, scope: Any, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002 - the contract's
        yield from (Record(id, "1", dict(self.cards[id])) for id in ids)

    def write(self, obj: str, scope: Any, writes: Sequence[Write]) -> Iterator[Outcome]:
        raise NotImplementedError("a plan writes nothing")


@dataclass(frozen=True)
class Matched:
    """What one plan made of two books."""

    books: Books
    linked: frozenset[Pair]
    shown: frozenset[Pair]
    holds: int

    @property
    def wrong(self) -> frozenset[Pair]:
        """Pairs linked without a question that are two people."""
        return self.linked - self.books.pairs

    def figures(self) -> dict[str, float | int]:
        """Precision and recall: of the links, of what is shown, and of both together."""
        pairs, right = self.books.pairs, self.linked & self.books.pairs
        found = self.shown & pairs
        return {
            "pairs": len(pairs),
            "linked": len(self.linked),
            "wrong": len(self.wrong),
            "precision": round(len(right) / max(1, len(self.linked)), 5),
            "recall": round(len(right) / len(pairs), 4),
            "shown": len(self.shown),
            "shown_precision": round(len(found) / max(1, len(self.shown)), 4),
            "recall_with_shown": round(len(right | found) / len(pairs), 4),
            "holds": self.holds,
        }


def matched(made: Books, root: Path, rules: str) -> Matched:
    """Plans the first sync of two books under these rules."""
    for folder in ("mappings", "deployments"):
        (root / folder).mkdir(parents=True)
    rows = "\n".join(f"  {name}: {{left: {name}, right: {name}}}" for name in next(iter(made.left.values())))
    (root / "mappings" / "people.yaml").write_text(MAPPING.format(rules=rules, rows=rows))
    sides = "\n".join(f"  {side}: {{connection: {side}}}" for side in ("left", "right"))
    (root / "deployments" / "it.yaml").write_text(f"sync: it\nmapping: people\nsides:\n{sides}\n")
    project = Project.at(root)
    apps: dict[str, Any] = {"left": Cards(made.left), "right": Cards(made.right)}
    direct.plan(project, "it", session=Session(project, "it", connectors=apps))
    tied: dict[str, dict[str, str]] = {}
    for row in project.store.rows(select(copies.c.side, copies.c.id, copies.c.link).where(copies.c.link.is_not(None))):
        tied.setdefault(row["link"], {})[row["side"]] = row["id"]
    waiting = [hold for hold in listed(project.store, "it") if hold["kind"] == "ambiguous"]
    project.close()
    linked = frozenset((one["left"], one["right"]) for one in tied.values() if len(one) == 2)
    return Matched(made, linked, frozenset(pair for hold in waiting for pair in _pairs(hold["detail"])), len(waiting))


def _pairs(detail: Mapping[str, Any]) -> Iterator[Pair]:
    """The pairs that a hold shows: those that were compared, or all of its records."""
    shown = [one["records"] for one in detail.get("pairs", [])] or combinations(detail["records"], 2)
    for one, other in shown:
        ends = {one[0]: one[1], other[0]: other[1]}
        if len(ends) == 2:
            yield ends["left"], ends["right"]


def main(people: int = 20_000) -> int:
    """Prints a figure for names in one field, one for names in two, and one without `similar`."""
    made = books(people)
    wrong = 0
    for name, cards, rules in (
        ("whole names", made, f"{RULES}\n{SIMILAR}"),
        ("names in two fields", in_parts(made), IN_PARTS),
        ("whole names, without similar", made, RULES),
    ):
        total = Clock()
        with TemporaryDirectory() as folder, total.running():
            found = matched(cards, Path(folder) / "p", rules)
        wrong += len(found.wrong) if "similar:" in rules else 0
        took = {"cpu_seconds": round(total.processor, 1), "peak_mb": peak_memory()}
        print(Figure(f"matching {people:,} people: {name}", {**found.figures(), **took}).line(), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
