"""The Outlook stand-in: sign-in, batches, subscriptions, throttling, seeding, state."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox import start
from sandbox.serving import StateFile
from tests.sandbox.graph import Graph, at, meeting, place, signed_in

TOKEN = "/common/oauth2/v2.0/token"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with signed_in() as graph:
        yield graph


def signed_form(graph: Graph, scope: str, verifier: str = "v" * 43) -> dict[str, str]:
    """The form that redeems a fresh code."""
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"client_id": "app", "redirect_uri": "http://127.0.0.1:1/back", "response_type": "code", "state": "s"}
    query |= {"scope": scope, "code_challenge": challenge, "code_challenge_method": "S256"}
    reply = graph.http.get("/common/oauth2/v2.0/authorize", params=query)
    assert reply.status_code == 302
    back = parse_qs(urlsplit(reply.headers["Location"]).query)
    assert back["state"] == ["s"]
    form = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": query["redirect_uri"]}
    return form | {"code": back["code"][0], "code_verifier": verifier}


def test_sign_in_gives_a_token_and_refresh_tokens_die_by_use(graph: Graph) -> None:
    reply = graph.http.post(TOKEN, data=signed_form(graph, "offline_access Calendars.ReadWrite")).json()
    assert reply["scope"] == "Calendars.ReadWrite"
    bearer = {"Authorization": f"Bearer {reply['access_token']}"}
    assert httpx.get(f"{graph.url}/v1.0/me", headers=bearer).status_code == 200
    form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": reply["refresh_token"]}
    fresh = graph.http.post(TOKEN, data=form).json()
    assert fresh["refresh_token"] != reply["refresh_token"]
    again = graph.http.post(TOKEN, data=form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_no_refresh_token_without_offline_access(graph: Graph) -> None:
    reply = graph.http.post(TOKEN, data=signed_form(graph, "Calendars.ReadWrite")).json()
    assert "refresh_token" not in reply


def test_a_wrong_verifier_is_refused(graph: Graph) -> None:
    form = signed_form(graph, "Calendars.ReadWrite") | {"code_verifier": "w" * 43}
    assert graph.http.post(TOKEN, data=form).json()["error"] == "invalid_grant"


def test_without_a_token_nothing_is_shown(graph: Graph) -> None:
    reply = httpx.get(f"{graph.url}/v1.0/me/events")
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_throttling_tells_how_long_to_wait(graph: Graph) -> None:
    for status in (429, 503):
        graph.control("POST", "faults", kind=str(status), retry_after=7)
        reply = graph.http.get("/v1.0/me/events")
        assert (reply.status_code, reply.headers["Retry-After"]) == (status, "7")
    graph.call("GET", "/me/events")


def test_a_dropped_create_has_happened(graph: Graph) -> None:
    graph.control("POST", "faults", kind="drop_after_commit", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        graph.http.post("/v1.0/me/events", json=meeting(transactionId="once"))
    assert graph.refused("POST", "/me/events", 409, json=meeting(transactionId="once"))
    assert len(graph.call("GET", "/me/events")["value"]) == 1


def test_unknown_paths_and_methods(graph: Graph) -> None:
    assert graph.refused("GET", "/me/toaster", 400) == "BadRequest"
    graph.call("PUT", "/me/events", 405)
    graph.call("GET", "/me/calendars/nonsense/events", 404)


def post(number: int, **more: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    part = {"id": str(number), "method": "POST", "url": "/me/events", "headers": headers}
    return {**part, "body": meeting(subject=f"Part {number}"), **more}


def batch(graph: Graph, *parts: dict[str, Any], status: int = 200) -> Any:
    return graph.call("POST", "/$batch", status, json={"requests": list(parts)})


def test_a_batch_answers_each_part_in_an_order_of_its_own(graph: Graph) -> None:
    event = graph.create()
    graph.mail()
    parts = [post(1), {"id": "2", "method": "GET", "url": place(event)}, post(3)]
    parts.append({"id": "4", "method": "DELETE", "url": place(event), "dependsOn": ["2"]})
    answers = batch(graph, *parts)["responses"]
    assert [each["id"] for each in answers] != ["1", "2", "3", "4"]
    assert {each["id"]: each["status"] for each in answers} == {"1": 201, "2": 200, "3": 201, "4": 204}
    assert next(each for each in answers if each["id"] == "2")["body"]["id"] == event["id"]
    assert graph.control("GET", "log")["writes"] == 3, "a batch counts each of its writes"


def test_a_part_can_fail_alone_and_takes_its_dependents_with_it(graph: Graph) -> None:
    graph.control("POST", "faults", kind="429", path="me/events", retry_after=3)
    answers = batch(graph, post(1), post(2, dependsOn=["1"]), post(3))["responses"]
    found = {each["id"]: each for each in answers}
    assert {name: each["status"] for name, each in found.items()} == {"1": 429, "2": 424, "3": 201}
    assert found["1"]["headers"]["Retry-After"] == "3"
    assert found["2"]["body"]["error"]["code"] == "FailedDependency"


@pytest.mark.parametrize(
    "parts",
    [
        [post(number) for number in range(1, 22)],
        [post(1), post(1)],
        [post(1, headers={})],
        [post(1, dependsOn=["2"]), post(2)],
        [],
    ],
)
def test_a_malformed_batch_is_refused_whole(graph: Graph, parts: list[dict[str, Any]]) -> None:
    batch(graph, *parts, status=400)
    assert graph.call("GET", "/me/events")["value"] == []


class Receiver(BaseHTTPRequestHandler):
    """Answers the handshake unless the path is /deaf, and keeps what it is told."""

    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = parse_qs(urlsplit(self.path).query).get("validationToken")
        self.send_response(200 if token else 202)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        if token and not self.path.startswith("/deaf"):
            self.wfile.write(token[0].encode())
        if not token:
            self.server.told.put((self.path, json.loads(body)["value"]))

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@contextmanager
def receiver() -> Iterator[tuple[str, Queue[Any]]]:
    """(address, what arrives there: path and items)."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.told = Queue()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.told  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def wish(url: str, **more: Any) -> dict[str, Any]:
    body = {"changeType": "created,updated,deleted", "resource": "me/events", "clientState": "secret"}
    body |= {"notificationUrl": f"{url}/hook", "lifecycleNotificationUrl": f"{url}/life"}
    return body | {"expirationDateTime": "2026-11-02T12:00:00.0000000Z", **more}


