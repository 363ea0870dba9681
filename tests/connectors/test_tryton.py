"""The suite of all connectors on a real Tryton, and what Tryton is like."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import pytest

from connectors import App, connect
from connectors.tryton.rpc import Rpc
from engine.contract import AuthExpired, CursorExpired, Done, Failed, Invalid, Op, Refused, Stale, Write
from tests.connectors.conformance import Conformance
from tests.connectors.desk import Desk
from tests.connectors.tryton_server import PASSWORD, empty, rpc, tryton

__all__ = ["tryton"]


@pytest.fixture(scope="module")
def hands(tryton: dict[str, str]) -> Rpc:
    """Somebody else who works in Tryton."""
    return rpc(tryton)


@pytest.fixture(scope="module")
def firm(tryton: dict[str, str]) -> dict[str, str]:
    """A database with a company and products."""
    return {**tryton, "database": "firm"}


@pytest.fixture(scope="module")
def sellers(firm: dict[str, str]) -> Rpc:
    """Somebody else who works in the company."""
    return rpc(firm)


@cache
def signed_in(url: str, database: str) -> App:
    """Signing in is slow on purpose: once for all tests."""
    settings = {"base_url": url, "database": database, "user": "admin", "password": PASSWORD}
    return connect("tryton", settings, sleep=lambda _: None)


def at(settings: dict[str, str], obj: str = "party.party") -> Desk:
    """An empty database."""
    connector = signed_in(settings["base_url"], settings["database"])
    empty(vars(connector)["_rpc"], "product.template" if obj == "product.product" else obj)
    return Desk(connector, {}, obj)


class Records(Conformance):
    app = "tryton"
    controlled = False
    idle = 2
    wrong_scope: ClassVar = {"database": "another"}

    # A server of its own has no control plane.
    test_a_forgotten_cursor_asks_for_a_scan = None
    test_reading_writes_nothing = None
    test_too_many_calls_are_survived = None
    test_a_lost_answer_to_a_create_makes_no_second_record = None
    test_no_mail_is_ever_sent = None

    @pytest.fixture
    def settings(self, tryton: dict[str, str]) -> dict[str, str]:
        return tryton

    @pytest.fixture
    def desk(self, settings: dict[str, str]) -> Desk:
        return at(settings, self.obj)

    def test_changes_resume_from_a_cursor(self, desk: Desk) -> None:
        kept = desk.create(self.nth(1), key="kept")
        _, cursor = desk.scan()
        nothing, quiet = desk.changes(cursor)
        assert nothing == {}
        new = desk.create(self.nth(2), key="new")
        changed = desk.update(kept, **{self.title: "Changed"})
        seen, after = desk.changes(quiet)
        assert seen == {new.id: new, kept.id: changed}
        assert desk.changes(quiet)[0] == seen and desk.changes(after)[0] == {}
        desk.delete(new)
        with pytest.raises(CursorExpired, match="deleted"):
            desk.changes(after)
        assert list(desk.scan()[0]) == [kept.id]


class TestParties(Records):
    obj = "party.party"
    title = "name"
    other = "lang"

    def sample(self, **changes: Any) -> dict[str, Any]:
        reached = {"emails": [{"value": "ann@example.org", "label": "work"}], "websites": []}
        phones = [{"value": "+49 171 1234567", "label": "mobile"}, {"value": "+49 30 123456", "label": "other"}]
        return {"name": "Budget", "lang": "de", "phones": phones, "active": True, **reached} | changes

    def test_unicode_survives(self, desk: Desk) -> None:
        assert desk.create(self.sample(name=self.text)).data["name"] == self.text


class TestProducts(Records):
    @pytest.fixture
    def settings(self, firm: dict[str, str]) -> dict[str, str]:
        return firm

    obj = "product.product"
    title = "name"
    other = "description"
    unique = "code"

    def sample(self, **changes: Any) -> dict[str, Any]:
        own = {"name": "Bolt", "description": "Long", "code": "B1", "type": "goods", "list_price": "12.5000"}
        return own | {"cost_price": "2.0000", "default_uom": "Kilogram", "active": True} | changes


# --- parties ----------------------------------------------------------------------------------------------------------


def test_how_to_reach_a_party(tryton: dict[str, str]) -> None:
    desk = at(tryton)
    ann, bea = {"value": "ann@example.org", "label": "work"}, {"value": "bea@example.org", "label": "other"}
    made = desk.create({"name": "Ann", "emails": [ann, bea], "phones": [{"value": "+49 30 123456", "label": "fax"}]})
    assert made.data["emails"] == [ann, bea] and made.data["phones"][0]["label"] == "fax"
    turned = desk.update(made, emails=[bea, ann], websites=[{"value": "https://example.org", "label": "home"}])
    assert turned.data["emails"] == [bea, ann] and turned.data["phones"] == made.data["phones"]
    fewer = desk.update(turned, emails=[{**ann, "label": "home"}], phones=None)
    assert fewer.data["emails"] == [{**ann, "label": "home"}] and fewer.data["phones"] == []
    assert fewer.data["websites"] == [{"value": "https://example.org", "label": "home"}]


def test_the_first_address(tryton: dict[str, str], hands: Rpc) -> None:
    desk = at(tryton)
    home = {"street": "Main 1", "city": "Berlin", "postcode": "10115", "country": "DE"}
    made = desk.create({"name": "Ann", "address": home})
    assert made.data["address"] == home
    second = {"party": int(made.id), "street": "Other 2", "sequence": 99}
    hands.write("model.party.address.create", [second])
    moved = desk.update(desk.again(made), address={**home, "city": "Paris", "country": "FR"})
    assert moved.data["address"] == {**home, "city": "Paris", "country": "FR"}
    left = hands.read("model.party.address.search_read", [], 0, None, [["id", "ASC"]], ["street"])
    assert [one["street"] for one in left] == ["Main 1", "Other 2"]
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"address": {**home, "country": "XX"}}))
    assert isinstance(error, Invalid) and error.field == "address"


def test_a_colleague_edits_only_a_telephone_number(tryton: dict[str, str], hands: Rpc) -> None:
    """The party itself keeps its time of change; the record has changed all the same."""
    desk = at(tryton)
    made = desk.create({"name": "Ann", "phones": [{"value": "+49 30 123456", "label": "other"}]})
    _, cursor = desk.scan()
    (number,) = hands.read("model.party.contact_mechanism.search", [], 0, None, None)
    hands.write("model.party.contact_mechanism.write", [number], {"value": "+49 30 123457"})
    seen, _ = desk.changes(cursor)
    assert seen[made.id].data["phones"][0]["value"] == "+49 30 123457"
    update = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"name": "Bea"})
    assert isinstance(desk.error(update), Stale)


def test_tryton_itself_refuses_who_is_a_moment_late(
    tryton: dict[str, str], hands: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = at(tryton)
    made = desk.create({"name": "Ann"})
    real = Rpc.write

    def late(self: Rpc, method: str, *params: Any, **more: Any) -> Any:
        real(hands, "model.party.party.write", [int(made.id)], {"name": "Theirs"})
        return real(self, method, *params, **more)

    monkeypatch.setattr(Rpc, "write", late)
    update = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"name": "Ours"})
    assert isinstance(desk.error(update), Stale)
    assert desk.again(made).data["name"] == "Theirs"


def test_what_is_not_active_is_still_there(tryton: dict[str, str]) -> None:
    desk = at(tryton)
    made = desk.create({"name": "Ann"})
    _, cursor = desk.scan()
    off = desk.update(made, active=False)
    assert off.data["active"] is False and desk.scan()[0] == {made.id: off} == desk.changes(cursor)[0]
    assert desk.create({"name": "Ann"}).id == made.id, "made under the same key"


@pytest.mark.parametrize("obj", ["party.party", "product.product"])
def test_what_begins_inactive_has_all_its_values(tryton: dict[str, str], obj: str) -> None:
    desk = at(tryton, obj)
    rest = {"emails": [{"value": "a@x.org", "label": "work"}]} if obj == "party.party" else {"description": "Of steel"}
    made = desk.create({"name": "Mill", "active": False, **rest})
    assert {name: made.data[name] for name in ("active", *rest)} == {"active": False, **rest}
    assert desk.create({"name": "Mill", "active": False, **rest}).id == made.id, "made under the same key"


def test_stamps_are_not_identifiers_of_the_user(tryton: dict[str, str], hands: Rpc) -> None:
    desk = at(tryton)
    (party,) = hands.write("model.party.party.create", [{"name": "A", "identifiers": [["create", [{"code": "DE1"}]]]}])
    assert desk.scan()[0][str(party)].stamp is None


def test_what_tryton_refuses_is_parked_in_its_words(tryton: dict[str, str]) -> None:
    desk = at(tryton)
    outcomes = desk.write(
        Write(op=Op.CREATE, key="bad", data={"name": "A", "emails": [{"value": "", "label": "work"}]}),
        Write(op=Op.CREATE, key="code", data={"name": "A", "code": "77"}),
        Write(op=Op.CREATE, key="lang", data={"name": "A", "lang": "tlh"}),
        Write(op=Op.CREATE, key="good", data={"name": "A"}),
    )
    fields = {
        key: one.error.field
        for key, one in outcomes.items()
        if isinstance(one, Failed) and isinstance(one.error, Invalid)
    }
    assert fields == {"bad": "emails", "code": "code", "lang": "lang"} and isinstance(outcomes["good"], Done)
    assert len(desk.scan()[0]) == 1


# --- products ---------------------------------------------------------------------------------------------------------


def test_variants_of_one_template(firm: dict[str, str], sellers: Rpc) -> None:
    desk = at(firm, "product.product")
    unit = sellers.read("model.product.uom.search", [["name", "=", "Unit"]], 0, 1, None)[0]
    variants = [{"suffix_code": "-S"}, {"suffix_code": "-L"}]
    values = {"name": "Shirt", "code": "T1", "default_uom": unit, "type": "goods", "products": [["create", variants]]}
    sellers.write("model.product.template.create", [values])
    records, cursor = desk.scan()
    small, large = records.values()
    assert (small.data["code"], large.data["code"]) == ("T1-S", "T1-L")
    renamed = desk.update(small, name="Shirts", code="T1-XS", cost_price="3.0000")
    assert (renamed.data["name"], renamed.data["code"], renamed.data["cost_price"]) == ("Shirts", "T1-XS", "3.0000")
    assert {one.data["name"] for one in desk.changes(cursor)[0].values()} == {"Shirts"}, (
        "both: it is the template's name"
    )
    error = desk.error(Write(op=Op.UPDATE, key="u", id=small.id, data={"code": "X9"}))
    assert isinstance(error, Invalid) and error.field == "code"
    desk.delete(renamed)
    assert list(desk.scan()[0]) == [large.id]
    desk.delete(desk.again(large))
    assert sellers.read("model.product.template.search_count", [], 0, None) == 0


def test_a_business_rule_parks_the_record(firm: dict[str, str]) -> None:
    desk = at(firm, "product.product")
    desk.create({"name": "Bolt", "code": "B1"}, key="one")
    error = desk.error(Write(op=Op.CREATE, key="two", data={"name": "Nut", "code": "B1"}))
    assert isinstance(error, Invalid) and "unique" in str(error)
    made = desk.create({"name": "Nut"}, key="three")
    assert (made.data["type"], made.data["default_uom"], made.data["list_price"]) == ("goods", "Unit", None)


# --- the account ------------------------------------------------------------------------------------------------------


def test_a_database_or_server_that_is_not_there(tryton: dict[str, str]) -> None:
    with pytest.raises(Refused):
        connect("tryton", {**tryton, "database": "nowhere"}, sleep=lambda _: None).check()
    assert connect("tryton", tryton).check().startswith("admin of shop at 127.0.0.1")


def test_a_session_that_ended_asks_for_a_new_sign_in(tryton: dict[str, str]) -> None:
    connector = connect("tryton", tryton, sleep=lambda _: None)
    connector.check()
    vars(vars(connector)["_rpc"])["_session"] = "YWRtaW46MTpub25lLXN1Y2g="
    with pytest.raises(AuthExpired):
        list(connector.scan("party.party", {}))
