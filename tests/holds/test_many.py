"""Many look-alike holds are answered at once, by their score, after a look at what that would be."""

from __future__ import annotations

import json

import pytest

from syncline.cli import main
from tests.identity.people import meet
from tests.sync.world import told

__all__ = ["meet"]
RULES = "match: [[email]]\nsimilar: {name: 0.5, email: 0.3, phone: 0.2}"
NAMES = {"Ann Leeward": "Anne Leeward", "Bob Stone": "Bob Stones", "Katherine Johnson": "Catherine Jonson"}


@pytest.fixture
def alike(meet):
    """Three pairs; the last is the least alike."""
    world = meet("a", "b", extra=RULES)
    for at, (mine, theirs) in enumerate(NAMES.items()):
        world.apps["a"].add(name=mine, phone=f"+1555123456{at}")
        world.apps["b"].add(name=theirs, phone=f"+1555123456{at}")
    world.run()
    assert len(world.holds("ambiguous")) == 3
    return world


@pytest.fixture
def say(capsys):
    def call(world, *words):
        capsys.readouterr()
        code = main(["resolve", *words, "--project", str(world.root)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def scores(world):
    return sorted(one["detail"]["pairs"][0]["score"] for one in world.holds("ambiguous"))


def test_those_that_score_enough_are_linked_after_a_preview(alike, say):
    bound = scores(alike)[1]
    words = ("--all", "it", "--score", str(bound), "--value", "alike")
    code, out = say(alike, *words, "--dry-run")
    assert code == 0 and "2 holds would be answered, 0 do not fit. Nothing was changed." in out
    assert "records look alike: a a1, b b1" in " ".join(out.split()) and f"{bound:.2f}" in out
    assert len(alike.holds("ambiguous")) == 3 and alike.linked() == set()
    code, out = say(alike, *words)
    assert (code, "Answered 2 holds." in out) == (0, True)
    assert alike.linked() == {frozenset({"a1", "b1"}), frozenset({"a2", "b2"})}
    alike.run()
    assert len(alike.holds("ambiguous")) == 1
    assert [len(alike.apps[side].live()) for side in "ab"] == [3, 3]
    assert told(alike.run()) == 0


def test_the_rest_is_kept_apart(alike, say):
    assert say(alike, "--all", "it", "--kind", "ambiguous", "--skip")[0] == 0
    alike.run()
    assert [len(alike.apps[side].live()) for side in "ab"] == [6, 6]


def test_where_several_records_of_a_side_look_alike_a_person_decides(meet, say):
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Leeward", phone="+15551234567")
    for name in ("Anne Leeward", "Ann Leewart"):
        world.apps["b"].add(name=name, phone="+15551234567")
    world.run()
    (hold,) = world.holds("ambiguous")
    code, out = say(world, "--all", "it", "--value", "alike", "--json")
    doc = json.loads(out)
    assert (code, doc["answered"], doc["dry_run"]) == (2, [], False)
    assert "several records of one side look alike" in doc["unfit"][0]["reason"]
    code, out = say(world, hold["id"], "--value", "alike")
    assert (code, "several records of one side" in " ".join(out.split())) == (1, True)
    assert world.linked() == set() and len(world.holds("ambiguous")) == 1


def test_an_answer_that_a_run_has_overtaken_joins_nothing(alike, say):
    first = next(one for one in alike.holds("ambiguous") if ["b", "b1"] in one["detail"]["records"])
    alike.apps["b"].edit("b1", name="Someone Else", phone=None)
    alike.run()
    code, out = say(alike, first["id"], "--value", "alike")
    assert code == 1 and "settled already" in " ".join(out.split())
    assert frozenset({"a1", "b1"}) not in alike.linked()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["x", "--score", "0.9", "--value", "alike"], "--score go with --all"),
        (["--all", "it", "--score", "95", "--value", "alike"], "from 0 to 1"),
        (["--all", "it", "--field", "note", "--take", "a", "--always", "--dry-run"], "--always goes with"),
    ],
)
def test_what_makes_no_sense_is_explained(alike, say, words, reason):
    code, said = say(alike, *words)
    assert (code, reason in said) == (3, True)
