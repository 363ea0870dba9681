"""Every mapping of the library, end to end: overlapping data, edits on each side, a deletion, nothing left to do."""

from __future__ import annotations

import pytest

from engine.canonical import same
from tests.library.cases import CASES, SOBJECTS
from tests.library.conftest import Make
from tests.library.hands import HubSpot, Rest

WORK = [{"value": "+49301", "type": "workFax"}]


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


def test_a_fax_stays_a_fax_on_all_sides(make_world: Make) -> None:
    """Google says workFax, a card TYPE=WORK,FAX, and Outlook has no place for it but keeps the label."""
    world = make_world("google-outlook-carddav-contacts")
    google, card = world.hands["google"], world.hands["carddav"]
    assert isinstance(google, Rest)
    ada = google.make({"names": [{"givenName": "Ada", "familyName": "Lee"}], "phoneNumbers": WORK})
    card.make(["FN:Bob Ray", "N:Ray;Bob;;;", "TEL;TYPE=HOME,FAX:+49302", "TEL;TYPE=FAX:+49303"])
    world.settle()
    for side, field in (("google", "phoneNumbers"), ("outlook", "phones"), ("carddav", "phones")):
        shown = {name: {one["label"] for one in row[field]} for name, row in world.shows(side).items()}
        assert shown == {"Lee": {"work fax"}, "Ray": {"home fax", "fax"}}, side
    found = google.send("GET", "v1/people/me/connections?personFields=names,phoneNumbers")["connections"]
    types = {one["names"][0]["familyName"]: {phone["type"] for phone in one["phoneNumbers"]} for one in found}
    assert types == {"Lee": {"workFax"}, "Ray": {"homeFax", "otherFax"}}
    google.edit(ada, {"phoneNumbers": [{"value": "+49301", "type": "otherFax"}]})
    assert world.settle() > 0
    assert [one["label"] for one in world.shows("carddav")["Lee"]["phones"]] == ["fax"]


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
