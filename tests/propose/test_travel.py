"""`syncline new`, end to end: what is proposed is put to work as it stands, and what both apps can tell arrives."""

from __future__ import annotations

import os
from itertools import count

import pytest

from tests.propose.apps import by_kind, pairs
from tests.propose.facts import ADDRESS, EDITS, KNOWN_BY, THINGS, TOLD_APART, Side
from tests.propose.files import KINDS, MAKERS, MEANS

LEAST = 0.9
FILES = [
    ("contact", ("google_contacts", "contacts"), ("sql", "people")),
    ("contact", ("csv", "people"), ("tryton", "party.party")),
    ("product", ("sql", "wares"), ("shopify", "products")),
]
SOME = [
    ("meeting", "google_calendar", "outlook_calendar"),
    ("meeting", "caldav", "google_calendar"),
    ("task", "caldav", "microsoft_todo"),
    ("task", "google_tasks", "microsoft_todo"),
    ("contact", "google_contacts", "outlook_contacts"),
    ("contact", "carddav", "hubspot"),
    ("contact", "google_contacts", "hubspot"),
    ("contact", "mailchimp", "shopify"),
    ("contact", "quickbooks", "shopify"),
    ("contact", "shopify", "tryton"),
    ("company", "hubspot", "salesforce"),
    ("deal", "hubspot", "salesforce"),
    ("product", "hubspot", "tryton"),
    ("product", "quickbooks", "shopify"),
]
"""Each kind, and each connector; PROPOSE=all takes every pair that shares a kind."""
EVERY = [*pairs(), *FILES]
PAIRS = EVERY if os.environ.get("PROPOSE") == "all" else [
    one for one in EVERY if one in FILES or (one[0], one[1][0], one[2][0]) in SOME
]  # fmt: skip
DECIDED = {
    "consent": {"mailchimp", "shopify"},
    **{part: {"mailchimp"} for part in ADDRESS},
}
"""Fact -> apps to which nothing of it is written unless a person says so, and the mapping tells why."""
TAKEN = {"birthday": {"mailchimp"}}
"""Fact -> apps of which nothing of it is taken."""


class Pair:
    """Two places that `syncline new` keeps the same."""

    def __init__(self, syncline, kind, places):
        self.syncline, self.kind, self.places, self.numbers = syncline, kind, places, count()
        words = []
        for side, at in places.items():
            settings = [f"{key}={value}" for key, value in at.settings.items()]
            assert syncline("connect", at.app, "--name", side, "--set", *settings).code == 0
            words += ["--side", f"{side}={side}:{at.obj}"]
            words += [part for key, value in at.scope.items() for part in ("--scope", f"{side}.{key}={value}")]
        self.words = words
        self.sides = {
            name: Side(kind, at.connector.schema(at.obj).fields, MEANS if at.obj in KINDS else None)
            for name, at in places.items()
        }

    def make(self, side, thing):
        return self.places[side].make(f"made-{next(self.numbers)}", self.sides[side].write(thing))

    def edit(self, side, record, fact, thing):
        """The whole field that tells the fact, as the thing is now."""
        native = self.sides[side].told()[fact]
        self.places[side].edit(record, {native: self.sides[side].write(thing)[native]})

    def done(self, *words):
        said = self.syncline(*words)
        assert said.code == 0, (words, said.out, said.err)
        return said

    def run(self, *words):
        """How many records were written."""
        report = self.done("run", "it", "--direct", "--json", *words).doc
        return sum(count for ops in report["writes"].values() for count in ops.values())

    def travels(self, source, target):
        """Facts that both sides know, and the target lets be written."""
        common = self.sides[source].told().keys() & self.sides[target].taken() & THINGS[self.kind][0].keys()
        giver, taker = self.places[source].app, self.places[target].app
        return {one for one in common if taker not in DECIDED.get(one, ()) and giver not in TAKEN.get(one, ())}

    def lacks(self, target, thing, facts):
        """Those that the target does not show, with what it shows instead."""
        side, known = self.sides[target], TOLD_APART[self.kind]
        (found,) = (one for one in self.places[target].records() if side.shows(known, thing[known], one))
        return {fact: found.get(side.told()[fact]) for fact in facts if not side.shows(fact, thing[fact], found)}


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS, ids=[f"{k}-{a[0]}-{b[0]}" for k, a, b in PAIRS])
def test_from_two_accounts_to_one_set_of_facts(syncline, place, kind, one, other):
    pair = Pair(syncline, kind, {"a": place(*one), "b": place(*other)})
    both, left, right = THINGS[kind]
    made = {"a": pair.make("a", both), "b": pair.make("b", {fact: both[fact] for fact in KNOWN_BY[kind]})}
    pair.make("a", left)
    pair.make("b", right)
    pair.done("new", "it", *pair.words)
    pair.done("check", "it")
    assert pair.run() > 0
    assert pair.run("--full") == 0
    assert [len(at.records()) for at in pair.places.values()] == [3, 3], "matched, not doubled"

    there, back = pair.travels("a", "b"), pair.travels("b", "a")
    lacking = [pair.lacks("b", both, there), pair.lacks("b", left, there), pair.lacks("a", right, back)]
    total = 2 * len(there) + len(back)
    assert sum(map(len, lacking)) <= (1 - LEAST) * total, f"of {total} facts did not arrive: {lacking}"

    edits = dict([(fact, value) for fact, value in EDITS[kind].items() if fact in there & back][:2])
    edited = {**both, **edits}
    for side, fact in zip(pair.places, edits, strict=True):
        pair.edit(side, made[side], fact, edited)
    assert pair.run() > 0
    assert [pair.lacks(side, edited, edits) for side in pair.places] == [{}, {}], "an edit travels each way"
    assert pair.syncline("plan", "it").code == 0


def test_every_kind_and_every_connector_is_among_them():
    assert {kind for kind, _, _ in PAIRS} == set(by_kind())
    apps = {place[0] for places in by_kind().values() for place in places} | set(MAKERS)
    assert {place[0] for _, *places in PAIRS for place in places} == apps
