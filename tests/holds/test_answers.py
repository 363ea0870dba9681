"""Holds tell what a person needs to know, and are answered one by one, many at once, and for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import holds
from engine.contract import Caps, Record, Support, Transient
from flows import answers
from flows.view import hold_view
from syncline.cli import main
from tests.sync.asked import THEN, at_rest, filled, notes, waiting
from tests.sync.memory import MemoryApp
from tests.sync.world import Make, World, make, told

__all__ = ["make"]
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def call(world: World, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*words, "--project", str(world.root)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def quarrel(world: World, number: int) -> None:
    """So many records of which the note was changed on both sides, and the place of the first."""
    ids = filled(world, number)
    mine = {row["name"]: record for record, row in world.apps["b"].live().items()}
    for at, record in enumerate(ids):
        world.apps["a"].edit(record, note=f"a {at}")
        world.apps["b"].edit(mine[f"Thing {at}"], note=f"b {at}")
    world.apps["a"].edit(ids[0], place="here")
    world.apps["b"].edit(mine["Thing 0"], place="there")
    world.run()


class Signed(MemoryApp):
    """An app that tells who changed a record."""

    def _record(self, record: str) -> Record:
        found = super()._record(record)
        return Record(found.id, found.version, found.data, found.changed_at, found.gone, changed_by=f"{self.name}@it")


def test_a_conflict_tells_values_times_and_authors(tmp_path: Path, say: Say) -> None:
    world = World(tmp_path / "p", {"a": Signed("a"), "b": MemoryApp("b")}, "conflicts: ask")
    quarrel(world, 1)
    hold = next(hold for hold in waiting(world, "conflict") if hold["row"] == "note")
    detail = hold["detail"]
    assert detail["values"] == {"a": "a 0", "b": "b 0"}
    assert detail["authors"] == {"a": "a@it", "b": None}
    assert all(detail["times"].values())
    assert "a by a@it: 'a 0'" in hold["reason"]
    code, shown = say(world, "holds", "--show", hold["id"])
    assert code == 2
    for word in ("a@it", "b 0", "note 0", "--take SIDE", "Thing 0"):
        assert word in shown
    world.close()


def test_an_ambiguous_match_shows_the_evidence(make: Make, say: Say) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    world.apps["b"].add(name=" review", note="one")
    world.apps["b"].add(name="Review", note="two")
    world.run()
    (hold,) = waiting(world, "ambiguous")
    assert hold["detail"]["rule"] == ["title"]
    found = {(one["side"], one["id"], one["title"], one["terms"]["title"]) for one in hold["detail"]["candidates"]}
    assert found == {
        ("a", "a1", "Review", "Review"),
        ("b", "b1", " review", " review"),
        ("b", "b2", "Review", "Review"),
    }
    assert all(one["changed_at"] for one in hold["detail"]["candidates"])
    _, shown = say(world, "holds", "--show", hold["id"])
    assert "alike by the rule [title]" in shown


def test_a_match_skipped_as_ambiguous_is_made_once_the_other_candidate_is_gone(make: Make) -> None:
    world = make("a", "b", extra="ambiguous: skip")
    world.apps["a"].add(name="Review", note="budget")
    world.apps["b"].add(name="Review")
    other = world.apps["b"].add(name="Review")
    assert told(world.run()) == 0
    assert told(world.run()) == 0
    assert {side: counts["excluded"] for side, counts in world.status().items()} == {"a": 1, "b": 2}
    world.apps["b"].remove(other)
    world.run()
    assert [row["note"] for row in world.apps["b"].live().values()] == ["budget"]
    at_rest(world)


def test_a_brake_lists_its_changes_with_titles_and_values(make: Make, say: Say) -> None:
    world = make("a", "b", extra="brakes: {updates: 1}")
    for record in filled(world, 2):
        world.apps["a"].edit(record, note="new")
    world.run()
    (hold,) = waiting(world)
    _, shown = say(world, "holds", "it", "--show", hold["id"])
    for word in ("Thing 0", "Thing 1", "note 0", "new", "--value release", "--skip"):
        assert word in shown


def test_a_create_in_doubt_shows_what_was_sent(make: Make, say: Say) -> None:
    world = make("a", "b", caps=Caps(guarded=Support.YES))

    def cut(moment: str, what: str) -> None:
        if (moment, what) == ("before", "create"):
            raise Transient("the line went dead")

    world.apps["b"].fault = cut
    world.apps["a"].add(name="Review", note="budget")
    world.run()
    world.apps["b"].fault = lambda _moment, _what: None
    world.run()
    (hold,) = waiting(world, "doubt")
    _, shown = say(world, "holds", "--show", hold["id"])
    assert "budget" in shown
    assert "Review" in shown


def test_holds_are_narrowed_by_kind_and_field(make: Make, say: Say) -> None:
    world = make("a", "b", extra="conflicts: ask")
    quarrel(world, 2)
    code, out = say(world, "holds", "--json")
    assert (code, len(json.loads(out))) == (2, 3)
    _, out = say(world, "holds", "it", "--kind", "conflict", "--field", "place", "--json")
    assert [one["field"] for one in json.loads(out)] == ["place"]
    assert say(world, "holds", "it", "--kind", "brake")[0] == 0


def test_several_holds_get_one_answer(make: Make, say: Say) -> None:
    world = make("a", "b", extra="conflicts: ask")
    quarrel(world, 2)
    code, out = say(world, "resolve", *[hold["id"] for hold in waiting(world, "conflict")], "--take", "b", "--json")
    assert (code, len(json.loads(out)["answered"])) == (0, 3)
    world.run()
    assert notes(world, "a") == notes(world, "b") == ["b 0", "b 1"]
    at_rest(world)


def test_all_of_a_field_are_answered_and_what_does_not_fit_is_named(make: Make, say: Say) -> None:
    world = make("a", "b", extra="conflicts: ask\nbrakes: {creates: 1}")
    world.write_mapping("conflicts: ask")
    quarrel(world, 3)
    world.write_mapping("conflicts: ask\nbrakes: {creates: 1}")
    for at in (7, 8):
        world.apps["a"].add(name=f"Thing {at}")
    world.run()
    code, out = say(world, "resolve", "--all", "it", "--field", "note", "--take", "a", "--json")
    assert (code, len(json.loads(out)["answered"])) == (0, 3)
    code, out = say(world, "resolve", "--all", "it", "--take", "b", "--json")
    doc = json.loads(out)
    assert (code, [one["field"] for one in doc["answered"]]) == (2, ["place"])
    assert [hold_view(hold)["hold"] for hold in waiting(world)] == [one["hold"] for one in doc["unfit"]]
    assert "a hold of kind brake is not answered like that" in doc["unfit"][0]["reason"]
    world.run()
    assert notes(world, "b") == ["a 0", "a 1", "a 2"]


def test_always_answers_and_becomes_a_line_of_the_mapping(make: Make, say: Say) -> None:
    world = make("a", "b", extra="conflicts: ask")
    file = world.root / "mappings" / "things.yaml"
    file.write_text("# ours\n" + file.read_text().replace("  note:   {", "  # what we think\n  note:   {"))
    before = file.read_text()
    quarrel(world, 2)
    code, out = say(world, "resolve", "--all", "it", "--field", "note", "--take", "b", "--always")
    assert code == 0
    for word in ("2 holds", "things.yaml: row 'note' now says wins: b", "It holds for: it"):
        assert word in " ".join(out.split())
    assert file.read_text() == before.replace("note:   {a: note, b: note}", "note:   {a: note, b: note, wins: b}")
    world.run()
    assert notes(world, "a") == ["b 0", "b 1"]
    assert [hold["row"] for hold in waiting(world, "conflict")] == ["place"]
    mine = {row["name"]: record for record, row in world.apps["b"].live().items()}
    world.apps["b"].edit(mine["Thing 1"], note="b again")
    world.apps["a"].edit(next(r for r, row in world.apps["a"].live().items() if row["name"] == "Thing 1"), note="a too")
    world.run()
    assert notes(world, "a")[1] == notes(world, "b")[1] == "b again"
    assert [hold["row"] for hold in waiting(world, "conflict")] == ["place"]


def test_a_rule_that_cannot_be_written_answers_nothing(make: Make, say: Say) -> None:
    world = make("a", "b", extra="conflicts: ask")
    quarrel(world, 1)
    before = (world.root / "mappings" / "things.yaml").read_text()
    code, out = say(world, "resolve", "--all", "it", "--field", "notes", "--take", "b", "--always")
    assert code == 1
    assert "has no row 'notes'; did you mean 'note'?" in " ".join(out.split())
    code, out = say(world, "resolve", "--all", "it", "--field", "note", "--take", "c", "--always")
    assert code == 1
    assert "does not have side 'c'" in " ".join(out.split())
    assert len(waiting(world, "conflict")) == 2
    assert (world.root / "mappings" / "things.yaml").read_text() == before


def test_a_mapping_of_the_library_is_copied_first(make: Make) -> None:
    world = make("a", "b")
    (world.root / "deployments" / "lib.yaml").write_text(
        "sync: lib\nmapping: google-outlook-meetings\nsides: {google: {connection: a}, outlook: {connection: b}}\n"
    )
    library = world.project.mapping_file("google-outlook-meetings")
    before = library.read_bytes()
    found = answers.always(world.project, "lib", "title", "google", THEN)
    assert found.rule is not None
    assert (found.rule["copied"], found.rule["syncs"]) == (True, ["lib"])
    own = world.root / "mappings" / "google-outlook-meetings.yaml"
    assert (Path(found.rule["file"]), library.read_bytes()) == (own, before)
    assert world.project.mapping("google-outlook-meetings").fields["title"].wins == "google"
    again = answers.always(world.project, "lib", "title", "outlook", THEN)
    assert again.rule is not None
    assert (again.rule["copied"], again.rule["changed"]) == (False, True)
    assert world.project.mapping("google-outlook-meetings").fields["title"].wins == "outlook"
    assert [line for line in own.read_text().splitlines() if line.lstrip().startswith("#")] == [
        line for line in before.decode().splitlines() if line.lstrip().startswith("#")
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--take", "a"], "either holds by their ids or --all"),
        (["x", "--all", "it", "--take", "a"], "either holds by their ids or --all"),
        (["x", "--field", "note", "--take", "a"], "go with --all"),
        (["--all", "it", "--skip", "--always"], "--always goes with"),
    ],
)
def test_answers_that_make_no_sense_are_explained(make: Make, say: Say, words: list[str], reason: str) -> None:
    code, said = say(make("a", "b"), "resolve", *words)
    assert code == 3
    assert reason in said


def test_an_answer_to_a_hold_that_is_not_there(make: Make, say: Say) -> None:
    world = make("a", "b")
    code, said = say(world, "resolve", "zzz", "--skip")
    assert (code, "there is no hold zzz" in said) == (1, True)
    code, said = say(world, "resolve", "zzz", "yyy", "--skip", "--json")
    assert (code, len(json.loads(said)["unfit"])) == (2, 2)
    with pytest.raises(holds.HoldError):
        answers.full(world.project, "zzz")


def _texts() -> list[Any]:
    return [
        (
            "note:\n    # why\n    a: note   # first\n    b: note\n",
            "note:\n    # why\n    wins: a\n    a: note   # first\n",
        ),
        ("note: {a: note, b: note, conflicts: ask}   # asked\n", "note: {a: note, b: note, wins: a}   # asked\n"),
        ("note: {a: note, b: note, wins: b}\n", "note: {a: note, b: note, wins: a}\n"),
        ("note: {\n    a: note,\n    b: note,  # second\n  }\n", "    b: note, wins: a,  # second\n  }\n"),
    ]


@pytest.mark.parametrize(("text", "expected"), _texts())
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_the_rule_is_written_in_the_manner_of_the_file(make: Make, text: str, expected: str, line: str) -> None:
    from engine.always import always_take

    world = make("a", "b")
    file = world.root / "mappings" / "things.yaml"
    whole = file.read_text().replace("note:   {a: note, b: note}\n", text).replace("\n", line)
    file.write_bytes(whole.encode())
    assert always_take(file, "note", "a")
    assert expected.replace("\n", line) in file.read_bytes().decode()
    assert not always_take(file, "note", "a")
    assert [one.name for one in file.parent.iterdir()] == ["things.yaml"]
