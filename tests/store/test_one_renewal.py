"""Over all machines that share a PostgreSQL state, a token is renewed once: rotating apps kill the loser's sign-in."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.fernet import Fernet

from connectors.http import Client
from connectors.oauth import Refreshing
from flows.project import Project
from tests.store.postgres import Postgres

TOKEN_URL = "https://login.example.org/token"
MACHINES = 4


class Rotating:
    """An app that takes one access token, and each refresh token once."""

    def __init__(self) -> None:
        self.live = {"token": "t0", "refresh": "r1"}
        self.renewals = 0
        self.together = threading.Barrier(MACHINES)
        self.refused = threading.local()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKEN_URL:
            return self.renew(parse_qs(request.content.decode())["refresh_token"][0])
        if request.headers["authorization"] == f"Bearer {self.live['token']}":
            return httpx.Response(200, json={})
        self.together.wait(timeout=30)  # all have been refused before one renews
        return httpx.Response(401, json={})

    def renew(self, used: str) -> httpx.Response:
        if used != self.live["refresh"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.renewals += 1
        self.live = {"token": f"t{self.renewals}", "refresh": f"r{self.renewals + 1}"}
        return httpx.Response(200, json={"access_token": self.live["token"], "refresh_token": self.live["refresh"]})


@pytest.fixture
def machines(postgres: Postgres, tmp_path: Path) -> list[Project]:
    """Project folders that share nothing but the state and the key."""
    url, key = postgres.fresh(), Fernet.generate_key().decode()
    made = []
    for number in range(MACHINES):
        root = tmp_path / f"machine{number}"
        for folder in ("mappings", "deployments"):
            (root / folder).mkdir(parents=True)
        (root / ".env").write_text(f"SYNCLINE_STATE_URL={url}\nSYNCLINE_KEY={key}\n")
        made.append(Project.at(root))
    return made


def test_machines_that_are_refused_together_renew_once(machines: list[Project]) -> None:
    app = Rotating()
    secrets = {"token": "old", "refresh_token": "r1", "client_secret": "hush"}
    machines[0].connections.put("work", "google_calendar", {}, secrets, account="ann", now=datetime.now(UTC))
    ended: list[object] = []

    def work(project: Project) -> None:
        accounts = project.connections
        auth = Refreshing(
            secrets,
            TOKEN_URL,
            lambda fresh: accounts.renew("work", fresh),
            lock=lambda: accounts.lock("work"),
            latest=lambda: accounts.secrets("work"),
        )
        client = Client("https://api.example.org", auth, transport=httpx.MockTransport(app), sleep=lambda _: None)
        try:
            client.json("GET", "things")
            ended.append("read")
        except Exception as error:  # noqa: BLE001 - the test says what it was
            ended.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(project,)) for project in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (ended, app.renewals) == (["read"] * MACHINES, 1)
    assert machines[-1].connections.secrets("work")["refresh_token"] == "r2"
    for project in machines:
        project.close()
