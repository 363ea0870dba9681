"""Apps change their fields: the row rests with a reason, the others go on, and nothing is blanked or lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import accounting, holds
from engine.contract import Field, Transient
from engine.history import query
from engine.problem import MappingError
from tests.identity.people import Meet, People, meet
from tests.sync.world import told

__all__ = ["meet"]


def started(meet: Meet, *sides: str, **options: Any) -> People:
    """Two people on every side, in sync."""
    world = meet(*(sides or "ab"), **options)
    world.apps["a"].add(name="Ann", email="ann@x.example", note="old", phone="+15551234567")
    world.apps["a"].add(name="Bob", email="bob@x.example", note="old")
    world.run()
    assert told(world.run()) == 0
    return world


def later(world: People) -> None:
    """So much later that the schemas are read again."""
    world.now += timedelta(hours=7)


def notes(world: People, side: str) -> list[Any]:
    """The notes of a side's people, by name."""
    return [row["note"] for row in sorted(world.apps[side].live().values(), key=lambda row: row["name"])]


def twin(world: People, record: str) -> str:
    """The other record of its link."""
    (found,) = [ids for ids in world.linked() if record in ids]
    (other,) = found - {record}
    return other


def gone(world: People, side: str, name: str) -> Field:
    later(world)
    return world.apps[side].fields.pop(name)


def test_a_field_that_vanishes_rests_and_the_other_rows_go_on(meet: Meet) -> None:
    world = started(meet)
    was = gone(world, "a", "note")
    world.apps["b"].edit(twin(world, "a1"), note="new", name="Ann Lee")
    report = world.run()
    assert (report.status, told(report)) == ("waiting", 1)
    (hold,) = world.holds("schema")
    assert (hold["side"], hold["row"]) == ("a", "note")
    assert hold["reason"].startswith("a has no field 'note' any more; the row 'note' rests")
    assert world.names("a") == ["Ann Lee", "Bob"]
    assert notes(world, "b") == ["new", "old"]
    assert told(world.run()) == 0
    world.apps["a"].fields["note"] = was
    report = world.run()
    assert notes(world, "a") == ["new", "old"]
    assert world.holds("schema") == []
    assert told(world.run()) == 0


def test_a_field_that_comes_back_empty_is_filled_and_blanks_nothing(meet: Meet) -> None:
    world = started(meet)
    was = gone(world, "a", "note")
    world.run()
    world.apps["a"].fields["note"] = was
    for record in ("a1", "a2"):
        world.apps["a"].edit(record, note=None)
    world.run()
    for side in "ab":
        assert notes(world, side) == ["old", "old"]
    assert told(world.run()) == 0


def test_a_record_created_meanwhile_gets_the_row_later(meet: Meet) -> None:
    world = started(meet)
    was = gone(world, "a", "note")
    world.apps["b"].add(name="Cy", email="cy@x.example", note="of b")
    world.run()
    assert world.names("a") == ["Ann", "Bob", "Cy"]
    world.apps["a"].fields["note"] = was
    world.run()
    assert notes(world, "a") == ["old", "old", "of b"]
    assert told(world.run()) == 0


@pytest.mark.parametrize("side", "bc")
def test_a_record_made_elsewhere_meanwhile_gets_what_was_agreed_before(meet: Meet, side: str) -> None:
    """The row rests on all sides, whichever has lost the field."""
    world = meet("a", "b", "c")
    world.apps["a"].add(name="Ann", email="ann@x.example", note="old")

    def down(moment: str, what: str) -> None:
        raise Transient("c does not answer")

    world.apps["c"].fault = down
    world.run()
    was = gone(world, side, "note")
    world.apps["c"].fault = lambda _moment, _what: None
    world.run()
    assert world.names("c") == ["Ann"]
    world.apps[side].fields["note"] = was
    for _ in range(2):
        later(world)
        world.run()
    assert notes(world, "b") == notes(world, "c") == ["old"]
    assert told(world.run()) == 0


