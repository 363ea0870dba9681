"""For every pair of connectors that share a kind, a mapping that is complete, loads, and passes the proof."""

from __future__ import annotations

import pytest

from engine.mapping_check import check_against
from engine.proof import prove
from engine.propose import propose, text
from engine.yamlfile import load_mapping
from tests.propose.apps import VOCABULARY, by_kind, pairs, seen

LEAST = 0.9
PAIRS = list(pairs())


def entries(side):
    """Vocabulary entry -> whether it can be written; a list counts as its main value. Consent is left to a person."""
    found = {}
    for item in side.fields.values():
        word = VOCABULARY.words.get(item.means)
        if word is not None and word.name != "contact.consent":
            name = word.single or word.name
            found[name] = found.get(name, False) or item.writable
    return found


def mapped(mapping, sides):
    """The entries that rows join."""
    found = set()
    for row in mapping.fields.values():
        means = [{side.fields[name].means for name in row.native(at)} for at, side in sides.items()]
        roots = [{VOCABULARY.words[one].single or one for one in each if one} for each in means]
        found |= set.intersection(*roots) or set.union(*roots)
    return found


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS, ids=[f"{k}-{a[0]}-{b[0]}" for k, a, b in PAIRS])
def test_a_pair(kind, one, other, tmp_path):
    sides = {"a": seen(*one), "b": seen(*other)}
    proposal = propose(sides, VOCABULARY)
    assert proposal.kind == kind
    file = tmp_path / "x.yaml"
    file.write_text(text(proposal, "x"))
    mapping = load_mapping(file)
    schemas = {name: side.schema for name, side in sides.items()}
    assert check_against(mapping, schemas) == []
    assert prove(mapping, schemas).findings == []
    assert mapping.match, "what is there on both sides would be doubled"

    first, second = (entries(side) for side in sides.values())
    common = {name for name in first.keys() & second.keys() if first[name] or second[name]}
    got = mapped(mapping, sides)
    assert len(common & got) >= LEAST * len(common), common - got


@pytest.mark.parametrize("kind", [kind for kind, places in by_kind().items() if len(places) > 2])
def test_several_apps_of_a_kind_in_one_sync(kind, tmp_path):
    sides = {app: seen(app, obj) for app, obj in by_kind()[kind][:4]}
    file = tmp_path / "x.yaml"
    file.write_text(text(propose(sides, VOCABULARY), "x"))
    mapping = load_mapping(file)
    schemas = {name: side.schema for name, side in sides.items()}
    assert check_against(mapping, schemas) == []
    assert prove(mapping, schemas).findings == []
    assert {side for row in mapping.fields.values() for side in row.sides} == set(sides)


def test_what_connectors_say_is_in_the_vocabulary():
    strange = {
        item.means
        for places in by_kind().values()
        for place in places
        for item in seen(*place).fields.values()
        if item.means and item.means not in VOCABULARY.words
    }
    assert strange == set()
