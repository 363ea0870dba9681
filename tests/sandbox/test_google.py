"""The Google stand-in, driven by Google's own client: events, refusals, sign-in, batches, push."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.google_calendar.parameters import ACCEPTED

DAY = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-03"}}


def test_every_method_and_parameter_is_in_googles_discovery_document():
    import googleapiclient

    folder = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    known = json.loads((folder / "calendar.v3.json").read_text(encoding="utf-8"))
    for name, accepted in ACCEPTED.items():
        resource, _, method = name.partition(".")
        described = known["resources"][resource]["methods"][method]
        assert accepted <= set(described.get("parameters", {})), name


def test_unknown_parameters_are_refused(google):
    reply = google.http.get(f"/calendar/v3/calendars/{google.calendar}/events", params={"maxResult": 5})
    assert reply.status_code == 400
    assert reply.json()["error"]["errors"][0]["location"] == "maxResult"


@pytest.mark.parametrize(
    "query",
    [{"timeZone": "Mars/Base"}, {"maxResults": "0"}, {"singleEvents": "yes"}, {"eventTypes": "x", "orderBy": "x"}],
)
def test_bad_parameter_values_are_refused(google, query):
    assert google.http.get(f"/calendar/v3/calendars/{google.calendar}/events", params=query).status_code == 400


def test_an_event_comes_back_as_google_spells_it(google):
    made = google.insert(
        id="abcde12345",
        transparency="opaque",
        start={"dateTime": "2026-11-02T09:00:00", "timeZone": "America/New_York"},
        end={"dateTime": "2026-11-02T10:00:00.250", "timeZone": "America/New_York"},
    )
    assert made["start"] == {"dateTime": "2026-11-02T15:00:00+01:00", "timeZone": "America/New_York"}
    assert made["end"]["dateTime"] == "2026-11-02T16:00:00+01:00"
    assert made["iCalUID"] == "abcde12345@google.com"
    assert made["status"] == "confirmed"
    assert "transparency" not in made
    assert made["reminders"] == {"useDefault": True}
    assert made["organizer"]["self"] is True
    seen = google.api.events().get(calendarId=google.calendar, eventId="abcde12345", timeZone="UTC").execute()
    assert seen["start"]["dateTime"] == "2026-11-02T14:00:00Z"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": "UPPER1"}, "invalid"),
        ({"id": "wxyz1"}, "invalid"),
        ({"id": "abc"}, "invalid"),
        ({"id": "abcde", "iCalUID": "x@y"}, "invalid"),
        ({"end": None}, "required"),
        ({"end": {"date": "2026-11-03"}}, "invalid"),
        ({"end": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"}}, "timeRangeEmpty"),
        ({"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-02"}}, "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-11-02T09:00:00"}}, "required"),
        ({"start": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Mars/Base"}}, "invalid"),
        ({"recurrence": ["DTSTART:20261102T090000"]}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=HOURLY"]}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=DAILY;UNTIL=20261105"]}, "invalid"),
        (DAY | {"recurrence": ["RRULE:FREQ=DAILY;UNTIL=20261105T000000Z"]}, "invalid"),
        ({"attendees": [{"displayName": "Nobody"}]}, "required"),
        ({"attendees": [5]}, "required"),
        ({"attendees": [{"email": 5}]}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=DAILY;INTERVAL=0"]}, "invalid"),
        ({"extendedProperties": {"private": 5}}, "invalid"),
        ({"iCalUID": 5}, "invalid"),
        ({"colorId": "12"}, "invalid"),
        ({"visibility": "secret"}, "invalid"),
        ({"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 5}]}}, "cannotUse"),
        ({"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 40321}]}}, "invalid"),
    ],
)
def test_refused_bodies(google, fields, reason):
    status, given = google.refusal(lambda: google.insert(**fields))
    assert status == 400
    assert given.startswith(reason)


def test_a_timed_series_needs_a_zone(google):
    bare = {"start": {"dateTime": "2026-11-02T09:00:00+01:00"}, "end": {"dateTime": "2026-11-02T10:00:00+01:00"}}
    assert google.insert(**bare)["start"]["timeZone"] == "Europe/Berlin"
    refused = google.refusal(lambda: google.insert(**bare, recurrence=["RRULE:FREQ=DAILY"]))
    assert refused == (400, "required")


def test_an_id_is_taken_forever(google):
    google.insert(id="taken0")
    assert google.refusal(lambda: google.insert(id="taken0")) == (409, "duplicate")
    assert google.delete("taken0") == ""
    assert google.refusal(lambda: google.insert(id="taken0")) == (409, "duplicate")
    assert google.get("taken0")["status"] == "cancelled"
    assert google.refusal(lambda: google.delete("taken0")) == (410, "deleted")
    google.patch("taken0", status="confirmed")
    assert [event["id"] for event in google.items()] == ["taken0"]


def test_patch_merges_and_update_replaces(google):
    properties = {"private": {"one": "1", "two": "2"}}
    made = google.insert(location="Room", description="Agenda", extendedProperties=properties)
    attendees = [{"email": "Mira@Example.com"}, {"email": "jon@example.com", "optional": True}]
    merged = google.patch(made["id"], location=None, extendedProperties={"private": {"one": None}}, attendees=attendees)
    assert "location" not in merged
    assert merged["extendedProperties"] == {"private": {"two": "2"}}
    assert [each["email"] for each in merged["attendees"]] == ["mira@example.com", "jon@example.com"]
    assert google.patch(made["id"], attendees=attendees[:1])["attendees"][0]["responseStatus"] == "needsAction"
    assert google.refusal(lambda: google.patch(made["id"], start={"date": "2026-11-02"})) == (400, "invalid")
    body = {"summary": "New", "start": merged["start"], "end": merged["end"]}
    replaced = google.api.events().update(calendarId=google.calendar, eventId=made["id"], body=body).execute()
    assert {"description", "extendedProperties", "attendees"}.isdisjoint(replaced)
    assert (replaced["id"], replaced["iCalUID"], replaced["created"]) == (made["id"], made["iCalUID"], made["created"])


def test_silent_changes_of_what_was_sent(google):
    block = "-::~:~::~:~:~::~:~::-\nJoin: https://meet.example\n-::~:~::~:~:~::~:~::-"
    private = {"k" * 45: "lost", "long": "v" * 2000} | {f"p{number}": "x" for number in range(400)}
    made = google.insert(description=f"<b>Agenda</b>\n{block}", extendedProperties={"private": private})
    assert made["description"] == "<b>Agenda</b>"
    kept = made["extendedProperties"]["private"]
    assert "k" * 45 not in kept
    assert len(kept["long"]) == 1024
    assert len(kept) == 300


def test_etags_guard_writes(google):
    made = google.insert()
    changed = google.patch(made["id"], summary="Other")
    assert changed["etag"] != made["etag"]
    request = google.api.events().patch(calendarId=google.calendar, eventId=made["id"], body={"summary": "Third"})
    request.headers["If-Match"] = made["etag"]
    assert google.refusal(request.execute) == (412, "conditionNotMet")
    request = google.api.events().patch(calendarId=google.calendar, eventId=made["id"], body={"summary": "Third"})
    request.headers["If-Match"] = changed["etag"]
    assert request.execute()["summary"] == "Third"
    path = f"/calendar/v3/calendars/{google.calendar}/events/{made['id']}"
    etag = google.get(made["id"])["etag"]
    assert google.http.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_updated_only_rises_and_reminders_do_not_move_it(google):
    google.http.post("/_control/now", json={"now": "2030-01-01T00:00:00Z"})
    stamps = [google.insert(summary=str(number))["updated"] for number in range(3)]
    assert stamps == sorted(set(stamps))
    before = google.insert()
    quiet = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}
    after = google.patch(before["id"], reminders=quiet)
    assert after["updated"] == before["updated"]
    assert after["etag"] != before["etag"]
    assert google.patch(before["id"], summary="New")["updated"] > before["updated"]


def test_imported_copies_belong_to_their_organizer(google):
    body = {"iCalUID": "their@example.org", "organizer": {"email": "boss@example.org"}, "summary": "Theirs"}
    guests = [{"email": "sam@example.com"}, {"email": "mira@example.com"}]
    imported = google.api.events().import_(calendarId=google.calendar, body=body | DAY | {"attendees": guests})
    event_id = imported.execute()["id"]
    assert google.refusal(lambda: google.patch(event_id, summary="Mine")) == (403, "forbiddenForNonOrganizer")
    assert google.patch(event_id, colorId="3", transparency="transparent")["colorId"] == "3"
    answer = [guests[0] | {"responseStatus": "accepted"}, guests[1]]
    assert google.patch(event_id, attendees=answer)["attendees"][0]["responseStatus"] == "accepted"
    other = [guests[0], guests[1] | {"responseStatus": "accepted"}]
    assert google.refusal(lambda: google.patch(event_id, attendees=other)) == (403, "forbiddenForNonOrganizer")
    again = google.api.events().import_(calendarId=google.calendar, body=body | DAY).execute()
    assert again["id"] == event_id
    assert google.log()["mail"] == 2  # the last two writes of the guest list did not say sendUpdates=none


def test_mail_is_counted_unless_it_is_switched_off(google):
    guests = [{"email": "mira@example.com"}, {"email": "jon@example.com"}, {"email": "sam@example.com"}]
    made = google.insert(attendees=guests)
    assert google.log()["mail"] == 0
    google.patch(made["id"], summary="Other")
    assert google.log()["mail"] == 2
    google.api.events().delete(calendarId=google.calendar, eventId=made["id"], sendUpdates="none").execute()
    assert google.log()["mail"] == 2


def test_guests_are_cut_on_request(google):
    made = google.insert(attendees=[{"email": f"p{number}@example.com"} for number in range(5)])
    cut = google.api.events().get(calendarId=google.calendar, eventId=made["id"], maxAttendees=2).execute()
    assert len(cut["attendees"]) == 2
    assert cut["attendeesOmitted"] is True


def test_conference_data_needs_to_be_announced(google):
    data = {"createRequest": {"requestId": "r1"}}
    assert "conferenceData" not in google.insert(conferenceData=data)
    announced = google.api.events().insert(
        calendarId=google.calendar, body=DAY | {"conferenceData": data}, conferenceDataVersion=1
    )
    assert announced.execute()["conferenceData"] == data


def test_move_to_another_calendar(google):
    other = google.api.calendars().insert(body={"summary": "Other", "timeZone": "UTC"}).execute()
    made = google.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    google.delete(f"{made['id']}_20261103T080000Z")
    move = google.api.events().move(calendarId=google.calendar, eventId=made["id"], destination=other["id"])
    assert move.execute()["organizer"]["email"] == other["id"]
    assert google.items() == []
    there = google.api.events().list(calendarId=other["id"]).execute()["items"]
    assert [event["status"] for event in there] == ["confirmed", "cancelled"]


def test_calendars(google):
    listed = google.api.calendarList().list().execute()["items"]
    primary = next(entry for entry in listed if entry.get("primary"))
    assert primary["accessRole"] == "owner"
    assert google.api.calendars().get(calendarId="primary").execute()["id"] == primary["id"]
    assert google.refusal(google.api.calendars().get(calendarId="nope").execute) == (404, "notFound")
    first = google.api.calendarList().list(maxResults=1)
    assert google.api.calendarList().list_next(first, first.execute()).execute()["items"][0]["id"] != primary["id"]