def test_an_edit_that_was_due_when_its_row_rested_is_weighed_against_another_one(meet: Meet) -> None:
    world = meet("a", "b", "c")
    world.apps["a"].add(name="Ann", email="ann@x.example", note="old")
    world.run()

    def full(moment: str, what: str) -> None:
        if what == "update":
            raise Transient("c does not answer")

    world.apps["c"].fault = full
    world.apps["a"].edit("a1", note="of a")
    world.run()
    was = gone(world, "b", "note")
    world.apps["a"].edit("a1", name="Ann Lee")  # the link is merged while the row rests
    world.run()
    assert notes(world, "b") == ["of a"] and notes(world, "c") == ["old"]
    world.apps["c"].fault = lambda _moment, _what: None
    world.apps["c"].edit(next(iter(world.apps["c"].live())), note="of c")
    world.apps["b"].fields["note"] = was
    later(world)
    world.run()
    (kept,) = {text for side in "abc" for text in notes(world, side)}
    (lost,) = [row for row in query(world.project.store, "it") if row["event"] == "lost"]
    assert (lost["field"], {lost["before"], kept}) == ("note", {"of a", "of c"}), "and history tells of the other"


def test_another_type_waits_until_a_person_agrees(meet: Meet) -> None:
    world = started(meet)
    later(world)
    world.apps["a"].change("note", type="html", dialect="plain")
    world.apps["b"].edit(twin(world, "a1"), note="new")
    assert told(world.run()) == 0
    (hold,) = world.holds("schema")
    assert "of another type now (html; it was text)" in hold["reason"]
    world.answer(hold, value="release")
    world.run()
    assert notes(world, "a") == ["new", "old"]
    assert world.holds("schema") == []
    assert told(world.run()) == 0


def test_a_field_that_can_only_be_read_rests_until_the_mapping_says_so(meet: Meet) -> None:
    world = started(meet)
    later(world)
    world.apps["a"].change("note", writable=False)
    world.apps["b"].edit(twin(world, "a1"), note="new")
    assert told(world.run()) == 0
    assert len(world.holds("schema")) == 1
    world.cells["note"] = "{a: note, b: note, to: b}"
    world.write_mapping(world.extra)
    world.run()
    assert world.holds("schema") == []
    assert told(world.run()) == 0


def test_a_newly_required_field_holds_creates_and_nothing_else(meet: Meet) -> None:
    world = started(meet)
    later(world)
    world.apps["a"].change("web", required=True)
    world.apps["b"].edit(twin(world, "a1"), note="new")
    world.apps["b"].add(name="Cy", email="cy@x.example")
    report = world.run()
    assert (report.writes["a"]["update"], report.writes["a"]["create"], report.failed) == (1, 0, 0)
    (hold,) = world.holds("schema")
    assert hold["reason"].startswith("a requires 'web' of new records now, and no row fills it")
    assert world.status()["b"]["pending"] == 1
    world.apps["a"].change("web", required=False)
    world.run()
    assert (world.names("a"), world.holds("schema")) == (["Ann", "Bob", "Cy"], [])
    assert told(world.run()) == 0


def test_a_removed_choice_holds_its_values_only(meet: Meet) -> None:
    world = started(meet, rows=("name", "email", "stage"))
    later(world)
    world.apps["a"].change("stage", choices={"lead": "Lead"})
    world.apps["b"].edit(twin(world, "a1"), stage="customer", name="Ann Lee")
    world.apps["b"].edit(twin(world, "a2"), stage="lead")
    world.run()
    (hold,) = world.holds("refused")
    assert "none of the choices" in hold["reason"]
    assert {row["name"]: row["stage"] for row in world.apps["a"].live().values()} == {"Ann Lee": None, "Bob": "lead"}


LABELS = {"lead": "Lead", "customer": "Customer", "partner": "Partner"}
KNOWN = "{table: {lead: lead, customer: customer}}"
TABLE = "{a: stage, b: stage, via: {a: [" + KNOWN + "], b: [" + KNOWN + "]}}"
ONE_WAY = "{a: stage, b: stage, to: b}"
TABLE_ONE_WAY = TABLE[:-1] + ", to: b}"
LABELLED = "{a: stage, b: stage}"
CELLS = pytest.mark.parametrize("cell", [LABELLED, ONE_WAY, TABLE, TABLE_ONE_WAY])


