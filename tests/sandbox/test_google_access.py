"""Signing in, batches, push channels and rate limits of the Google stand-in."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from googleapiclient.channel import new_webhook_channel, notification_from_headers

from sandbox.google_calendar.server import Server
from sandbox.world import new_world

VERIFIER = "a" * 50
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CLIENT = {"client_id": "app", "redirect_uri": "http://127.0.0.1:1/done"}


def authorize(google: Any, **changes: str) -> httpx.Response:
    query = CLIENT | {"response_type": "code", "scope": "calendar", "state": "s1", "access_type": "offline"}
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return httpx.get(f"{google.server.url}/o/oauth2/v2/auth", params=query | proof | changes)


def trade(google: Any, **form: str) -> httpx.Response:
    return httpx.post(f"{google.server.url}/token", data={"client_id": "app", "client_secret": "s"} | form)


def code_of(reply: httpx.Response) -> str:
    return parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]


def test_signing_in_with_pkce(google):
    reply = authorize(google)
    assert reply.status_code == 302
    assert parse_qs(urlsplit(reply.headers["location"]).query)["state"] == ["s1"]
    form = {"grant_type": "authorization_code", "redirect_uri": CLIENT["redirect_uri"]}
    wrong = trade(google, **form, code=code_of(authorize(google)), code_verifier="b" * 50)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    tokens = trade(google, **form, code=code_of(reply), code_verifier=VERIFIER).json()
    assert trade(google, **form, code=code_of(reply), code_verifier=VERIFIER).json()["error"] == "invalid_grant"
    renewed = trade(google, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert "refresh_token" not in renewed
    headers = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert google.http.get("/calendar/v3/users/me/calendarList", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "change", [{"redirect_uri": "https://evil.example/"}, {"code_challenge_method": "plain"}, {"client_id": ""}]
)
def test_bad_authorization_requests(google, change):
    assert authorize(google, **change).status_code == 400


def test_googles_client_refreshes_an_expired_token(google):
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    form = {"grant_type": "authorization_code", "redirect_uri": CLIENT["redirect_uri"]}
    tokens = trade(google, **form, code=code_of(authorize(google)), code_verifier=VERIFIER).json()
    google.http.post("/_control/now", json={"advance": 4000})
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    expired = google.http.get("/calendar/v3/users/me/calendarList", headers=headers)
    assert expired.status_code == 401
    assert expired.json()["error"]["errors"][0]["reason"] == "authError"
    signed_in = Credentials(
        token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=f"{google.server.url}/token",
        client_id="app",
        client_secret="s",
    )
    options = {"api_endpoint": f"{google.server.url}/calendar/v3/"}
    api = build("calendar", "v3", credentials=signed_in, static_discovery=True, client_options=options)
    assert api.calendarList().list().execute()["items"]
    assert signed_in.token != tokens["access_token"]
    api.close()


def batch_of(google: Any, requests: list[Any]) -> dict[str, Any]:
    """Outcome by request id, through Google's own batch code."""
    from googleapiclient.http import BatchHttpRequest

    outcomes: dict[str, Any] = {}

    def note(request_id: str, response: Any, error: Any) -> None:
        outcomes[request_id] = error.status_code if error else response

    batch = BatchHttpRequest(callback=note, batch_uri=f"{google.server.url}/batch/calendar/v3")
    for number, request in enumerate(requests):
        batch.add(request, request_id=str(number))
    batch.execute(http=google.api._http)
    return outcomes


def test_a_batch_half_succeeds_and_counts_its_parts(google):
    events = google.api.events()
    day = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-03"}}
    outcomes = batch_of(
        google,
        [
            events.insert(calendarId=google.calendar, body={"id": "batch1", "summary": "Straße"} | day),
            events.insert(calendarId=google.calendar, body={"id": "batch1"} | day),
            events.get(calendarId=google.calendar, eventId="nothing"),
            events.delete(calendarId=google.calendar, eventId="batch1"),
        ],
    )
    assert outcomes["0"]["summary"] == "Straße"
    assert (outcomes["1"], outcomes["2"]) == (409, 404)
    assert google.get("batch1")["status"] == "cancelled"
    counts = google.log()
    assert (counts["requests"], counts["writes"]) == (2, 2)


