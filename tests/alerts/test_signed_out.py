"""A sign-in that ends: the account is left alone, told once, and all is caught up with after signing in again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from flows.project import Project
from sandbox import Running
from tests.system.prefect_world import Prefect
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]
CLIENT = {"client_id": "ours", "client_secret": "hush"}
BACK = "http://127.0.0.1/back"


def signed_in(server: Running, *, age: timedelta = timedelta()) -> dict[str, str]:
    """The settings of an account whose owner has just consented; its first access token is `age` old."""
    query = {"response_type": "code", "redirect_uri": BACK, "client_id": CLIENT["client_id"], "scope": "calendar"}
    pages = {"google_calendar": ("/o/oauth2/v2/auth", "/token")}
    authorize, token = pages[server.app]
    asked = httpx.get(f"{server.url}{authorize}", params=query)
    code = parse_qs(urlsplit(asked.headers["location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **CLIENT}
    body = httpx.post(f"{server.url}{token}", data=form).raise_for_status().json()
    control(server, "now", advance=age.total_seconds())
    tokens = {"token": body["access_token"], "refresh_token": body["refresh_token"]}
    return {"base_url": server.url, "token_url": f"{server.url}{token}", **CLIENT, **tokens}


def control(server: Running, what: str, **body: object) -> None:
    httpx.post(f"{server.url}/_control/{what}", json=body).raise_for_status()


def asked(server: Running) -> int:
    """Requests the app has had since the last call."""
    count = httpx.get(f"{server.url}/_control/log").json()["requests"]
    control(server, "reset_log")
    return int(count)


@dataclass
class Desk:
    """Where the messages of a notification block arrive."""

    said: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.said.append(body["subject"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, hours: float) -> Iterator[None]:
    """So many hours have gone by since the account was found signed out."""
    with monkeypatch.context() as patch:
        patch.setattr("flows.project.PATIENCE", timedelta(hours=1 - hours))
        yield


def test_a_dead_sign_in_pauses_the_account_and_is_caught_up_with(
    make: Make, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it: Prefect = make("google", "home")
    server, project = it.servers["google"], it.project
    block = CustomWebhookNotificationBlock(
        name="ops", url=desk.url, json_data={"subject": "{{subject}}", "text": "{{body}}"}
    )
    block.save(f"ops-{it.name}", overwrite=True)
    (it.root / ".env").write_text(f"SYNCLINE_NOTIFY={block.get_block_type_slug()}/ops-{it.name}\n")
    project = it.project = Project.at(it.root)
    project.save_connection("google", "google_calendar", signed_in(server), "google", datetime.now(UTC))
    it.meet("google", 2)
    assert it.run().status == "done" and it.titles("home") == ["Meeting 0", "Meeting 1"]

    control(server, "revoke")
    it.meet("google", 1, "2026-12", "Google's")
    it.meet("home", 1, "2026-12", "Home's")
    before = it.titles("google")
    report = it.run()
    assert report.status == "failed" and "Sign in again" in report.errors["google"]
    assert desk.said == ["Syncline: connection google"]
    asked(server)
    assert it.run().status == "failed"
    assert asked(server) == 0, "an account that is signed out is left alone"
    assert (it.titles("google"), desk.said) == (before, ["Syncline: connection google"])
    with later(monkeypatch, 1.0):
        it.run()
    assert asked(server) > 0, "an hour later it is asked once more"

    project.save_connection("google", "google_calendar", signed_in(server), "google", datetime.now(UTC))
    assert it.run().status == "done"
    both = ["Google's 0", "Home's 0", "Meeting 0", "Meeting 1"]
    assert it.titles("google") == both and it.titles("home") == both
    assert desk.said == ["Syncline: connection google", "Syncline: connection google is well again"]
    project.close()