def staged(meet: Meet, cell: str) -> People:
    """Ann and Bob are leads."""
    world = meet("a", "b", rows=("name", "email", "stage"), cells={"stage": cell})
    for name in ("Ann", "Bob"):
        world.apps["a"].add(name=name, email=f"{name}@x.example", stage="lead")
    world.run()
    assert told(world.run()) == 0
    return world


def stages(world: People, side: str) -> dict[str, str]:
    return {row["name"]: row["stage"] for row in world.apps[side].live().values()}


def waits(world: People) -> str:
    """Why records wait."""
    return "; ".join(row["reason"] for row in accounting.explain(world.project.store, "it", "pending"))


@CELLS
def test_a_new_choice_holds_its_values_only(meet: Meet, cell: str) -> None:
    world = staged(meet, cell)
    later(world)
    world.apps["a"].change("stage", choices=LABELS)
    world.apps["a"].edit("a1", stage="partner", name="Ann Lee")
    world.apps["a"].edit("a2", stage="customer")
    report = world.run()
    assert (report.status, report.failed, stages(world, "b")) == ("waiting", 0, {"Ann Lee": "lead", "Bob": "customer"})
    (hold,) = world.holds("schema")
    assert "'stage' of a has a new choice or a new name for one, 'partner' (Partner)" in hold["reason"]
    assert (told(world.run()), stages(world, "a")) == (0, {"Ann Lee": "partner", "Bob": "customer"})
    world.apps["b"].change("stage", choices=LABELS)
    if "table" in cell:
        world.cells["stage"] = cell.replace("customer: customer", "customer: customer, partner: partner")
        world.write_mapping(world.extra)
        later(world)
    world.run()
    assert (stages(world, "b")["Ann Lee"], world.holds("schema"), world.holds("refused")) == ("partner", [], [])
    assert told(world.run()) == 0


@CELLS
def test_a_new_choice_that_is_met_before_the_schema_is_read_again(meet: Meet, cell: str) -> None:
    """Nobody can tell what it is, and nothing is written in its place, not even an edit of the other side."""
    world = staged(meet, cell)
    world.apps["a"].change("stage", choices=LABELS)
    world.apps["a"].edit("a1", stage="partner", name="Ann Lee")
    world.apps["a"].add(name="Cy", email="cy@x.example", stage="partner")
    world.run()
    assert stages(world, "b") == {"Ann Lee": "lead", "Bob": "lead", "Cy": None}
    assert "stage of a: 'partner' is " in waits(world)
    if "to: b" not in cell:
        world.apps["b"].edit(twin(world, "a1"), stage="customer")
    world.run()
    assert stages(world, "a") == {"Ann Lee": "partner", "Bob": "lead", "Cy": "partner"}
    later(world)
    world.run()
    assert len(world.holds("schema")) == 1
    read = "customer" if cell == LABELLED else "partner"  # by its label it is told now: the newest edit wins
    assert (told(world.run()), stages(world, "a")["Ann Lee"]) == (0, read)


def test_an_edit_stands_though_the_table_grows_and_the_other_side_is_newer(meet: Meet) -> None:
    """Another mapping makes the agreed value due again: it is nobody's edit, and overwrites none."""
    world = staged(meet, TABLE)
    world.apps["a"].edit("a1", stage="customer")
    for name in (*"abcdef", "Ann Lee"):  # a clock of its own: each edit is a second later
        world.apps["b"].edit(twin(world, "a1"), name=name)
    world.cells["stage"] = TABLE.replace("customer: customer", "customer: customer, partner: partner")
    world.write_mapping(world.extra)
    world.run()
    assert stages(world, "a") == stages(world, "b") == {"Ann Lee": "customer", "Bob": "lead"}
    assert told(world.run()) == 0


