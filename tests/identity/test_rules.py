"""Match rules: how terms are compared, and records that have several values of one."""

from __future__ import annotations

from typing import Any

import pytest

from engine import normal
from engine.contract import Schema
from engine.mapping import Mapping
from engine.mapping_check import check_against
from engine.yamlfile import load_mapping
from tests.identity.people import EMAILS, FIELDS, Meet, meet
from tests.sync.world import told

__all__ = ["meet"]

ALIKE = [
    ("name", "Dr. Jürgen Müller", "MULLER, Jurgen"),
    ("name", "ACME G.m.b.H. & Co. KG", "Acme Ltd."),
    ("name", "O'Brien Séan", "Sean O\u2019Brien"),
    ("name", {"given": "Ann", "family": "Lee", "prefix": "Dr."}, "Ann Lee"),
    ("email", "Ann <Ann@Example.org>", " ann@example.ORG "),
    ("phone", "+49 (30) 123-4567", "+49301234567"),
    ("url", "HTTPS://www.Example.org/", "http://example.org"),
    ("domain", "https://www.example.org/about", "ann@Example.org"),
    ("text", " Straße ", "STRASSE"),
]
OTHER = [
    ("name", "Ann Lee", "Ann Leeds"),
    ("email", "ann@example.org", "ann@example.com"),
    ("phone", "+49301234567", "+43301234567"),
    ("url", "http://example.org/a", "http://example.org/b"),
    ("domain", "example.org", "mail.example.org"),
]


@pytest.mark.parametrize(("by", "one", "other"), ALIKE)
def test_spellings_of_one_thing_are_one_key(by: str, one: Any, other: Any) -> None:
    assert normal.NORMALISERS[by](one) == normal.NORMALISERS[by](other) is not None


@pytest.mark.parametrize(("by", "one", "other"), OTHER)
def test_other_things_are_other_keys(by: str, one: Any, other: Any) -> None:
    assert normal.NORMALISERS[by](one) != normal.NORMALISERS[by](other)


@pytest.mark.parametrize(("by", "value"), [("domain", "ann@gmail.com"), ("name", " "), ("phone", "ext"), ("email", "")])
def test_what_tells_nobody_apart_is_no_key(by: str, value: str) -> None:
    assert normal.NORMALISERS[by](value) is None


def test_a_name_matches_whatever_its_spelling_only_where_the_rule_says_so(meet: Meet) -> None:
    for extra, records in (("match: [[{name: name}]]", 1), ("match: [[name]]", 2)):
        world = meet("a", "b", extra=extra)
        world.apps["a"].add(name="Dr. Jürgen Müller", note="from a")
        world.apps["b"].add(name="Müller Jürgen", email="j@example.org")
        world.run()
        assert [len(world.apps[side].live()) for side in "ab"] == [records] * 2
        assert told(world.run()) == 0


def test_companies_match_by_the_domain_of_their_web_page(meet: Meet) -> None:
    world = meet("a", "b", extra="match: [[{web: domain}]]", rows=("name", "web"))
    world.apps["a"].add(name="Acme", web="https://www.acme.example/start")
    world.apps["b"].add(name="ACME Corporation", web="http://acme.example")
    world.run()
    assert world.linked() == {frozenset({"a1", "b1"})}


def mails(world: Any) -> None:
    """Side a has lists of addresses, side b one address."""
    world.apps["a"].fields["emails"] = EMAILS
    world.apps["a"].fields.pop("email")


CELLS = {"email": "{a: emails, b: email}"}


def several(*addresses: str) -> list[dict[str, str]]:
    return [{"value": address, "label": "work"} for address in addresses]


def test_any_of_several_addresses_is_a_key(meet: Meet) -> None:
    world = meet("a", "b", cells=CELLS)
    mails(world)
    world.apps["a"].add(name="Ann", emails=several("ann@work.example", "ann@home.example"))
    world.apps["b"].add(name="Ann", email="Ann@Home.example")
    world.run()
    assert world.linked() == {frozenset({"a1", "b1"})}


