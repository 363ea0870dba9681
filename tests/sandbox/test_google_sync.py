"""Lists, searches and sync tokens of the Google stand-in."""

from __future__ import annotations

import pytest


def test_the_sync_token_comes_with_the_last_page_only(google):
    for number in range(5):
        google.insert(summary=str(number))
    request = google.api.events().list(calendarId=google.calendar, maxResults=2)
    pages = []
    while request is not None:
        pages.append(request.execute())
        request = google.api.events().list_next(request, pages[-1])
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert ["nextSyncToken" in page for page in pages] == [False, False, True]
    assert ["nextPageToken" in page for page in pages] == [True, True, False]


def test_changes_during_paging_come_with_the_next_token(google):
    made = [google.insert(summary=str(number)) for number in range(4)]
    first = google.list(maxResults=2)
    google.patch(made[0]["id"], summary="changed")
    last = google.list(maxResults=2, pageToken=first["nextPageToken"])
    assert [each["summary"] for each in google.items(syncToken=last["nextSyncToken"])] == ["changed"]


def test_incremental_lists_tell_each_changed_event_once(google):
    kept, edited, deleted = (google.insert(summary=name) for name in ("kept", "edited", "deleted"))
    token = google.token()
    assert google.items(syncToken=token) == []
    google.patch(edited["id"], summary="first")
    google.delete(deleted["id"])
    google.patch(edited["id"], summary="second")
    changes = google.list(syncToken=token)
    assert changes["items"][0] == {"id": deleted["id"], "status": "cancelled"}
    assert [each.get("summary") for each in changes["items"]] == [None, "second"]
    assert kept["id"] not in {each["id"] for each in changes["items"]}
    assert google.items(syncToken=changes["nextSyncToken"]) == []
    assert len(google.items(syncToken=token)) == 2  # a token can be used again


def test_incremental_lists_tell_exceptions_and_the_end_of_a_series(google):
    made = google.insert(recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    token = google.token()
    google.delete(f"{made['id']}_20261109T080000Z")
    changes = google.list(syncToken=token)
    assert [each["recurringEventId"] for each in changes["items"]] == [made["id"]]
    google.delete(made["id"])
    ended = google.items(syncToken=changes["nextSyncToken"])
    assert {each["status"] for each in ended} == {"cancelled"}
    assert made["id"] in {each["id"] for each in ended}


@pytest.mark.parametrize(
    "beside",
    [
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"q": "x"},
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-01-01T00:00:00Z"},
        {"showDeleted": False},
        {"singleEvents": True},
    ],
)
def test_what_may_not_stand_beside_a_sync_token(google, beside):
    token = google.token()
    assert google.refusal(lambda: google.list(syncToken=token, **beside)) == (400, "invalid")


def test_expired_and_unknown_sync_tokens(google):
    token = google.token()
    google.fault("expire_cursor")
    assert google.refusal(lambda: google.list(syncToken=token)) == (410, "fullSyncRequired")
    assert google.items(syncToken=token) == []
    assert google.refusal(lambda: google.list(syncToken="nonsense")) == (410, "fullSyncRequired")
    google.http.post("/_control/now", json={"advance": 31 * 86400})
    assert google.refusal(lambda: google.list(syncToken=token)) == (410, "fullSyncRequired")


def test_a_token_of_another_calendar_is_not_known(google):
    other = google.api.events().list(calendarId="primary").execute()["nextSyncToken"]
    assert google.refusal(lambda: google.list(syncToken=other)) == (410, "fullSyncRequired")


def test_searches_carry_no_sync_token(google):
    google.insert(summary="Needle", extendedProperties={"private": {"syncline": "k1"}})
    google.insert(summary="Hay", location="needle street")
    assert len(google.items(q="needle")) == 2
    found = google.list(privateExtendedProperty="syncline=k1")
    assert [each["summary"] for each in found["items"]] == ["Needle"]
    assert "nextSyncToken" not in found
    assert google.items(sharedExtendedProperty="syncline=k1") == []
    assert google.items(privateExtendedProperty=["syncline=k1", "other=1"]) == []


def test_page_tokens_belong_to_their_query(google):
    for number in range(3):
        google.insert(summary=str(number))
    token = google.list(maxResults=1)["nextPageToken"]
    assert google.refusal(lambda: google.list(maxResults=1, pageToken=token, q="1")) == (400, "invalid")
    assert google.refusal(lambda: google.list(pageToken="x.1")) == (400, "invalid")


def test_deleted_events_show_on_request(google):
    made = google.insert()
    google.delete(made["id"])
    assert google.items() == []
    assert google.items(showDeleted=True) == [{"id": made["id"], "status": "cancelled"}]


def test_a_time_window_is_half_open_and_finds_series(google):
    google.insert(summary="before")
    google.insert(summary="series", recurrence=["RRULE:FREQ=MONTHLY"])
    window = {"timeMin": "2026-12-02T09:00:00Z", "timeMax": "2027-01-02T08:00:00Z"}
    assert google.items(**window) == []
    window["timeMax"] = "2027-01-02T08:00:01Z"
    assert [each["summary"] for each in google.items(**window)] == ["series"]
    assert "nextSyncToken" in google.list(**window)
    assert google.refusal(lambda: google.list(timeMin="2026-12-02T09:00:00")) == (400, "badRequest")


def test_single_events_are_expanded_and_ordered(google):
    made = google.insert(summary="series", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    google.insert(
        summary="single",
        start={"dateTime": "2026-11-03T07:00:00", "timeZone": "Europe/Berlin"},
        end={"dateTime": "2026-11-03T08:00:00", "timeZone": "Europe/Berlin"},
    )
    google.delete(f"{made['id']}_20261104T080000Z")
    found = google.items(singleEvents=True, orderBy="startTime")
    assert [(each["summary"], each["start"]["dateTime"][8:13]) for each in found] == [
        ("series", "02T09"),
        ("single", "03T07"),
        ("series", "03T09"),
    ]
    assert len(google.items(singleEvents=True, showDeleted=True)) == 4
    assert google.refusal(lambda: google.list(orderBy="startTime")) == (400, "invalid")


def test_changed_series_come_expanded_where_the_list_was(google):
    made = google.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    token = google.list(singleEvents=True)["nextSyncToken"]
    google.patch(made["id"], summary="Renamed")
    assert [each["summary"] for each in google.items(singleEvents=True, syncToken=token)] == ["Renamed"] * 3


def test_updated_min_includes_deletions_and_expires(google):
    google.http.post("/_control/now", json={"now": "2030-06-01T00:00:00Z"})
    google.insert(summary="old")
    google.http.post("/_control/now", json={"advance": 3600})
    gone = google.insert(summary="gone")
    google.delete(gone["id"])
    assert google.items(updatedMin="2030-06-01T00:30:00Z") == [{"id": gone["id"], "status": "cancelled"}]
    refused = google.refusal(lambda: google.list(updatedMin="2030-04-01T00:00:00Z"))
    assert refused == (410, "updatedMinTooLongAgo")
    assert [each.get("summary") for each in google.items(orderBy="updated")] == ["old"]
