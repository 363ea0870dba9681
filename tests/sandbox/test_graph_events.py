"""The Outlook stand-in: single events, and what Exchange silently makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.graph import STAMP, Graph, at, meeting, place, signed_in


@pytest.fixture(scope="module")
def server() -> Iterator[Graph]:
    with signed_in() as graph:
        yield graph


@pytest.fixture
def graph(server: Graph) -> Graph:
    server.mail()
    return server


def expanded(*ids: str) -> str:
    wanted = " or ".join(f"id eq '{each}'" for each in ids)
    return f"?$expand=singleValueExtendedProperties($filter={wanted})"


def test_times_come_back_in_utc_and_the_entered_zone_stands_beside_them(graph: Graph) -> None:
    event = graph.create()
    assert event["start"] == {"dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"
    assert event["type"] == "singleInstance"


def test_times_come_back_in_the_preferred_zone_by_either_name(graph: Graph) -> None:
    event = graph.create()
    for zone in ("Europe/Berlin", "W. Europe Standard Time"):
        seen = graph.get(event, headers={"Prefer": f'outlook.timezone="{zone}", IdType="ImmutableId"'})
        assert seen["start"] == {"dateTime": "2026-11-02T09:00:00.0000000", "timeZone": zone}


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "tzone://Microsoft/Custom"])
def test_unknown_zones_are_refused(graph: Graph, zone: str) -> None:
    body = meeting(start=at("2026-11-02T09:00:00", zone))
    assert graph.refused("POST", "/me/events", 400, json=body) == "TimeZoneNotSupportedException"


def test_an_unknown_preferred_zone_is_refused(graph: Graph) -> None:
    code = graph.refused("GET", "/me/events", 400, headers={"Prefer": 'outlook.timezone="Mars"'})
    assert code == "TimeZoneNotSupportedException"


def test_text_becomes_html_in_a_skeleton(graph: Graph) -> None:
    event = graph.create(body={"contentType": "text", "content": "Tea & cake\nat <noon>"})
    html = event["body"]["content"]
    assert event["body"]["contentType"] == "html"
    assert html.startswith("<html>\r\n<head>\r\n<meta")
    assert "Tea &amp; cake<br>\r\nat &lt;noon&gt;" in html
    assert "\n" not in html.replace("\r\n", "")
    assert event["bodyPreview"] == "Tea & cake\r\nat <noon>"
    text = graph.get(event, headers={"Prefer": 'outlook.body-content-type="text"'})["body"]
    assert text == {"contentType": "text", "content": "Tea & cake\r\nat <noon>"}


def test_an_html_fragment_is_wrapped_and_loses_its_scripts(graph: Graph) -> None:
    body = {"contentType": "html", "content": "<p>Hi</p>\n<script>alert(1)</script>"}
    html = graph.create(body=body)["body"]["content"]
    assert "<body>\r\n<p>Hi</p>\r\n</body>" in html
    assert "script" not in html


def test_what_was_wrapped_once_stays_as_it_is(graph: Graph) -> None:
    event = graph.create(body={"contentType": "html", "content": "<p>Hi</p>"})
    assert graph.patch(event, body=event["body"])["body"] == event["body"]


def test_an_all_day_event_needs_midnights_of_one_zone_and_a_whole_day(graph: Graph) -> None:
    day = {"start": at("2026-11-02T00:00:00"), "end": at("2026-11-03T00:00:00"), "isAllDay": True}
    seen = graph.create(**day)
    assert (seen["start"]["dateTime"], seen["end"]["dateTime"]) == (
        "2026-11-02T00:00:00.0000000",
        "2026-11-03T00:00:00.0000000",
    )
    for wrong in (
        {"start": at("2026-11-02T09:00:00")},
        {"end": at("2026-11-03T00:00:00", "Asia/Tokyo")},
        {"end": at("2026-11-02T00:00:00")},
    ):
        graph.call("POST", "/me/events", 400, json=meeting(**{**day, **wrong}))


def test_all_day_dates_stay_the_same_in_every_preferred_zone(graph: Graph) -> None:
    event = graph.create(start=at("2026-11-02T00:00:00"), end=at("2026-11-03T00:00:00"), isAllDay=True)
    seen = graph.get(event, headers={"Prefer": 'outlook.timezone="Pacific Standard Time"'})
    assert seen["start"] == {"dateTime": "2026-11-02T00:00:00.0000000", "timeZone": "Pacific Standard Time"}


def test_patching_is_all_day_needs_both_times_in_the_same_request(graph: Graph) -> None:
    event = graph.create()
    graph.patch(event, 400, isAllDay=True)
    day = {"start": at("2026-11-02T00:00:00"), "end": at("2026-11-03T00:00:00")}
    assert graph.patch(event, isAllDay=True, **day)["isAllDay"] is True


def test_no_length_is_fine_but_a_negative_one_is_not(graph: Graph) -> None:
    same = at("2026-11-02T09:00:00")
    assert graph.create(start=same, end=same)["end"] == {"dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC"}
    body = meeting(end=at("2026-11-02T08:59:00"))
    assert graph.refused("POST", "/me/events", 400, json=body) == "ErrorCalendarEndDateIsEarlierThanStartDate"


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "x" * 256},
        {"showAs": "asleep"},
        {"sensitivity": "public"},
        {"start": at("2026-11-02T09:00:00+01:00")},
        {"start": at("2026-13-02T09:00:00")},
        {"start": None},
        {"colour": "red"},
        {"attendees": [{"emailAddress": {"address": "nobody"}}]},
        {"singleValueExtendedProperties": [{"id": "syncline", "value": "1"}]},
        {"reminderMinutesBeforeStart": -1},
    ],
)
def test_wrong_values_are_refused_and_leave_nothing_behind(graph: Graph, wrong: dict[str, Any]) -> None:
    before = graph.call("GET", "/me/events?$count=true")["@odata.count"]
    graph.call("POST", "/me/events", 400, json=meeting(**wrong))
    assert graph.call("GET", "/me/events?$count=true")["@odata.count"] == before


def test_errors_have_the_shape_of_the_api(graph: Graph) -> None:
    reply = graph.http.post("/v1.0/me/events", content=b"{", headers={"Content-Type": "application/json"})
    error = reply.json()["error"]
    assert reply.status_code == 400
    assert error.keys() == {"code", "message", "innerError"}
    assert error["innerError"]["request-id"] == reply.headers["request-id"]


def test_a_reminder_is_added_unless_it_is_switched_off(graph: Graph) -> None:
    given, refused = graph.create(), graph.create(isReminderOn=False)
    assert (given["isReminderOn"], given["reminderMinutesBeforeStart"]) == (True, 15)
    assert refused["isReminderOn"] is False


def test_categories_and_places_are_kept_and_replaced_whole(graph: Graph) -> None:
    event = graph.create(categories=["Blue", "Nobody's list"], location={"displayName": "Room 1"})
    assert event["categories"] == ["Blue", "Nobody's list"]
    assert event["locations"][0]["uniqueId"] == event["location"]["uniqueId"] == "Room 1"
    changed = graph.patch(event, categories=["Red"], locations=[{"displayName": "A"}, {"displayName": "B"}])
    assert changed["categories"] == ["Red"]
    assert changed["location"]["displayName"] == "A"
    assert graph.patch(event, location={"displayName": ""})["locations"] == []


def test_the_directory_respells_colleagues_and_the_owner_is_the_organizer(graph: Graph) -> None:
    people = [
        {"emailAddress": {"address": "anna.berg@northwind.example", "name": "Anna!"}, "type": "optional"},
        {"emailAddress": {"address": "Else@Where.example"}, "status": {"response": "accepted"}},
    ]
    event = graph.create(attendees=people, organizer={"emailAddress": {"address": "me@where.example"}})
    anna, other = event["attendees"]
    assert anna["emailAddress"] == {"name": "Anna Berg", "address": "Anna.Berg@northwind.example"}
    assert other["emailAddress"] == {"name": "Else@Where.example", "address": "Else@Where.example"}
    assert other["status"]["response"] == "none"
    assert event["organizer"]["emailAddress"]["address"] == "Robin.Keller@northwind.example"
    assert event["isOrganizer"] is True


def test_every_write_on_a_meeting_with_others_sends_mail(graph: Graph) -> None:
    people = [{"emailAddress": {"address": f"{name}@where.example"}} for name in ("a", "b")]
    people.append({"emailAddress": {"address": "robin.keller@northwind.example"}})
    event = graph.create(attendees=people)
    assert graph.mail() == 2
    graph.patch(event, categories=["Red"])
    assert graph.mail() == 2
    graph.patch(event, attendees=people[1:])
    assert graph.mail() == 1, "only who left is told"
    graph.delete(event)
    assert graph.mail() == 1


def test_nobody_is_written_to_about_a_meeting_without_others(graph: Graph) -> None:
    graph.delete(graph.patch(graph.create(), subject="Other"))
    assert graph.mail() == 0


def test_a_transaction_id_creates_once_even_after_the_event_is_gone(graph: Graph) -> None:
    event = graph.create(transactionId="t-1")
    assert event["transactionId"] == "t-1"
    assert "transactionId" not in graph.create()
    again = {"json": meeting(transactionId="t-1")}
    assert graph.refused("POST", "/me/events", 409, **again) == "ErrorDuplicateTransactionId"
    graph.delete(event)
    assert graph.refused("POST", "/me/events", 409, **again) == "ErrorDuplicateTransactionId"


def test_a_stale_version_is_refused_and_a_fresh_one_is_not(graph: Graph) -> None:
    event = graph.create()
    etag = event["@odata.etag"]
    assert etag == f'W/"{event["changeKey"]}"'
    changed = graph.patch(event, headers={"If-Match": etag}, subject="New")
    assert changed["@odata.etag"] != etag
    error = graph.patch(event, 412, headers={"If-Match": etag}, subject="Newer")["error"]
    assert error["code"] == "ErrorIrresolvableConflict"
    graph.call("DELETE", place(event), 412, headers={"If-Match": etag})
    graph.call("DELETE", place(event), 204, headers={"If-Match": changed["@odata.etag"]})


def test_deleting_twice_and_unknown_ids(graph: Graph) -> None:
    event = graph.create()
    graph.delete(event)
    assert graph.delete(event, 404)["error"]["code"] == "ErrorItemNotFound"
    assert graph.refused("GET", "/me/events/nonsense", 400) == "ErrorInvalidIdMalformed"


def test_ids_have_two_forms_that_both_work_and_need_encoding(graph: Graph) -> None:
    event = graph.create()
    immutable = graph.get(event, headers={"Prefer": 'IdType="ImmutableId"'})["id"]
    assert immutable != event["id"]
    assert immutable.endswith("=")
    assert graph.get(immutable)["id"] == event["id"]
    swapped = event["id"][:-6] + event["id"][-6:].swapcase()
    assert graph.call("GET", place(swapped), 404)["error"]["code"] == "ErrorItemNotFound"


def test_extended_properties_are_shown_only_when_asked_for_and_can_be_searched(graph: Graph) -> None:
    other = STAMP.replace("syncline", "people")
    event = graph.create(singleValueExtendedProperties=[{"id": STAMP, "value": "it's k1"}, {"id": other, "value": "p"}])
    assert "singleValueExtendedProperties" not in event
    assert "singleValueExtendedProperties" not in graph.get(event)
    (one,) = graph.get(event, expanded(STAMP.upper().replace("STRING", "String")))["singleValueExtendedProperties"]
    assert one == {"id": STAMP, "value": "it's k1"}
    assert len(graph.get(event, expanded(STAMP, other))["singleValueExtendedProperties"]) == 2
    found = f"singleValueExtendedProperties/any(ep: ep/id eq '{STAMP}' and ep/value eq 'it''s k1')"
    assert [each["id"] for each in graph.call("GET", f"/me/events?$filter={found}")["value"]] == [event["id"]]
    graph.patch(event, singleValueExtendedProperties=[{"id": STAMP, "value": None}])
    assert graph.call("GET", f"/me/events?$filter={found}")["value"] == []


def test_stamping_makes_a_new_version(graph: Graph) -> None:
    event = graph.create()
    stamped = graph.patch(event, singleValueExtendedProperties=[{"id": STAMP, "value": "k"}])
    assert stamped["@odata.etag"] != event["@odata.etag"]
    assert stamped["lastModifiedDateTime"] > event["lastModifiedDateTime"]


def test_select_gives_what_was_asked_for_and_the_identity(graph: Graph) -> None:
    event = graph.create()
    assert graph.get(event, "?$select=subject").keys() == {"@odata.context", "@odata.etag", "id", "subject"}


@pytest.mark.parametrize("query", ["$filter=contains(subject,'x')", "$expand=attachments", "$top=0", "$orderby=body"])
def test_options_that_are_not_granted_are_refused(graph: Graph, query: str) -> None:
    graph.call("GET", f"/me/events?{query}", 400)


def test_an_invitation_can_be_answered_and_a_meeting_of_ones_own_cancelled(graph: Graph) -> None:
    graph.control("POST", "seed", calendar="Invited", ics=INVITATION)
    theirs = [each for each in calendar_events(graph, "Invited") if not each["isOrganizer"]]
    own = graph.create(attendees=[{"emailAddress": {"address": "a@where.example"}}])
    graph.mail()
    graph.call("POST", place(own) + "/accept", 400, json={})
    graph.call("POST", place(theirs[0]) + "/cancel", 400, json={})
    graph.call("POST", place(theirs[0]) + "/tentativelyAccept", 202, json={"sendResponse": False})
    assert graph.mail() == 0
    assert graph.get(theirs[0])["responseStatus"]["response"] == "tentativelyAccepted"
    graph.call("POST", place(theirs[0]) + "/microsoft.graph.decline", 202, json={"comment": "no"})
    graph.get(theirs[0], status=404)
    graph.call("POST", place(own) + "/cancel", 202, json={"Comment": "off"})
    assert graph.mail() == 2
    graph.get(own, status=404)


def calendar_events(graph: Graph, name: str) -> list[Any]:
    (found,) = [each for each in graph.call("GET", "/me/calendars")["value"] if each["name"] == name]
    return list(graph.call("GET", f"/me/calendars/{found['id'].replace('/', '%2F')}/events")["value"])


INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//own//example//EN
BEGIN:VEVENT
UID:invited@where.example
DTSTAMP:20261101T000000Z
DTSTART:20261102T080000Z
DTEND:20261102T090000Z
SUMMARY:Their meeting
ORGANIZER:mailto:them@where.example
ATTENDEE;CN=Robin:mailto:robin.keller@northwind.example
END:VEVENT
END:VCALENDAR
"""


def test_lists_are_paged_by_skip(graph: Graph) -> None:
    graph.control("POST", "fill", calendar="Paged", count=25)
    (found,) = [each for each in graph.call("GET", "/me/calendars")["value"] if each["name"] == "Paged"]
    page = graph.call("GET", f"/me/calendars/{found['id'].replace('/', '%2F')}/events?$select=subject&$orderby=subject")
    seen = [each["subject"] for each in page["value"]]
    assert len(seen) == 10
    while "@odata.nextLink" in page:
        page = graph.call("GET", page["@odata.nextLink"])
        seen += [each["subject"] for each in page["value"]]
    assert seen == sorted(f"Meeting {number}" for number in range(25))


def test_events_can_be_filtered_by_their_last_change(graph: Graph) -> None:
    graph.create()
    event = graph.create(subject="late")
    since = event["lastModifiedDateTime"]
    late = graph.call("GET", f"/me/events?$filter=lastModifiedDateTime ge {since} and subject eq 'late'")["value"]
    assert [each["id"] for each in late] == [event["id"]]
