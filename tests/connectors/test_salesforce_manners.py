"""What is Salesforce's own: fields, late and merged records, refusals."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from connectors.salesforce.errors import classify
from connectors.salesforce.soql import pages, quoted
from engine.contract import (
    Deleted,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Refused,
    Support,
    Transient,
    Write,
)
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.salesforce_world import contacts, control_of, desk_of, person, server, setting

__all__ = ["contacts", "server"]


# --- fields ---------------------------------------------------------------------------------------------------------


def test_custom_fields_become_fields_of_our_types(server: Any, contacts: Desk) -> None:
    values = ["red", "blue"]
    items: list[dict[str, Any]] = [
        {"name": "Born__c", "type": "date"},
        {"name": "Member__c", "type": "boolean"},
        {"name": "Points__c", "type": "double", "scale": 1},
        {"name": "Worth__c", "type": "currency"},
        {"name": "Code__c", "type": "string", "length": 20, "externalId": True, "unique": True},
        {"name": "Colours__c", "type": "multipicklist", "values": values},
        {"name": "Colour__c", "type": "picklist", "values": values},
        {"name": "Story__c", "type": "textarea", "length": 32_000, "htmlFormatted": True},
        {"name": "Boss__c", "type": "reference", "length": 18, "to": ["Contact"]},
        {"name": "Anybody__c", "type": "reference", "length": 18, "to": ["Contact", "User"]},
        {"name": "Sum__c", "type": "double", "calculated": True, "createable": False, "updateable": False},
        {"name": "Secret__c", "type": "encryptedstring", "length": 20},
    ]
    setting(server, define=[["Contact", item] for item in items])
    fields = contacts.connector.schema("Contact").fields
    shapes = {name: (field.type, field.dialect) for name, field in fields.items() if name.endswith("__c")}
    assert shapes == {
        "Born__c": ("date", ""),
        "Member__c": ("bool", ""),
        "Points__c": ("number", ""),
        "Worth__c": ("money", ""),
        "Code__c": ("text", ""),
        "Colours__c": ("tags", "semicolon"),
        "Colour__c": ("choice", ""),
        "Story__c": ("html", "html"),
        "Boss__c": ("ref", ""),
        "Anybody__c": ("text", ""),
        "Sum__c": ("number", ""),
    }
    assert (fields["Points__c"].digits, fields["Worth__c"].currency, fields["Boss__c"].refers) == (1, "EUR", "Contact")
    assert fields["Code__c"].unique and fields["Colour__c"].choices == {"red": "red", "blue": "blue"}
    assert not fields["Sum__c"].writable and fields["LastName"].required and fields["LastName"].max_length == 80
    assert not {"MailingAddress", "SystemModstamp", "PhotoUrl", "IsDeleted", "Id", "LastViewedDate"} & set(fields)
    boss = contacts.create(person(1), key="boss")
    data = {"Points__c": 7.5, "Colours__c": "red;blue", "Member__c": True, "Boss__c": boss.id, "Worth__c": 12.25}
    made = contacts.create(person(2, **data), key="made")
    assert {name: made.data[name] for name in data} == data
    cleared = contacts.update(made, Member__c=None, Boss__c=None, Colours__c=None)
    assert [cleared.data[name] for name in ("Member__c", "Boss__c", "Colours__c")] == [False, None, None]


def test_references_and_names(server: Any, contacts: Desk) -> None:
    account = desk_of(server, "Account").create({"Name": "Engines"})
    made = contacts.create(person(FirstName="Ada", AccountId=account.id[:15]))
    assert (made.data["AccountId"], made.data["Name"]) == (account.id, "Ada Person 0")
    assert contacts.connector.schema("Contact").fields["AccountId"].refers == "Account"
    error = contacts.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"AccountId": made.id}))
    assert isinstance(error, Invalid) and error.field == "AccountId"


def test_the_currency_is_the_orgs_unless_told_otherwise(server: Any) -> None:
    def amount(desk: Desk) -> str:
        return desk.connector.schema("Opportunity").fields["Amount"].currency

    assert amount(desk_of(server, "Opportunity")) == "EUR"
    assert amount(desk_of(server, "Opportunity", currency="CHF")) == "CHF"
    desk = desk_of(server, "Opportunity")
    control_of(desk).fault("403", times=9, path="connect/organization")
    with pytest.raises(Transient, match="TotalRequests"):
        amount(desk)
    control_of(desk).calm()
    codes = {"name": "CurrencyIsoCode", "type": "picklist", "length": 3, "values": ["EUR", "USD"]}
    setting(server, define=[["Opportunity", codes]])
    fields = desk_of(server, "Opportunity").connector.schema("Opportunity").fields
    assert (fields["Amount"].currency, fields["CurrencyIsoCode"].means) == ("", "deal.currency")


def test_what_salesforce_makes_of_values_is_what_was_stored(contacts: Desk) -> None:
    made = contacts.create(person(Title="  Countess  ", Department=""))
    assert (made.data["Title"], made.data["Department"]) == ("Countess", None)
    assert contacts.again(made) == made


@pytest.mark.parametrize("obj", ["Nothing__c", "Contact/describe?x=", "../limits", ""])
def test_unknown_objects_are_refused_by_name(server: Any, obj: str) -> None:
    with pytest.raises(Refused, match="no object"):
        desk_of(server, obj).connector.schema(obj)


def test_an_object_with_more_fields_than_fit_into_an_address(server: Any, contacts: Desk) -> None:
    names = [f"A_field_with_quite_a_long_name_of_{number}__c" for number in range(200)]
    setting(server, define=[["Contact", {"name": name, "type": "string", "length": 10}] for name in names])
    made = contacts.create(person())
    lost = contacts.create(person(2), key="lost")
    seen, cursor = contacts.scan()
    assert seen == {made.id: made, lost.id: lost}
    contacts.delete(lost)
    changed = contacts.update(made, Title="x")
    seen, _ = contacts.changes(cursor)
    assert seen[made.id] == changed and seen[lost.id].gone and len(seen) == 2


# --- what changed ---------------------------------------------------------------------------------------------------


def test_two_changes_within_a_second_are_both_seen(contacts: Desk) -> None:
    control_of(contacts)._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})
    made = contacts.create(person())
    _, cursor = contacts.scan()
    first = contacts.update(made, Title="One")
    seen, cursor = contacts.changes(cursor)
    assert seen == {made.id: first}
    second = contacts.update(made, Title="Two")
    assert second.changed_at == first.changed_at and second.version != first.version
    seen, cursor = contacts.changes(cursor)
    assert seen == {made.id: second}
    assert contacts.changes(cursor)[0] == {}


def test_what_is_dated_before_the_last_look_is_found(contacts: Desk) -> None:
    """A long transaction: its changes are dated when they were made."""
    control = control_of(contacts)
    control._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})
    contacts.create(person(1), key="one")
    _, cursor = contacts.scan()
    control._send("POST", "now", {"now": "2026-11-02T11:55:00+00:00"})
    late = contacts.create(person(2), key="two")
    seen, cursor = contacts.changes(cursor)
    assert set(seen) == {late.id}
    assert contacts.changes(cursor)[0] == {}


def test_merged_records_are_gone(server: Any, contacts: Desk) -> None:
    one, two = (contacts.create(person(number), key=str(number)) for number in (1, 2))
    _, cursor = contacts.scan()
    setting(server, merge=["Contact", one.id, two.id])
    seen, _ = contacts.changes(cursor)
    for record in (seen[two.id], contacts.again(two)):
        assert record.gone and record.merged_into == one.id
    assert not contacts.again(one).gone
    assert contacts.again(two).gone


def test_an_app_signs_in_as_itself_and_a_dead_session_is_renewed(server: Any) -> None:
    stored: list[Any] = []
    settings = {"base_url": server.url, "client_id": "app", "client_secret": server.token}
    connector = connect("salesforce", settings, stored.append, sleep=lambda _: None)
    assert connector.check() == "Stand-in Ltd (00DgL000000standAAQ)"
    Control(server.url).fault("reject_token")
    connector.check()
    assert len(stored) == 2 and stored[0] != stored[1]


def test_the_contacts_of_a_deleted_account_are_gone(server: Any, contacts: Desk) -> None:
    accounts = desk_of(server, "Account")
    account = accounts.create({"Name": "Engines"})
    made = contacts.create(person(AccountId=account.id))
    _, cursor = contacts.scan()
    accounts.delete(account)
    assert contacts.changes(cursor)[0][made.id].gone


def test_more_records_than_fit_on_a_page(contacts: Desk) -> None:
    control = control_of(contacts)
    _, cursor = contacts.scan()
    control._send("POST", "fill", {"calendar": "Contact", "count": 2050})
    assert len(contacts.scan()[0]) == 2050
    seen, cursor = contacts.changes(cursor)
    assert len(seen) == 2050 and contacts.changes(cursor)[0] == {}


def test_a_query_that_salesforce_dropped_is_begun_again_later(contacts: Desk) -> None:
    control = control_of(contacts)
    control._send("POST", "fill", {"calendar": "Contact", "count": 2001})
    control.fault("expire_cursor", times=9)
    with pytest.raises(Transient, match="INVALID_QUERY_LOCATOR"):
        contacts.scan()


def test_a_field_that_goes_during_a_run_stops_it(server: Any, contacts: Desk) -> None:
    contacts.scan()
    setting(server, drop=["Contact", "Title"])
    with pytest.raises(Refused, match=r"Title.*run again"):
        contacts.scan()


# --- writes ---------------------------------------------------------------------------------------------------------


def test_more_writes_than_fit_into_a_collection(contacts: Desk) -> None:
    writes = [Write(op=Op.CREATE, key=f"k{number}", data=person(number)) for number in range(410)]
    outcomes = contacts.write(*writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    assert contacts.write(*writes) == outcomes, "found again by their keys"
    assert len(contacts.scan()[0]) == 410


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"LastName": "x" * 81}, "LastName"),
        ({"LastName": None}, "LastName"),
        ({"Email": "nobody"}, "Email"),
        ({"Title": "King"}, "Title"),
        ({"Birthdate": "soon"}, None),
        ({"Nothing__c": 1}, "Nothing__c"),
    ],
)
def test_one_wrong_value_does_not_stop_the_others(
    server: Any, contacts: Desk, data: dict[str, Any], field: str
) -> None:
    setting(server, forbid={"Title": "King"})
    contacts.connector.schema("Contact")
    one, two = (contacts.create(person(number), key=str(number)) for number in (1, 2))
    outcomes = contacts.write(
        Write(op=Op.CREATE, key="bad", data=person(3) | data),
        Write(op=Op.CREATE, key="good", data=person(4)),
        Write(op=Op.UPDATE, key="worse", id=one.id, data=data),
        Write(op=Op.UPDATE, key="better", id=two.id, data={"Title": "Queen"}),
    )
    assert [isinstance(outcomes[key], Done) for key in ("good", "better")] == [True, True]
    for key in ("bad", "worse"):
        outcome = outcomes[key]
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid) and outcome.error.field == field
    assert len(contacts.scan()[0]) == 3


def test_a_row_that_is_locked_is_tried_again_later(server: Any, contacts: Desk) -> None:
    made = contacts.create(person())
    setting(server, lock={made.id: 1})
    write = Write(op=Op.UPDATE, key="u", id=made.id, data={"Title": "Queen"})
    error = contacts.error(write)
    assert isinstance(error, Transient) and error.landed is False
    assert contacts.done(write).data["Title"] == "Queen"


def test_a_duplicate_is_parked_with_the_record_that_is_there(server: Any, contacts: Desk) -> None:
    setting(server, duplicate_rule=True, define=[["Contact", {"name": "Nr__c", "type": "string", "unique": True}]])
    there = contacts.create(person(1, Nr__c="7"), key="there")
    by_rule = contacts.error(Write(op=Op.CREATE, key="twin", data=person(1)))
    assert isinstance(by_rule, Invalid) and there.id in str(by_rule)
    by_field = contacts.error(Write(op=Op.CREATE, key="other", data=person(2, Nr__c="7")))
    assert isinstance(by_field, Invalid) and by_field.field == "Nr__c" and there.id[:15] in str(by_field)


def test_a_key_whose_record_is_in_the_bin_is_a_deletion(contacts: Desk) -> None:
    contacts.delete(contacts.create(person(), key="same"))
    assert isinstance(contacts.error(Write(op=Op.CREATE, key="same", data=person())), Deleted)


def test_a_create_that_is_sent_again_takes_no_edit_back(contacts: Desk) -> None:
    made = contacts.create(person(), key="same")
    changed = contacts.update(made, LastName="Theirs")
    assert contacts.create(person(), key="same") == changed


def test_the_external_id_is_asked_for_by_name(server: Any) -> None:
    desk = desk_of(server, "Contact", stamp_field="Other__c")
    with pytest.raises(Refused, match=r"no external id Other__c.*stamp_field"):
        desk.create(person())
    plain = connect("salesforce", {"base_url": server.url, "token": server.token})
    assert plain.caps.stamped is Support.NO and desk.connector.caps.stamped is Support.YES


def test_a_lost_answer_without_an_external_id_is_in_doubt(server: Any) -> None:
    desk = desk_of(server, "Contact", stamp_field="")
    control_of(desk).fault("drop_after_commit", method="POST", path="composite/sobjects")
    error = desk.error(Write(op=Op.CREATE, key="lost", data=person()))
    assert isinstance(error, Transient) and error.landed is None
    assert len(desk.scan()[0]) == 1


def test_a_record_that_was_made_but_cannot_be_read_again_is_in_doubt(contacts: Desk) -> None:
    contacts.connector.schema("Contact")
    control_of(contacts).fault("429", times=10, path="composite/sobjects/Contact", method="POST")
    error = contacts.error(Write(op=Op.CREATE, key="new", data=person()))
    assert isinstance(error, Transient) and error.landed is None
    control_of(contacts).calm()
    found = contacts.create(person(), key="new")
    assert list(contacts.scan()[0]) == [found.id]


@pytest.mark.parametrize("name", ["O'Hara", "Back\\slash", "x' OR Name != '", "two\nlines", 'a"b', "50%_"])
def test_texts_stay_inside_of_their_quotes(server: Any, contacts: Desk, name: str) -> None:
    made = contacts.create(person(Title=name))
    contacts.create(person(2, Title="Other"), key="other")
    client = Client(server.url, Bearer(server.token))
    (rows,) = pages(client, f"SELECT Id FROM Contact WHERE Title = {quoted(name)}")
    assert [row["Id"] for row in rows] == [made.id]


@pytest.mark.parametrize(
    ("status", "code", "message", "error", "seconds"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Transient, 3600),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded", Transient, 5),
        (400, "UNABLE_TO_LOCK_ROW", "m", Transient, 5),
        (403, "API_DISABLED_FOR_ORG", "m", Refused, None),
        (404, "NOT_FOUND", "m", Missing, None),
        (400, "ENTITY_IS_DELETED", "m", Missing, None),
        (400, "STRING_TOO_LONG", "m", Invalid, None),
    ],
)
def test_refusals(status: int, code: str, message: str, error: type[Exception], seconds: int | None) -> None:
    request = httpx.Request("GET", "http://127.0.0.1/services")
    body = [{"message": message, "errorCode": code}]
    found = classify(httpx.Response(status, json=body, request=request))
    assert type(found) is error and code in str(found)
    if isinstance(found, Transient):
        assert found.wait and found.wait.total_seconds() == seconds and found.landed is False
