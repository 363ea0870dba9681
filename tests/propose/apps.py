"""Connectors that have objects of the same kind, and made-up sides."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from connectors import load, names
from engine.contract import Field, Schema
from engine.propose import Seen, kinds, load_vocabulary, propose
from flows.project import LIBRARY

VOCABULARY = load_vocabulary(Path(LIBRARY) / "vocabulary.yaml")


def seen(app, obj):
    """A side with the fields that every account has."""
    return Seen(app, obj, Schema(load(app).fields[obj]))


def by_kind():
    """Kind -> [(app, object)]."""
    found = {}
    for app in names():
        for obj, fields in load(app).fields.items():
            if kinds(fields):
                found.setdefault(kinds(fields)[0], []).append((app, obj))
    return found


def pairs():
    """All (kind, one, other); where only one connector has a kind, two accounts of it."""
    for kind, places in by_kind().items():
        for one, other in combinations(places, 2) if len(places) > 1 else [(places[0], places[0])]:
            yield kind, one, other


def side(samples=(), /, **fields):
    """A made-up app's records: `name=Field(...)`, or `name="type"`."""
    made = {name: Field(type=item) if isinstance(item, str) else item for name, item in fields.items()}
    return Seen("caldav", "things", Schema(made), samples)


def proposed(**sides):
    return propose(sides, VOCABULARY)


def rows(proposal):
    """Row -> what is in the file."""
    return {row.name: row.yaml() for row in proposal.rows}


def doubts(proposal):
    return {row.name: row.doubt for row in proposal.doubtful}
