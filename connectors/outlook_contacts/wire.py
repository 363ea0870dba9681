"""Graph's contact JSON on one hand, a record's native fields on the other; nothing here sends anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from connectors.graph_items import Kind
from connectors.graph_property import EXPAND, KEY, NOTES, look, property_json, property_of
from connectors.outlook_contacts.lists import ALL, Contact, Notes, notes_of
from connectors.outlook_contacts.schema import FIELDS, LISTS, TEXTS
from engine.contract import Invalid, Json, Record

SELECT = (
    f"id,createdDateTime,lastModifiedDateTime,parentFolderId,birthday,{','.join((*TEXTS, *LISTS))},emailAddresses,"
    "businessPhones,homePhones,mobilePhone,businessAddress,homeAddress,otherAddress"
)
NAME_PARTS = {"title", "givenName", "middleName", "surname", "generation"}
NO_YEAR = 1604
"""How phones and Exchange spell a birthday without a year: a leap year that nobody alive was born in."""
EAST = timedelta(hours=11)


def record_of(contact: Contact) -> Record:
    """The record."""
    return Record(
        id=str(contact["id"]),
        version=str(contact["@odata.etag"]),
        data=_fields(contact),
        changed_at=_stamp(contact.get("lastModifiedDateTime")),
        created_at=_stamp(contact.get("createdDateTime")),
        stamp=property_of(contact, KEY),
    )


def created(key: str, data: Json) -> dict[str, Any]:
    """The body of a create."""
    body, notes = _body({}, data, {})
    properties = [property_json(KEY, key), *([property_json(NOTES, _dumped(notes))] if notes else [])]
    return {**body, "singleValueExtendedProperties": properties}


def changed(contact: Contact, data: Json) -> dict[str, Any]:
    """The body of a change. A new part of the name would overwrite the display name, unless that is sent along."""
    now, before = _fields(contact), notes_of(contact)
    fresh = {name: value for name, value in data.items() if not _same(name, value, now[name])}
    body, notes = _body(contact, fresh, before)
    if NAME_PARTS & set(body):
        body.setdefault("displayName", contact.get("displayName"))
    if notes != before:
        body["singleValueExtendedProperties"] = [property_json(NOTES, _dumped(notes))]
    return body


def joined(answer: Contact, sent: Contact, before: Contact) -> Contact:
    """What is kept on a contact is not in the answer to a write."""
    kept = {
        str(each["id"]).lower(): each
        for contact in (before, sent)
        for each in contact.get("singleValueExtendedProperties") or ()
    }
    return {**answer, "singleValueExtendedProperties": list(kept.values())}


def _fields(contact: Contact) -> dict[str, Any]:
    """All native fields; empty texts are None."""
    notes = notes_of(contact)
    return {
        **{name: _text(contact.get(name)) for name in TEXTS},
        **{name: list(contact.get(name) or ()) for name in LISTS},
        **{name: lists.read(contact, notes) for name, lists in ALL.items()},
        "birthday": _birthday(contact.get("birthday")),
    }


def _body(contact: Contact, data: Json, notes: Notes) -> tuple[dict[str, Any], Notes]:
    """Graph's properties for these fields, and all our notes then."""
    body: dict[str, Any] = {}
    notes = dict(notes)
    for name, value in data.items():
        if name in ALL:
            graphs, notes[name] = ALL[name].write(contact, value or ())
            body |= graphs
        elif name == "birthday":
            body[name] = _noon(value)
        else:
            body[name] = list(value or ()) if name in LISTS else value
    return body, {name: found for name, found in notes.items() if found}


def _same(name: str, one: Any, other: Any) -> bool:
    if name == "birthday":
        return _noon(one) == _noon(other)
    if name in ALL:  # a member without a value says no more than one that is missing
        one = [{member: value for member, value in entry.items() if value is not None} for entry in one or ()]
    return bool(one == other) or (not one and not other)


def _dumped(notes: Notes) -> str:
    return json.dumps(notes, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str | None:
    return str(value).replace("\r\n", "\n") if value else None


def _birthday(text: Any) -> str | None:
    """The day of a time in UTC. Clients write noon, or the midnight of where they are, up to 11 hours east of UTC."""
    if not text:
        return None
    day = (datetime.fromisoformat(f"{str(text)[:19]}+00:00") + EAST).date()
    return f"--{day:%m%d}" if day.year == NO_YEAR else day.isoformat()


def _noon(text: Any) -> str | None:
    """A day (1815-12-10, 18151210, --1210, --12-10) as Outlook itself writes birthdays. Raises Invalid."""
    if not text:
        return None
    whole = str(text).replace("--", f"{NO_YEAR:04}", 1).replace("-", "")
    try:
        return f"{date.fromisoformat(whole).isoformat()}T11:59:00Z"
    except ValueError as error:
        raise Invalid(f"{text!r} is not a day of birth.", field="birthday") from error


def _stamp(text: Any) -> datetime | None:
    """Times in UTC with seven decimals, as Graph writes them."""
    return datetime.fromisoformat(f"{str(text)[:19]}+00:00") if text else None


def properties() -> Mapping[str, str]:
    """Graph's property -> our field, for refusals."""
    phones = dict.fromkeys(("businessPhones", "homePhones", "mobilePhone"), "phones")
    return {
        **{name: name for name in FIELDS},
        **phones,
        **dict.fromkeys(("businessAddress", "homeAddress", "otherAddress"), "addresses"),
    }


CONTACT = Kind(
    title="contact",
    fields=FIELDS,
    page=500,
    query={"$select": SELECT, "$expand": EXPAND},
    delta={"$select": "id"},
    record=record_of,
    look=look,
    created=created,
    changed=changed,
    joined=joined,
)