def test_two_records_that_share_addresses_with_a_third_wait(meet: Meet) -> None:
    world = meet("a", "b", cells=CELLS)
    mails(world)
    world.apps["a"].add(name="Ann", emails=several("ann@work.example", "ann@home.example"))
    world.apps["b"].add(name="Ann", email="ann@home.example")
    world.apps["b"].add(name="Ann", email="ann@work.example")
    assert told(world.run()) == 0
    (hold,) = world.holds("ambiguous")
    assert sorted(record for _, record in hold["detail"]["records"]) == ["a1", "b1", "b2"]


def test_an_address_of_one_s_own_tells_apart_who_share_another(meet: Meet) -> None:
    world = meet("a", "b", rows=("name", "emails"), cells={"emails": "{a: emails, b: emails, each: value}"})
    for side in "ab":
        world.apps[side].fields["emails"] = EMAILS
        for name in ("Ann", "Bob"):
            world.apps[side].add(name=name, emails=several(f"{name.lower()}@x.example", "family@x.example"))
    (world.root / "mappings" / "things.yaml").write_text(
        (world.root / "mappings" / "things.yaml").read_text().replace("[[email]]", "[[emails]]")
    )
    assert told(world.run()) == 0
    assert world.linked() == {frozenset({"a1", "b1"}), frozenset({"a2", "b2"})}


def test_the_only_one_left_of_a_shared_address_is_no_proof(meet: Meet) -> None:
    world = meet(
        "a",
        "b",
        extra="match: [[emails]]",
        rows=("name", "emails"),
        cells={"emails": "{a: emails, b: emails, each: value}"},
    )
    for side, other in (("a", "Cy"), ("b", "Dan")):
        world.apps[side].fields["emails"] = EMAILS
        world.apps[side].add(name="Ann", emails=several("ann@x.example", "family@x.example"))
        world.apps[side].add(name=other, emails=several("family@x.example"))
    world.run()
    (hold,) = world.holds("ambiguous")
    assert sorted(record for _, record in hold["detail"]["records"]) == ["a2", "b2"]
    assert world.linked() == {frozenset({"a1", "b1"})}


def test_a_wrong_term_is_named(tmp_path: Any) -> None:
    from engine.problem import MappingError

    file = tmp_path / "m.yaml"
    text = "name: m\nsides:\n  a: {app: x, object: y}\n  b: {app: x, object: y}\nfields:\n  name: {a: name, b: name}\n"
    file.write_text(text + "match: [[{name: nmae}]]\n")
    with pytest.raises(MappingError, match="cannot be compared by 'nmae'; did you mean 'name'"):
        load_mapping(file)
    file.write_text(text + "match: [[name]]\nsimilar: {name: much}\n")
    with pytest.raises(MappingError, match="should be a weight"):
        load_mapping(file)
    file.write_text(text + "match: [[name]]\nsimilar: {nmae: 1}\n")
    found = check_against(load_mapping(file), {side: Schema(FIELDS) for side in "ab"})
    assert [str(one) for one in found] == [
        "similar term 'nmae' is no row, and as a vocabulary entry it is known on no side; did you mean 'name'?"
    ]


def test_the_file_keeps_its_terms() -> None:
    sides = {side: {"app": "x", "object": "y"} for side in "ab"}
    doc = {
        "name": "m",
        "sides": sides,
        "fields": {"name": {"a": "name", "b": "name"}},
        "match": [["name"], [{"name": "name"}]],
    }
    doc["similar"] = {"name": 1.0, "at_least": 0.8}
    mapping = Mapping.model_validate(doc)
    dumped = mapping.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert (dumped["match"], dumped["similar"]) == (doc["match"], doc["similar"])
    assert Mapping.model_validate(dumped) == mapping