def test_a_batch_takes_fifty_calls(google):
    part = (
        "--b\r\nContent-Type: application/http\r\nContent-ID: <x>\r\n\r\nGET /calendar/v3/calendars/primary\r\n\r\n\r\n"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    replies = [
        google.http.post("/batch/calendar/v3", headers=headers, content=part * count + "--b--") for count in (50, 51)
    ]
    assert [reply.status_code for reply in replies] == [200, 400]
    assert replies[0].text.count("HTTP/1.1 200 OK") == 50


def test_faults_hit_parts_of_a_batch_by_path(google):
    made = [google.insert(summary=str(number)) for number in range(3)]
    google.fault("403", path=made[1]["id"])
    requests = [google.api.events().get(calendarId=google.calendar, eventId=event["id"]) for event in made]
    outcomes = batch_of(google, requests)
    assert [outcomes["0"]["summary"], outcomes["1"], outcomes["2"]["summary"]] == ["0", 403, "2"]


@pytest.mark.parametrize(
    ("kind", "reason"), [("403", "rateLimitExceeded"), ("429", "rateLimitExceeded"), ("500", "backendError")]
)
def test_rate_limits_and_outages(google, kind, reason):
    google.fault(kind, times=1)
    assert google.refusal(google.list) == (int(kind), reason)
    assert google.items() == []


@contextmanager
def listener() -> Iterator[tuple[str, Queue[Any]]]:
    """A webhook receiver on loopback: its address, and what arrives."""
    seen: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.put(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_push_channels(google):
    google.http.post("/_control/now", json={"now": "2026-11-02T08:00:00Z"})
    watch = google.api.events().watch
    with listener() as (address, seen):
        body = {"id": f"chan-{google.calendar}", "type": "web_hook", "address": address, "token": "secret"}
        opened = watch(calendarId=google.calendar, body=body).execute()
        assert opened["expiration"] == str(1794211200_000)
        first = seen.get(timeout=10)
        assert (first["X-Goog-Resource-State"], first["X-Goog-Message-Number"]) == ("sync", "1")
        assert first["X-Goog-Channel-Token"] == "secret"
        google.insert()
        second = seen.get(timeout=10)
        assert second["X-Goog-Resource-State"] == "exists"
        assert int(second["X-Goog-Message-Number"]) > 1
        again = watch(calendarId=google.calendar, body=body)
        assert google.refusal(again.execute) == (400, "channelIdNotUnique")
        brief = body | {"id": body["id"] + "2", "token": "brief", "params": {"ttl": "60"}}
        watch(calendarId=google.calendar, body=brief).execute()
        assert seen.get(timeout=10)["X-Goog-Channel-Token"] == "brief"
        google.http.post("/_control/now", json={"advance": 61})
        google.insert()
        assert seen.get(timeout=10)["X-Goog-Channel-Token"] == "secret"
        stop = google.api.channels().stop(body={"id": body["id"], "resourceId": opened["resourceId"]})
        stop.execute()
        assert google.refusal(stop.execute) == (404, "notFound")
        google.insert()
        assert seen.empty()


def test_googles_own_client_reads_the_messages_and_channels_to_one_calendar_share_its_resource(google):
    with listener() as (address, seen):
        channel, other = new_webhook_channel(address, token="one"), new_webhook_channel(address, token="two")
        for each in (channel, other):
            each.update(google.api.events().watch(calendarId=google.calendar, body=each.body()).execute())
        assert channel.resource_id == other.resource_id and channel.expiration
        first = notification_from_headers(channel, seen.get(timeout=10))
        assert (first.state, first.message_number, first.resource_id) == ("sync", 1, channel.resource_id)
        notification_from_headers(other, seen.get(timeout=10))
        for each in (channel, other):
            google.api.channels().stop(body={"id": each.id, "resourceId": each.resource_id}).execute()


def test_messages_get_lost_or_come_twice_on_request_and_channels_end_silently(google):
    with listener() as (address, seen):
        body = {"id": f"loss-{google.calendar}", "type": "web_hook", "address": address}
        google.api.events().watch(calendarId=google.calendar, body=body).execute()
        seen.get(timeout=10)
        google.fault("lose_hook", path="/hook")
        google.fault("double_hook", path="/hook")
        google.insert()
        google.insert()
        numbers = [seen.get(timeout=10)["X-Goog-Message-Number"] for _ in range(2)]
        assert numbers[0] == numbers[1] and seen.empty()
        assert google.http.post("/_google/forget_channels", headers={"Authorization": ""}).status_code == 204
        google.insert()
        google.api.events().watch(calendarId=google.calendar, body=body | {"id": f"{body['id']}2"}).execute()
        assert seen.get(timeout=10)["X-Goog-Resource-State"] == "sync"


def test_channels_outlive_a_restart():
    worlds = [new_world("token") for _ in range(2)]
    first, second = (Server(world) for world in worlds)
    first._channels.watch("here", "uri", {"id": "c", "type": "web_hook", "address": "http://127.0.0.1:9/"})
    for world in worlds:
        world.hooks.close()
    second.load(json.loads(json.dumps(first.state())))
    assert second.state() == first.state() and second.state()["channels"]["used"] == ["c"]


def test_push_needs_https_off_loopback(google):
    body = {"id": f"plain-{google.calendar}", "type": "web_hook", "address": "http://hooks.example/x"}
    request = google.api.events().watch(calendarId=google.calendar, body=body)
    assert google.refusal(request.execute) == (400, "push.webhookUrlNotHttps")
