"""People of one family share an address and a number: no mapping, shipped or proposed, makes one of two unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.contract import Field
from tests.identity.people import EMAILS, Meet, People, meet
from tests.propose.apps import proposed, side

__all__ = ["meet"]
FIELDS = {
    "first": Field(type="text", means="contact.given_name"),
    "last": Field(type="text", means="contact.family_name"),
    "name": Field(type="text", means="contact.full_name"),
    "email": Field(type="email", means="contact.email", unique=True),
    "emails": EMAILS,
    "phone": Field(type="phone", means="contact.phone"),
    "phones": Field(type="phones", means="contact.phones", many=True),
    "mobile": Field(type="phone", means="contact.mobile"),
}
SHIPPED = (
    "csv-tryton-parties",
    "google-outlook-carddav-contacts",
    "hubspot-google-contacts",
    "hubspot-postgresql",
    "hubspot-salesforce-contacts",
    "salesforce-outlook-contacts",
    "shopify-quickbooks-customers",
)
"""All of people but the mailing list, where the address is the identity."""
PROPOSED = ("first last email phone", "last first emails phones", "name email phone", "first email", "first last email")
CASES = [*SHIPPED, *PROPOSED]


def family(meet: Meet, case: str) -> People:
    """Two books that are synced by the rules of a mapping, over the fields that those look at."""
    doc = _shipped(case) if case in SHIPPED else proposed(**dict.fromkeys("ab", _book(case))).doc("x")
    terms = {str(next(iter(term))) if isinstance(term, dict) else term for rule in doc["match"] for term in rule}
    rows = doc["fields"] if case in PROPOSED else {row: dict.fromkeys("ab", row) for row in sorted(terms)}
    extra = f"match: {json.dumps(doc['match'])}\nsimilar: {json.dumps(doc.get('similar'))}"
    world = meet("a", "b", extra=extra, rows=tuple(rows), cells={row: json.dumps(cells) for row, cells in rows.items()})
    for app in world.apps.values():
        app.fields.update(FIELDS)
    return world


def _shipped(name: str) -> dict[str, Any]:
    text = (Path(__file__).parents[2] / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe").load(text)


def _book(words: str) -> Any:
    return side(**{word: FIELDS[word] for word in words.split()})


def person(first: str, last: str) -> dict[str, Any]:
    """In whatever fields the mapping looks at."""
    number, address = "+15551234567", "family@lee.example"
    return {
        "first": first,
        "last": last,
        "name": f"{first} {last}".strip(),
        "email": address,
        "emails": [{"value": address, "label": None}],
        "phone": number,
        "mobile": number,
        "phones": [{"value": number, "label": "home"}],
    }


@pytest.mark.parametrize("case", CASES)
def test_two_of_a_family_are_not_one(meet: Meet, case: str) -> None:
    world = family(meet, case)
    world.apps["a"].add(**person("Ann", "Lee"))
    world.apps["b"].add(**person("Bob", "Lee"))
    world.plan()
    assert world.linked() & {frozenset({"a1", "b1"})} == set()


@pytest.mark.parametrize("case", CASES)
def test_the_same_person_is_one_although_a_relative_is_there(meet: Meet, case: str) -> None:
    world = family(meet, case)
    world.apps["a"].add(**person("Ann", "Lee"))
    world.apps["b"].add(**person("Ann", "Lee"))
    world.apps["b"].add(**person("Bob", "Lee"))
    world.plan()
    assert frozenset({"a1", "b2"}) not in world.linked()
    assert frozenset({"a1", "b1"}) in world.linked() or world.holds("ambiguous")


@pytest.mark.parametrize("case", [*SHIPPED, *(words for words in PROPOSED if "last" in words)])
def test_who_is_called_by_the_family_name_only_may_be_any_of_them(meet: Meet, case: str) -> None:
    world = family(meet, case)
    world.apps["a"].add(**person("", "Lee"))
    world.apps["b"].add(**person("Bob", "Lee"))
    world.plan()
    assert frozenset({"a1", "b1"}) not in world.linked()
