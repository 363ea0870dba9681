"""Google's push channels, as the connector keeps them at the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import Queue

import pytest
from googleapiclient.channel import Channel, notification_from_headers

from connectors import connect
from connectors.google_calendar import Connector
from connectors.hook import ANY, Forged, Hooked
from connectors.http import MockTransport, Response
from engine.contract import Refused
from sandbox import start
from tests.connectors.control import Control
from tests.connectors.hook_receiver import call, letters

__all__ = ["letters"]
Letters = tuple[str, Queue[tuple[dict[str, str], bytes]]]
EVENT = "BEGIN:VEVENT\nUID:{0}\nSUMMARY:{0}\nDTSTART:20261102T090000Z\nDTEND:20261102T100000Z\nEND:VEVENT"
SCOPE = {"calendar": "primary"}
HOUR = timedelta(hours=1)
REASON = {"domain": "global", "reason": "push.webhookUrlUnauthorized", "message": "Unauthorized"}


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    with start("google_calendar") as server:
        yield {"base_url": server.url, "token": server.token}


@pytest.fixture
def google(settings: dict[str, str]) -> Connector:
    connector = connect("google_calendar", settings)
    assert isinstance(connector, Connector) and isinstance(connector, Hooked)
    return connector


def edit(google: Connector, settings: dict[str, str], name: str) -> None:
    Control(settings["base_url"]).seed("primary", f"BEGIN:VCALENDAR\n{EVENT.format(name)}\nEND:VCALENDAR")


def test_the_first_message_is_a_sign_of_life_and_the_next_ones_say_look(
    google: Connector, settings: dict[str, str], letters: Letters
) -> None:
    url, told = letters
    made = google.subscribe("events", SCOPE, url, "secret")
    first, body = told.get(timeout=10)
    heard = google.hook.judge(call(first, body), "secret")
    assert (heard.look, heard.renew) == ({}, False)
    edit(google, settings, "one")
    second, _ = told.get(timeout=10)
    changed = google.hook.judge(call(second), "secret")
    assert changed.look == ANY and changed.delivery not in (None, heard.delivery)
    id_, resource = made.id.split()
    theirs = notification_from_headers(Channel("web_hook", id_, "secret", url, resource_id=resource), second)
    assert (theirs.state, theirs.resource_id) == ("exists", resource)
    for forged in (first | {"X-Goog-Channel-Token": "guess"}, {**first, "X-Goog-Channel-Token": ""}, {}):
        with pytest.raises(Forged):
            google.hook.judge(call(forged), "secret")
    google.unsubscribe(made.id)


def test_a_renewed_channel_lives_beside_the_former_one_until_that_is_ended(
    google: Connector, settings: dict[str, str], letters: Letters
) -> None:
    url, told = letters
    made = google.subscribe("events", SCOPE, url, "secret")
    fresh = google.renew(made.id, "events", SCOPE, url, "secret")
    assert fresh.id != made.id and made.until and abs(made.until - datetime.now(UTC) - timedelta(days=7)) < 2 * HOUR
    channels = [told.get(timeout=10)[0]["X-Goog-Channel-ID"] for _ in range(2)]
    assert channels == [made.id.split()[0], fresh.id.split()[0]]
    edit(google, settings, "both")
    assert {told.get(timeout=10)[0]["X-Goog-Channel-ID"] for _ in range(2)} == set(channels)
    google.unsubscribe(made.id)
    edit(google, settings, "alone")
    for _ in range(2):
        google.unsubscribe(fresh.id)
    last = google.subscribe("events", SCOPE, url, "secret")
    assert [told.get(timeout=10)[0]["X-Goog-Channel-ID"] for _ in range(2)] == [channels[1], last.id.split()[0]]
    google.unsubscribe(last.id)


def test_an_address_that_google_does_not_call_says_why_and_is_no_matter_of_the_sign_in(google: Connector) -> None:
    with pytest.raises(Refused, match="https addresses only"):
        google.subscribe("events", SCOPE, "http://sync.example.com/hooks/key", "secret")


def test_a_domain_that_is_not_verified_does_not_end_the_sign_in() -> None:
    """As Google words it: with 401."""
    error = {"code": 401, "message": "Unauthorized WebHook callback channel", "errors": [REASON]}
    lists = {"items": [{"id": "me", "primary": True, "accessRole": "owner"}]}

    def answer(request: object) -> Response:
        refused = "watch" in str(getattr(request, "url", ""))
        return Response(401 if refused else 200, json={"error": error} if refused else lists)

    settings = {"base_url": "http://127.0.0.1:1", "token": "t"}
    google = connect("google_calendar", settings, transport=MockTransport(answer))
    assert isinstance(google, Hooked)
    with pytest.raises(Refused, match="verify its domain"):
        google.subscribe("events", SCOPE, "https://sync.example.com/hooks/key", "secret")
