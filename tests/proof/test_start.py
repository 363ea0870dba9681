"""A sync with an unsafe row does not start; versions of a mapping, and the way back; what a changed mapping writes."""

from __future__ import annotations

import json

import pytest

from engine.mapping import MappingError
from engine.yamlfile import load_mapping
from flows import proofs
from flows.versions import differences, document, last_run, versions
from syncline.cli import main
from tests.proof.build import code
from tests.sync.world import make, only, told

__all__ = ["make"]
UNSAFE = f"  kind: {{a: kind, b: kind, via: {{b: {json.dumps(code('prefix_Mr '))}}}}}"


def edited(world, old, new):
    file = world.root / "mappings" / "things.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def things(make, extra=""):
    world = make("a", "b", extra=extra)
    for number in range(5):
        world.apps["a"].add(name=f"t{number}", note="n", kind="k" if number == 3 else None)
    world.run()
    assert told(world.run()) == 0
    return world


def test_an_unsafe_row_stops_a_sync_before_it_reads(make):
    world = make("a", "b", extra=UNSAFE)
    world.apps["a"].add(name="t")
    for start in (world.run, world.plan):
        with pytest.raises(MappingError, match='each pass adds "Mr " in front') as error:
            start()
        assert "things.yaml:12: row 'kind'" in str(error.value)
        assert "syncline check it" in str(error.value)
    assert world.apps["b"].live() == {}
    edited(world, UNSAFE, f"{UNSAFE[:-1]}, to: b}}")
    world.run()
    assert only(world.apps["b"])["name"] == "t"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title:  {a: name, b: name}", "title:  {a: name, b: name, via: {a: [lower]}}", "folds upper and lower case"),
        ("match:", "leaving: delete-copy\nonly: {a: {field: note, is: x}}\nmatch:", "its copies would be deleted"),
    ],
)
def test_a_trap_of_the_whole_mapping_stops_a_sync_that_was_going(make, old, new, says):
    world = things(make)
    edited(world, old, new)
    for start in (world.run, world.plan):
        with pytest.raises(MappingError, match=says):
            start()
    edited(world, new, old)
    assert told(world.run()) == 0


def test_advice_stops_no_sync(make, capsys):
    world = things(make)
    edited(world, "match:", "only: {a: {not: {field: note, is: x}}}\nmatch:")
    assert told(world.run()) == 0
    assert main(["check", "it", "--offline", "--json", "--project", str(world.root)]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert [one["stops"] for one in report["unsafe"]] == [False]


def test_a_proof_is_made_once(make, monkeypatch):
    monkeypatch.setattr(proofs, "_known", {})  # other tests may have proved the same
    world = make("a", "b")
    world.run()
    (file,) = (world.project.state / "proofs").iterdir()
    assert json.loads(file.read_text()) == {"mapping": "things", "unsafe": []}
    monkeypatch.setattr(proofs, "_known", {})
    monkeypatch.setattr(proofs, "_prove", lambda *_: pytest.fail("it was proved before"))
    world.run()


def test_versions_and_the_way_back(make, capsys):
    world = things(make)
    file = world.root / "mappings" / "things.yaml"
    first = "# how it began\n" + file.read_text()
    file.write_text(first)
    edited(world, "match:", "conflicts: ask\nmatch:")
    edited(world, "people: {", "kind: {a: kind, b: kind}\n  people: {")
    second = file.read_text()
    world.run()
    found = versions(world.project, "it")
    assert [(row["version"], row["now"]) for row in found] == [(2, True), (1, False)]
    changed = differences(document(world.project, "it", 1), document(world.project, "it", 2))
    assert [one["key"] for one in changed] == ["conflicts", "fields.kind"]
    assert last_run(world.project, "it") == 2

    here = ("--project", str(world.root), "--json")
    assert main(["mapping", "revert", "it", *here]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["version"], said["comments"]) == (1, True)
    assert (world.root / "mappings" / "things.yaml.before").read_text() == second
    assert "kind:" not in file.read_text()
    assert main(["mapping", "diff", "things", "--offline", *here]) == 2
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["changed"]] == ["conflicts", "fields.kind"]
    assert main(["mapping", "versions", "it", *here]) == 0
    assert [row["now"] for row in json.loads(capsys.readouterr().out)] == [False, True]
    assert main(["mapping", "revert", "it", "--to", "9", *here]) == 1
    assert "no version 9" in capsys.readouterr().err


def test_a_version_whose_text_is_elsewhere_is_written_from_its_keys(make, capsys):
    world = things(make)
    for file in (world.project.state / "mappings" / "it").iterdir():
        file.unlink()
    before = document(world.project, "it", 1)
    edited(world, "match:", "conflicts: ask\nmatch:")
    world.run()
    assert main(["mapping", "revert", "it", "--project", str(world.root)]) == 0
    assert "comments of that version are not known" in capsys.readouterr().out
    again = load_mapping(world.root / "mappings" / "things.yaml").model_dump(mode="json", by_alias=True)
    assert differences(before, again) == []


def test_a_new_row_writes_only_where_there_is_a_value(make):
    world = things(make)
    edited(world, "people: {", "kind: {a: kind, b: kind}\n  people: {")
    assert world.run().writes["b"] == {"create": 0, "update": 1, "delete": 0}
    assert [row["kind"] for row in world.apps["b"].live().values() if row["name"] == "t3"] == ["k"]
    assert told(world.run()) == 0


def test_a_row_taken_away_writes_nothing(make):
    world = things(make)
    edited(world, "  note:   {a: note, b: note}\n", "")
    assert told(world.run()) == 0


def test_a_filter_that_comes_and_goes_writes_nothing(make):
    world = things(make)
    edited(world, "match:", "only: {a: {not: {field: kind, is: k}}}\nmatch:")
    assert told(world.run()) == 0
    assert world.status()["a"]["excluded"] == 1
    edited(world, "only: {a: {not: {field: kind, is: k}}}\n", "")
    assert told(world.run()) == 0
    assert len(world.apps["b"].live()) == 5


def test_a_row_that_goes_to_another_field_is_written_there(make):
    world = things(make)
    edited(world, "note:   {a: note, b: note}", "note:   {a: note, b: kind}")
    assert world.run().writes == {side: {"create": 0, "update": 5 * (side == "b"), "delete": 0} for side in "ab"}
    assert {row["kind"] for row in world.apps["b"].live().values()} == {"n"}
    assert told(world.run()) == 0


def test_another_lens_writes_only_what_comes_out_otherwise(make):
    world = things(make, "  kind: {a: kind, b: kind, via: {b: [{clip: 4}]}}")
    longer = world.apps["a"].add(name="t9", kind="12345678")
    world.run()
    edited(world, "{clip: 4}", "{clip: 6}")
    assert told(world.run()) == 1
    assert {row["kind"] for row in world.apps["b"].live().values()} == {"123456", "k", None}
    assert world.apps["a"].live()[longer]["kind"] == "12345678"
    assert told(world.run()) == 0


def test_a_value_that_is_read_otherwise_is_read_afresh(make):
    row = "  kind: {a: kind, b: kind, via: {a: [%s]}, to: b}"
    world = things(make, row % "{clip: 9}")
    edited(world, "[{clip: 9}]", json.dumps(code("shout_!")))
    assert world.run().writes["a"] == {"create": 0, "update": 0, "delete": 0}
    assert "k!" in {row["kind"] for row in world.apps["b"].live().values()}
    assert told(world.run()) == 0