def test_changes_are_told_to_subscribers(graph: Graph) -> None:
    graph.control("POST", "now", now="2026-11-02T08:00:00+00:00")
    with receiver() as (url, told):
        made = graph.call("POST", "/subscriptions", 201, json=wish(url))
        event = graph.create()
        path, (item,) = told.get(timeout=10)
        assert path == "/hook"
        assert (item["changeType"], item["clientState"], item["subscriptionId"]) == ("created", "secret", made["id"])
        assert item["resourceData"]["id"] == event["id"]
        assert "subject" not in json.dumps(item)
        graph.delete(graph.patch(event, subject="New"))
        assert [told.get(timeout=10)[1][0]["changeType"] for _ in range(2)] == ["updated", "deleted"]
        graph.call("POST", "/_outlook/lifecycle", 202, json={"event": "missed"})
        path, (item,) = told.get(timeout=10)
        assert (path, item["lifecycleEvent"]) == ("/life", "missed")
        graph.call("POST", "/_outlook/lifecycle", 202, json={"event": "subscriptionRemoved"})
        assert told.get(timeout=10)[1][0]["lifecycleEvent"] == "subscriptionRemoved"
        graph.call("GET", f"/subscriptions/{made['id']}", 404)


def test_a_subscription_lives_between_45_minutes_and_seven_days_and_can_be_renewed(graph: Graph) -> None:
    graph.control("POST", "now", now="2026-11-02T08:00:00+00:00")
    with receiver() as (url, _):
        graph.call("POST", "/subscriptions", 400, json=wish(url, expirationDateTime="2026-11-09T08:01:00Z"))
        made = graph.call("POST", "/subscriptions", 201, json=wish(url, expirationDateTime="2026-11-02T08:05:00Z"))
        assert made["expirationDateTime"] == "2026-11-02T08:45:00.0000000Z"
        path = f"/subscriptions/{made['id']}"
        renewed = graph.call("PATCH", path, json={"expirationDateTime": "2026-11-03T08:00:00Z"})
        assert renewed["expirationDateTime"] == "2026-11-03T08:00:00.0000000Z"
        graph.control("POST", "now", now="2026-11-03T08:00:01+00:00")
        graph.call("PATCH", path, 404, json={"expirationDateTime": "2026-11-04T08:00:00Z"})


