"""The shell around every stand-in: faults, counters, clock, state, seeding, the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import sandbox
from sandbox import start
from sandbox.serving import StateFile

LIST = "/calendar/v3/calendars/primary/events"
DAY = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-03"}}
DATA = Path(sandbox.__file__).parent / "data"


def test_a_dropped_answer_leaves_the_effect(google):
    google.fault("drop_after_commit", method="POST", path=google.calendar)
    path = f"/calendar/v3/calendars/{google.calendar}/events"
    with pytest.raises(httpx.RemoteProtocolError):
        google.http.post(path, json=DAY | {"id": "dropped"})
    assert google.http.post(path, json=DAY | {"id": "dropped"}).status_code == 409
    assert google.log()["writes"] == 1


def test_faults_are_spent_one_by_one_and_only_where_they_fit(google):
    google.fault("429", times=2, path="/events", method="GET", retry_after=3)
    assert google.http.get("/calendar/v3/users/me/calendarList").status_code == 200
    assert google.http.post(LIST, json=DAY).status_code == 200
    replies = [google.http.get(LIST) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [429, 429, 200]
    assert replies[0].headers["Retry-After"] == "3"


def test_faults_can_be_cleared_and_must_be_known(google):
    google.fault("503", times=100)
    assert google.http.get(LIST).status_code == 503
    google.http.delete("/_control/faults")
    assert google.http.get(LIST).status_code == 200
    reply = google.http.post("/_control/faults", json={"kind": "earthquake"})
    assert reply.status_code == 400
    assert "earthquake" in reply.json()["error"]


def test_a_slow_request_is_answered_after_all(google):
    google.fault("slow", seconds=0.01)
    assert google.http.get(LIST).status_code == 200


def test_a_rejected_token(google):
    google.fault("reject_token")
    assert [google.http.get(LIST).status_code for _ in range(2)] == [401, 200]
    nobody = {"Authorization": "Bearer nobody"}
    assert google.http.get(LIST, headers=nobody).status_code == 401
    assert httpx.get(google.server.url + LIST).status_code == 401


def test_the_log_counts_what_took_effect(google):
    path = f"/calendar/v3/calendars/{google.calendar}/events"
    google.http.post(path, json=DAY | {"id": "logged"})
    google.http.post(path, json=DAY | {"id": "logged"})
    google.http.get(f"{path}?q=x")
    counts = google.log()
    assert (counts["requests"], counts["writes"]) == (3, 1)
    assert [(each["method"], each["status"]) for each in counts["entries"]] == [
        ("POST", 200),
        ("POST", 409),
        ("GET", 200),
    ]
    assert (counts["entries"][2]["path"], counts["entries"][2]["query"]) == (path, "q=x")
    google.http.post("/_control/reset_log")
    assert google.log() == {"requests": 0, "writes": 0, "mail": 0, "written": {}, "entries": []}


def test_unknown_paths_are_refused_in_the_apps_words(google):
    reply = google.http.get("/calendar/v3/nothing")
    assert (reply.status_code, reply.json()["error"]["errors"][0]["reason"]) == (404, "notFound")
    assert google.http.put("/calendar/v3/users/me/calendarList").status_code == 405


def test_the_clock_can_be_set(google):
    google.http.post("/_control/now", json={"now": "2026-11-02T09:00:00+01:00"})
    assert google.http.get("/_control/now").json() == {"now": "2026-11-02T08:00:00+00:00"}
    google.http.post("/_control/now", json={"advance": 60})
    assert google.http.get("/_control/now").json() == {"now": "2026-11-02T08:01:00+00:00"}
    assert google.http.post("/_control/now", json={"now": "2026-11-02T09:00:00"}).status_code == 400


def test_state_outlives_the_server(tmp_path):
    file = StateFile(tmp_path / "state.json")
    with start("google_calendar", state=file) as server, client(server) as http:
        made = http.post(LIST, json=DAY | {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}).json()
        http.delete(f"{LIST}/{made['id']}_20261103")
        token = http.get(LIST).json()["nextSyncToken"]
        http.patch(f"{LIST}/{made['id']}", json={"summary": "Renamed"})
        assert http.post("/_control/save").json() == {"ok": True}
        saved = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
        assert set(saved) == {"google_calendar"}
    with start("google_calendar", state=file) as server, client(server) as http:
        assert [each["status"] for each in http.get(LIST).json()["items"]] == ["confirmed", "cancelled"]
        changed = http.get(LIST, params={"syncToken": token}).json()["items"]
        assert [each["summary"] for each in changed] == ["Renamed"]


def client(server: Any) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})


def test_the_demo_calendar_of_google(google):
    text = (DATA / "google_calendar.ics").read_text(encoding="utf-8")
    assert google.http.post("/_control/seed", json={"calendar": google.calendar, "ics": text}).json() == {"ok": True}
    events = google.items(maxResults=2500)
    series = [event for event in events if "recurringEventId" not in event]
    exceptions = [event for event in events if "recurringEventId" in event]
    assert len(series) == 24
    assert sorted(event["status"] for event in exceptions) == ["cancelled", "cancelled", "confirmed", "confirmed"]
    by_title = {event["summary"]: event for event in series}
    assert by_title["Call with New York"]["start"]["timeZone"] == "America/New_York"
    assert by_title["Trade fair in Hannover"]["end"] == {"date": "2026-11-19"}
    assert by_title["Sprint planning"]["attendees"][0]["displayName"] == "Mira Okafor"
    assert google.log()["mail"] == 0


def test_the_two_demo_calendars_share_eight_meetings():
    from sandbox import ics

    found = []
    for app in ("google_calendar", "outlook_calendar"):
        groups = ics.groups((DATA / f"{app}.ics").read_text(encoding="utf-8"))
        found.append({(str(group.master["SUMMARY"]), group.master["DTSTART"].dt) for group in groups})
    assert [len(each) for each in found] == [24, 20]
    assert len(found[0] & found[1]) == 8


def test_events_without_uid_and_overrides_without_series_are_kept(google):
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "SUMMARY:No uid",
            "DTSTART;VALUE=DATE:20261102",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:orphan",
            "SUMMARY:Orphan",
            "RECURRENCE-ID:20261102T080000Z",
            "DTSTART:20261102T090000Z",
            "DURATION:PT90M",
            "ORGANIZER:mailto:boss@example.org",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    )
    for _ in range(2):  # the derived ids are the same the second time
        google.http.post("/_control/seed", json={"calendar": google.calendar, "ics": text})
    first, second = google.items()
    assert first["end"] == {"date": "2026-11-03"}
    assert second["end"]["dateTime"] == "2026-11-02T11:30:00+01:00"
    assert second["organizer"] == {"email": "boss@example.org"}


def test_unreadable_seeds_are_refused(google):
    reply = google.http.post("/_control/seed", json={"calendar": google.calendar, "ics": "BEGIN:NOTHING"})
    assert reply.status_code == 400


def test_fill_makes_the_same_events_each_time(google):
    google.http.post("/_control/fill", json={"calendar": google.calendar, "count": 3})
    assert [event["id"] for event in google.items()] == ["fill00000000", "fill00000001", "fill00000002"]


def test_unknown_stand_ins():
    with pytest.raises(KeyError), start("fax_machine"):
        pass


def test_the_command_serves_until_it_is_stopped(tmp_path):
    state = tmp_path / "state.json"
    command = [sys.executable, "-m", "sandbox", "google_calendar", "--seed", f"google_calendar={DATA}"]
    process = subprocess.Popen(
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True, cwd=DATA.parents[1]
    )
    try:
        ready = json.loads(process.stdout.readline())
        with httpx.Client(base_url=ready["url"], headers={"Authorization": f"Bearer {ready['token']}"}) as http:
            assert len(http.get(LIST).json()["items"]) == 28
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert (ready["app"], process.returncode) == ("google_calendar", 0)
    assert json.loads(state.read_text(encoding="utf-8"))["google_calendar"]
