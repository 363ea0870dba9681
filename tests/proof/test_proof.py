"""What a proof says of a row: its class, how that is known, the smallest value that fails; and examples both ways."""

from __future__ import annotations

import pytest

from engine.contract import Field
from engine.examples import failures
from engine.proof import prove, seal
from engine.proof.proof import ORDER
from flows.project import LIBRARY, VOCABULARY, Project
from syncline.checking import check_all, shown, verdict
from syncline.exits import Exit
from syncline.scaffold import scaffold
from tests.proof.build import built, choice, code, text
from tests.proof.unsafe import number


def ways(made, samples=None):
    return {(way.source, way.target): way for way in prove(*made, samples).ways if way.row == "x"}


def only(made, samples=None):
    (finding,) = prove(*made, samples).findings
    return finding


def test_exact_by_the_lenses_and_stable_where_one_side_holds_less():
    both = ways(built(text(), text()))
    assert {(way.klass, way.how) for way in both.values()} == {("exact", "lens")}
    less = ways(built(text(), text(max_length=10)))
    assert {way.klass for way in less.values()} == {"stable"}


def test_a_lens_that_says_it_is_exact_is_not_believed():
    both = ways(built(number(), number(digits=0), via={side: ["as_is"] for side in ("crm", "shop")}))
    assert (both["crm", "shop"].klass, both["crm", "shop"].how) == ("stable", "search")


def test_a_row_written_one_way():
    both = ways(built(text(), text(), via={"shop": code("prefix_Mr ")}, to="shop"))
    assert {key: way.klass for key, way in both.items()} == {("crm", "shop"): "one-way"}


def test_the_smallest_value_that_fails_is_shown_pass_by_pass():
    finding = only(built(text(), text(), via={"shop": code("prefix_Mr ")}))
    assert finding.trap == "prefix"
    assert [side for side, _ in finding.passes] == ["crm", "shop", "crm", "shop", "crm"]
    assert [value for _, value in finding.passes[:3]] == ["a", "Mr a", "Mr a"]
    assert "to" in finding.text and finding.path == ("fields", "x")


def test_a_large_value_is_made_smaller():
    """Only texts of eleven characters or more fail; nothing in the value matters but its length."""
    made = built(text(max_length=400), text(max_length=10), via={"shop": ["trim"]})
    assert len(only(made).passes[0][1]) == 11


def test_real_records_tell_what_nobody_thought_of():
    """Only the word "beware" comes back otherwise."""
    made = built(text(), text(), via={"shop": code("beware_")})
    assert prove(*made).findings == []
    records = {"crm": [{"name": "A", "x": "fine"}, {"name": "B", "x": "beware"}]}
    assert "beware" in only(made, records).text
    assert ways(made, records)["crm", "shop"].how == "samples"


def test_a_side_that_is_given_a_constant_tells_nothing_back():
    both = ways(built(text(), text(), via={"shop": [{"constant": "CRM"}]}))
    assert {way.klass for way in both.values()} == {"one-way"}


@pytest.mark.parametrize(
    ("crm", "spec", "klass"),
    [
        (Field(type="date"), {"date": "%d.%m.%Y"}, "stable"),
        (Field(type="date", dialect="parts"), {"date": "%d.%m.%Y"}, "exact"),  # a birthday without a year waits
        (Field(type="instant"), {"time": "%d.%m.%Y %H:%M"}, "stable"),
        (number(), {"number": "de"}, "stable"),
        (Field(type="number", dialect="text"), {"number": "de"}, "exact"),
        (Field(type="duration"), {"duration": "%H:%M"}, "stable"),
        (text(), {"date": "%d.%m.%Y"}, "unstable"),
    ],
)
def test_a_column_of_texts_has_the_class_of_its_spelling(crm, spec, klass):
    both = ways(built(crm, text(), via={"shop": [spec]}))
    assert max((way.klass for way in both.values()), key=ORDER.index) == klass