def test_a_subscription_needs_an_address_that_answers_and_is_made_once(graph: Graph) -> None:
    graph.control("POST", "now", now="2026-11-02T08:00:00+00:00")
    with receiver() as (url, _):
        for wrong in (
            {"notificationUrl": f"{url}/deaf"},
            {"lifecycleNotificationUrl": f"{url}/deaf"},
            {"notificationUrl": "http://calendar.example/hook"},
            {"changeType": "moved"},
            {"resource": "me/messages"},
            {"clientState": "x" * 129},
        ):
            assert graph.refused("POST", "/subscriptions", 400, json=wish(url, **wrong))
        made = graph.call("POST", "/subscriptions", 201, json=wish(url))
        graph.call("POST", "/subscriptions", 409, json=wish(url))
        graph.call("DELETE", f"/subscriptions/{made['id']}", 204)
        assert graph.call("GET", "/subscriptions")["value"] == []


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//own//example//EN
BEGIN:VEVENT
UID:weekly@x.example
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Berlin:20261102T090000
DTEND;TZID=Europe/Berlin:20261102T093000
SUMMARY:Weekly
RRULE:FREQ=WEEKLY;UNTIL=20261130T070000Z
EXDATE;TZID=Europe/Berlin:20261109T090000
END:VEVENT
BEGIN:VEVENT
UID:weekly@x.example
DTSTAMP:20261101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20261116T090000
DTSTART;TZID=Europe/Berlin:20261117T100000
DTEND;TZID=Europe/Berlin:20261117T103000
SUMMARY:Moved
END:VEVENT
BEGIN:VEVENT
UID:odd@x.example
DTSTAMP:20261101T000000Z
DTSTART;VALUE=DATE:20261115
SUMMARY:Twice a month
RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=4
END:VEVENT
END:VCALENDAR
"""


def test_seeding_gives_series_where_outlook_has_a_pattern_and_singles_elsewhere(graph: Graph) -> None:
    graph.control("POST", "seed", calendar="primary", ics=ICS)
    events = graph.call("GET", "/me/events?$top=50")["value"]
    (master,) = [each for each in events if each["type"] == "seriesMaster"]
    assert (master["subject"], master["iCalUId"], master["isReminderOn"]) == ("Weekly", "weekly@x.example", False)
    assert graph.days(master, "2026-11-01", "2027-11-01") == ["2026-11-02", "2026-11-17", "2026-11-23"]
    assert graph.instances(master)[1]["subject"] == "Moved"
    singles = sorted(each["start"]["dateTime"][:10] for each in events if each["subject"] == "Twice a month")
    assert singles == ["2026-11-15", "2026-12-01", "2026-12-15", "2027-01-01"]
    assert graph.mail() == 0


def test_what_was_saved_is_there_again_and_old_links_still_work(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.json")
    window = "/me/calendarView/delta?startDateTime=2026-11-01&endDateTime=2026-12-01"
    with start("outlook_calendar", state=state) as server:
        graph = Graph(server.url, server.token)
        master = graph.series(transactionId="t")
        first, second, *_ = graph.instances(master)
        graph.patch(first, start=at("2026-11-03T09:00:00"), end=at("2026-11-03T10:00:00"))
        graph.delete(second)
        seen = graph.instances(master)
        _, link = graph.delta(window)
        graph.http.close()
    with start("outlook_calendar", state=state) as server:
        graph = Graph(server.url, server.token)
        assert graph.instances(master) == seen
        assert graph.refused("POST", "/me/events", 409, json=meeting(transactionId="t"))
        graph.patch(master, subject="After")
        items, _ = graph.delta(link[link.index("/me/") :])
        assert items[0]["subject"] == "After"
        graph.http.close()
