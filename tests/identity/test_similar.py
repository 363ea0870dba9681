"""Records that look alike: shown to a person with what speaks for it, never linked by themselves."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from engine.contract import Field, Transient
from engine.similar import suggested
from flows.answers import full
from syncline.held import hold_details
from tests.identity.people import Meet, People, meet
from tests.sync.world import told

__all__ = ["meet"]


def unreadable(_moment: str, what: str) -> None:
    if what == "scan":
        raise Transient("not now")


RULES = "match: [[email]]\nsimilar: {name: 0.5, email: 0.3, phone: 0.2}"


def test_a_typo_is_shown_to_a_person_with_what_is_alike(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Katherine Johnson", email="k.johnson@x.example", phone="+15551234567")
    world.apps["b"].add(name="Catherine Jonson", email="kjohnson@other.example", phone="+15551234567", note="from b")
    world.apps["b"].add(name="Someone Else", email="else@x.example")
    report = world.run()
    (hold,) = world.holds("ambiguous")
    assert hold["reason"].startswith("records look alike: a a1, b b1")
    (pair,) = hold["detail"]["pairs"]
    assert pair["records"] == [["a", "a1"], ["b", "b1"]]
    assert pair["score"] >= 0.6 and pair["terms"]["phone"] == 1.0 and 0.9 < pair["terms"]["name"] < 1.0
    assert [one["terms"]["phone"] for one in hold["detail"]["candidates"]] == ["+15551234567"] * 2
    assert report.writes["a"]["create"] == 1 and report.writes["b"]["create"] == 0
    assert told(world.run()) == 0
    assert len(world.holds("ambiguous")) == 1


@pytest.mark.parametrize("together", [True, False])
def test_the_answer_counts(meet: Meet, together: bool) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", phone="+15551234567")
    world.apps["b"].add(name="Anne Lee", phone="+15551234567", note="from b")
    world.run()
    (hold,) = world.holds("ambiguous")
    world.answer(hold, **({"value": "a:a1=b:b1"} if together else {"skip": True}))
    world.run()
    assert [len(world.apps[side].live()) for side in "ab"] == [1 if together else 2] * 2
    assert world.holds("ambiguous") == []
    assert told(world.run()) == 0


def test_a_rule_does_not_join_people_of_other_names(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", email="family@lee.example")
    world.apps["b"].add(name="Bob Lee", email="family@lee.example")
    assert told(world.run()) == 0
    (hold,) = world.holds("ambiguous")
    assert hold["reason"].startswith("records have the same email, and another name")
    world.answer(hold, skip=True)
    world.run()
    assert world.names("a") == world.names("b") == ["Ann Lee", "Bob Lee"]


def test_without_it_a_rule_decides_alone(meet: Meet) -> None:
    world = meet("a", "b")
    world.apps["a"].add(name="Ann Lee", email="family@lee.example")
    world.apps["b"].add(name="Bob Lee", email="family@lee.example")
    world.apps["a"].add(name="Cy Dee", phone="+15551234567")
    world.apps["b"].add(name="Cy Dee", phone="+15551234567")
    world.run()
    assert world.holds("ambiguous") == []
    assert [len(world.apps[side].live()) for side in "ab"] == [3, 3]


def test_who_is_not_alike_does_not_wait(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", email="ann@x.example", phone="+15551234567")
    world.apps["b"].add(name="Ann Lee", email="annette@y.example", phone="+15559876543")
    world.apps["b"].add(name="Bob Lee", phone="+15551234567")
    world.run()
    assert world.holds("ambiguous") == []
    assert [len(world.apps[side].live()) for side in "ab"] == [3, 3]


def test_a_later_record_is_compared_with_linked_ones_that_lack_it(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES + "\ncreates: {to: a}")
    world.apps["a"].add(name="Ann Lee", phone="+15551234567")
    world.run()
    world.apps["b"].add(name="Anne Lee", phone="+15551234567")
    assert told(world.run()) == 0
    (hold,) = world.holds("ambiguous")
    world.answer(hold, value="b:b1=a:a1")
    world.run()
    assert world.linked() == {frozenset({"a1", "b1"})}


def test_an_edit_that_makes_them_the_same_settles_it(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", email="ann@x.example", phone="+15551234567")
    world.apps["b"].add(name="Anne Lee", phone="+15551234567")
    world.run()
    assert len(world.holds("ambiguous")) == 1
    world.apps["b"].edit("b1", email="ann@x.example", name="Lee, Ann")
    world.run()
    assert world.holds("ambiguous") == []
    assert world.linked() == {frozenset({"a1", "b1"})}


def test_those_who_look_like_what_the_filter_keeps_out_are_made(meet: Meet) -> None:
    """A key of likeness is no match key: what only looks alike bars nobody."""
    world = meet("a", "b", extra=RULES + "\nonly: {b: {not: {field: note, is: private}}}")
    world.apps["a"].add(name="Ann Lee", phone="+15551234567")
    world.apps["b"].add(name="Ann Lee", phone="+15551234567", note="private")
    world.run()
    assert len(world.apps["b"].live()) == 2


def test_a_changed_address_is_an_edit(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    first = world.apps["a"].add(name="Ann Lee", email="ann@x.example")
    world.run()
    world.apps["a"].edit(first, email="ann@married.example")
    report = world.run()
    assert (told(report), report.writes["b"]["update"]) == (1, 1)
    assert [row["email"] for row in world.apps["b"].live().values()] == ["ann@married.example"]


def test_a_proposal_weighs_what_the_rows_mean() -> None:
    rows = {"who": "contact.full_name", "mail": "contact.email", "note": "contact.notes"}
    assert suggested("contact", rows) == {"who": 0.5, "mail": 0.3}
    assert suggested("contact", {"who": "contact.full_name"}) is None
    parts = {"one": "contact.given_name", "two": "contact.family_name", "mail": "contact.email"}
    assert suggested("contact", parts) == {"one": 0.25, "two": 0.25, "mail": 0.3}
    assert suggested("contact", {"who": "contact.full_name", **parts}) == {"who": 0.5, "mail": 0.3}
    assert suggested("contact", {"one": "contact.given_name", "mail": "contact.email"}) == {"one": 0.5, "mail": 0.3}
    assert suggested("meeting", {"title": "meeting.title"}) is None


def test_the_page_of_a_hold_shows_how_alike_they_are(meet: Meet) -> None:
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", phone="+15551234567")
    world.apps["b"].add(name="Anne Lee", phone="+15551234567")
    world.run()
    (hold,) = world.holds("ambiguous")
    page = Console(width=140, record=True, file=StringIO())
    page.print(hold_details(full(world.project, hold["id"])))
    text = page.export_text()
    assert "what the mapping calls similar" in text
    assert "a:a1" in text and "b:b1" in text and "phone 1.00" in text


def test_nothing_is_made_beside_a_record_that_a_person_is_asked_about(meet: Meet) -> None:
    """One side could not be read at first: its look-alike turns up when the other one has a link already."""
    world = meet("a", "b", extra=RULES)
    world.apps["a"].add(name="Ann Lee", phone="+15551234567")
    world.apps["b"].add(name="Anne Lee", phone="+15551234567")
    world.apps["b"].fault = unreadable
    world.run()
    world.apps["b"].fault = lambda _moment, _what: None
    assert told(world.run()) == 0
    (hold,) = world.holds("ambiguous")
    assert world.status()["a"]["pending"] == 1
    world.answer(hold, skip=True)
    world.run()
    assert world.names("a") == world.names("b") == ["Ann Lee", "Anne Lee"]
    assert told(world.run()) == 0


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        ("Marie Lee", "Maria Lee", True),
        ("Ana Lee", "Antha Lee", True),
        ("Lee", "Ann Lee", True),
        ("Martha Lee", "Marhta Lee", False),
        ("Martha Lee", "Dr. Lee, Martha X.", False),
        ("M. Lee", "Martha Lee", False),
    ],
)
@pytest.mark.parametrize("in_two", [False, True])
def test_a_shared_address_joins_one_name_and_its_slips_only(
    one: str, other: str, asked: bool, in_two: bool, meet: Meet
) -> None:
    world = two_fields(meet) if in_two else meet("a", "b", extra=RULES)
    for side, name in (("a", one), ("b", other)):
        first, _, last = name.rpartition(" ")
        world.apps[side].add(email="lee@x.example", **({"first": first, "last": last} if in_two else {"name": name}))
    world.plan()
    assert (len(world.holds("ambiguous")), len(world.linked())) == ((1, 0) if asked else (0, 1))


def two_fields(meet: Meet) -> People:
    """Address books with a first and a last name."""
    weights = "similar: {first: 0.25, last: 0.25, email: 0.3, phone: 0.2}"
    world = meet("a", "b", extra=f"match: [[email]]\n{weights}", rows=("first", "last", "email", "phone"))
    for app in world.apps.values():
        app.fields["first"] = Field(type="text", means="contact.given_name")
        app.fields["last"] = Field(type="text", means="contact.family_name")
    return world


def test_a_first_and_a_last_name_are_compared_as_one(meet: Meet) -> None:
    """Relatives who share a number are no look-alikes, who is written the other way round is one."""
    world = two_fields(meet)
    world.apps["a"].add(first="Cy", last="Moe", phone="+15551234567")
    world.apps["b"].add(first="Dan", last="Moe", phone="+15551234567")
    world.apps["a"].add(first="Katherine", last="Johnson", phone="+15559876543")
    world.apps["b"].add(first="Johnson", last="Kathrine", phone="+15559876543")
    world.run()
    (hold,) = world.holds("ambiguous")
    (pair,) = hold["detail"]["pairs"]
    assert pair["records"] == [["a", "a2"], ["b", "b2"]]
    assert pair["terms"]["first + last"] > 0.9
    assert [one["terms"]["last"] for one in hold["detail"]["candidates"]] == ["Johnson", "Kathrine"]