def test_a_record_waits_where_a_required_field_would_get_an_unknown_word(meet: Meet) -> None:
    world = staged(meet, TABLE)
    later(world)
    world.apps["b"].change("stage", required=True)
    world.run()
    world.apps["a"].add(name="Cy", email="cy@x.example", stage="partner")
    report = world.run()
    assert (report.failed, world.names("b")) == (0, ["Ann", "Bob"])
    assert "'partner' is not in the table" in waits(world)


@CELLS
def test_a_choice_that_the_target_has_lost_is_refused(meet: Meet, cell: str) -> None:
    world = staged(meet, cell)
    later(world)
    world.apps["b"].change("stage", choices={"lead": "Lead"})
    world.apps["a"].edit("a1", stage="customer", name="Ann Lee")
    assert world.run().failed == 0
    (hold,) = world.holds("refused")
    assert ("choices of this side" in hold["reason"], stages(world, "b")) == (True, {"Ann Lee": "lead", "Bob": "lead"})


def test_a_choice_by_another_name_goes_on(meet: Meet) -> None:
    world = staged(meet, LABELLED)
    later(world)
    world.apps["a"].change("stage", choices={"lead": "Prospect", "customer": "Customer"})
    world.apps["a"].edit("a2", stage="customer")
    world.run()
    assert (len(world.holds("schema")), stages(world, "b")) == (1, {"Ann": "lead", "Bob": "customer"})
    assert (told(world.run()), stages(world, "a")) == (0, {"Ann": "lead", "Bob": "customer"})


def test_a_shorter_limit_is_kept_to_and_takes_nothing_from_the_other_side(meet: Meet) -> None:
    world = started(meet)
    later(world)
    world.apps["a"].change("note", max_length=5)
    world.apps["b"].edit(twin(world, "a1"), note="much longer")
    world.run()
    assert [len(notes(world, "a")[0]), notes(world, "b")[0]] == [5, "much longer"]
    assert told(world.run()) == 0


def test_a_refused_write_has_the_fields_looked_at_in_the_next_run(meet: Meet) -> None:
    world = started(meet)
    world.apps["a"].fields.pop("note")
    world.apps["b"].edit(twin(world, "a1"), note="new", name="Ann Lee")
    asked = world.apps["a"].asked
    assert world.run().failed == 1
    assert world.apps["a"].asked == asked
    report = world.run()
    assert (report.failed, world.names("a"), len(world.holds("schema"))) == (0, ["Ann Lee", "Bob"], 1)


def test_a_resting_match_key_keeps_new_records_waiting(meet: Meet) -> None:
    world = started(meet)
    was = gone(world, "a", "email")
    world.apps["b"].edit(twin(world, "a1"), note="new")
    world.apps["b"].add(name="Cy", email="cy@x.example")
    report = world.run()
    assert (report.writes["a"]["update"], report.writes["a"]["create"]) == (1, 0)
    world.apps["a"].fields["email"] = was
    world.run()
    assert world.names("a") == ["Ann", "Bob", "Cy"]
    assert told(world.run()) == 0


def test_an_answer_to_do_without_asks_no_more(meet: Meet) -> None:
    world = started(meet)
    gone(world, "a", "note")
    world.run()
    (hold,) = world.holds("schema")
    with pytest.raises(holds.HoldError, match="Bring the field back"):
        world.answer(hold, value="release")
    world.answer(hold, skip=True)
    report = world.run()
    assert (report.status, world.holds("schema")) == ("done", [])


def test_a_field_that_never_was_there_stops_the_run(meet: Meet) -> None:
    world = started(meet)
    world.cells["note"] = "{a: nota, b: note}"
    world.write_mapping(world.extra)
    with pytest.raises(MappingError, match="no field 'nota'"):
        world.run()


def test_an_idle_run_reads_no_schema(meet: Meet) -> None:
    world = started(meet)
    asked = world.apps["a"].asked
    world.run()
    assert world.apps["a"].asked == asked
    later(world)
    world.run()
    assert world.apps["a"].asked == asked + 1
