"""Every mapping of the library, end to end: overlapping data, edits on each side, a deletion, nothing left to do."""

from __future__ import annotations

import pytest

from engine.canonical import same
from tests.library.cases import CASES, SOBJECTS
from tests.library.conftest import Make
from tests.library.hands import HubSpot, Rest


@pytest.mark.parametrize("mapping", CASES)
def test_from_overlapping_data_to_the_same_everywhere(make_world: Make, mapping: str) -> None:
    world = make_world(mapping)
    sides = world.case.sides
    assert world.examples() == []
    common = {side: world.hands[side].make(at.both) for side, at in sides.items()}
    own = {side: world.hands[side].make(at.own) for side, at in sides.items()}
    assert world.settle() > 0
    assert world.names() == {world.case.first, *world.case.names.values()}, "matched, not doubled"

    for side, at in sides.items():
        world.hands[side].edit(common[side], at.edit)
    assert world.settle() > 0
    assert world.names() == {world.case.both, *world.case.names.values()}
    for side, at in sides.items():
        shown = world.shows(side)[world.case.both]
        wrong = {name: shown.get(name) for name, value in at.wants.items() if not same(shown.get(name), value)}
        assert not wrong, f"{side} shows {wrong}"

    world.hands[world.case.gone].delete(own[world.case.gone])
    looks = (False, False, True, True)
    assert any(world.run(full=full) for full in looks), (
        "where nothing tells what was deleted, a second look is believed"
    )
    world.settle()
    left = {world.case.both, *(name for side, name in world.case.names.items() if side != world.case.gone)}
    assert world.names() == left


def test_a_contact_comes_with_its_company_once_that_is_there(make_world: Make) -> None:
    """The sync of the contacts runs first, and waits for that of the companies."""
    world = make_world("hubspot-salesforce-contacts", "hubspot-salesforce-companies")
    hubspot, salesforce = world.hands["hubspot"], world.hands["salesforce"]
    assert isinstance(hubspot, HubSpot)
    companies = HubSpot(world.places["hubspot"], "crm/v3/objects/companies")
    accounts = Rest(world.places["salesforce"], f"{SOBJECTS}/Account")
    mills, engines = companies.make({"name": "Mills"}), accounts.make({"Name": "Engines"})
    hubspot.make({"lastname": "Lee", "email": "lee@example.org"}, mills)
    salesforce.make({"LastName": "Miller", "AccountId": engines})
    assert world.run() > 0
    world.settle()
    account, company = (
        world.shows("salesforce")["Lee"]["AccountId"],
        world.shows("hubspot")["Miller"]["associatedcompany"],
    )
    assert accounts.send("GET", f"{SOBJECTS}/Account/{account}")["Name"] == "Mills"
    shown = companies.send("GET", f"crm/v3/objects/companies/{company}?properties=name")
    assert shown["properties"]["name"] == "Engines"
    companies.close()
    accounts.close()