def test_values_refused_by_a_side_of_the_same_kind_are_a_note():
    both = ways(built(Field(type="money"), Field(type="money", currency="EUR")))
    assert all(way.klass != "unstable" for way in both.values())


@pytest.fixture
def project(tmp_path):
    scaffold(tmp_path / "project")
    made = Project.at(tmp_path / "project")
    yield made
    made.close()


@pytest.mark.parametrize("name", sorted(file.stem for file in LIBRARY.glob("*.yaml") if file.stem != VOCABULARY))
def test_the_library_is_proven_with_its_examples(project, name):
    """Before any account is connected: of a table, which no two have alike, by the columns that the mapping names."""
    (report,) = found = check_all(project, name, offline=True)
    assert report["problems"] == [] and verdict(found) == 0
    assert report["examples"] >= 3 and report["tried"] > 100


def test_what_could_not_be_judged_is_not_called_ok(project):
    rows = "match: [[title]]\nfields:\n  title: {a: Name, b: summary}\n"
    sides = "sides:\n  a: {app: salesforce, object: Visit__c}\n  b: {app: caldav, object: events}\n"
    (project.root / "mappings" / "visits.yaml").write_text(f"name: visits\n{sides}{rows}", encoding="utf-8")
    (report,) = found = check_all(project, "visits", offline=True)
    assert (report["problems"], report["judged"], verdict(found)) == ([], False, Exit.WAITS)
    assert "visits: not judged, connect the accounts or add examples" in str(shown(found).renderables[-1])


@pytest.mark.parametrize(("code_", "rate"), [("USD", 2), ("JPY", 160), ("HUF", 400), ("KWD", 0.33), ("GBP", 0.85)])
def test_amounts_that_are_converted_settle_whatever_the_rate(code_, rate):
    """Half a cent, which no currency has, is rounded once; each amount that there is comes to rest at once."""
    rated = {"money": {"currency": "EUR", "rates": {"2026-11-01": {"EUR": 1, code_: rate}}}}
    made = built(number(), number(), via={"crm": [rated], "shop": [{"money": code_}]})
    assert {way.klass for way in ways(made).values()} == {"stable"}


@pytest.mark.parametrize(("most", "stops"), [(20, []), (None, ["match-clip"])])
def test_a_key_that_the_mapping_cuts_stops_a_sync_and_one_that_an_app_cuts_is_advice(most, stops):
    made = built(text(), text(max_length=most), match=(("x",),), via={"shop": [{"clip": 20}]})
    proof = prove(*made)
    assert [one.trap for one in proof.traps] == ["match-clip"]
    assert [one.trap for one in proof.stopping] == stops


def test_examples_run_backwards():
    """There it is as expected; on the way back the table makes another word of it."""
    states = ("open", "doing", "done", "late")
    example = {"say": "x", "given": {"crm": {"x": "open"}}, "expect": {"shop": {"y": "doing"}}}
    mapping, schemas = built(choice(*states), choice(*states), via={"shop": code("turn_1")}, examples=[example])
    assert failures(mapping, schemas) == ["example 'x': back from shop, row 'x' comes out as {\"y\":\"done\"}"]
    mapping, schemas = built(text(), text(), examples=[{**example, "expect": {"shop": {"y": "open"}}}])
    assert failures(mapping, schemas) == []


def test_a_proof_is_sealed_by_all_that_it_depends_on():
    one, schemas = built(text(), text())
    assert seal(one, schemas) == seal(*built(text(), text(), conflicts="ask"))
    others = [
        built(text(), text(max_length=10)),
        built(text(), text(), via={"shop": ["trim"]}),
        built(text(), number()),
        built(text(), text(), match=(("x",),)),
        built(text(), text(), leaving="delete-copy"),
        built(text(), text(), only={"crm": {"field": "x", "is": "a"}}),
    ]
    assert len({seal(one, schemas), *(seal(*made) for made in others)}) == 7
