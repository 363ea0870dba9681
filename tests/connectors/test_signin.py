"""Signing in at a stand-in, and staying signed in, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from connectors import connect, load
from connectors.signin import signin
from engine.contract import AuthExpired
from sandbox import Running, start
from tests.connectors.control import Control

PATHS = {
    "google_calendar": ("/o/oauth2/v2/auth", "/token"),
    "outlook_calendar": ("/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token"),
}


@pytest.fixture(params=sorted(PATHS))
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    with start(request.param) as running:
        yield running


def sign_in(server: Running) -> dict[str, str]:
    authorize, token = (server.url + path for path in PATHS[server.app])
    settings = {"base_url": server.url, "client_id": "id", "client_secret": "hush"}
    settings |= {"authorize_url": authorize, "token_url": token}
    browsers: list[threading.Thread] = []

    def browse(url: str) -> None:
        browsers.append(threading.Thread(target=lambda: urlopen(url).read()))
        browsers[0].start()

    app = load(server.app).sign_in
    assert app is not None
    tokens = signin(app, settings, browse)
    browsers[0].join()
    return settings | tokens


def test_signed_in_and_renewed(server: Running) -> None:
    settings = sign_in(server)
    stored: list[dict[str, str]] = []
    connector = connect(server.app, settings, lambda fresh: stored.append(dict(fresh)), sleep=lambda _: None)
    label = connector.check()
    assert label and stored == []
    Control(server.url).fault("reject_token")
    assert connect(server.app, settings, lambda fresh: stored.append(dict(fresh))).check() == label
    assert len(stored) == 1 and stored[0]["token"] != settings["token"]
    Control(server.url).fault("reject_token")
    latest = settings | stored[0]
    assert connect(server.app, latest, lambda fresh: stored.append(dict(fresh))).check() == label


def test_a_revoked_sign_in_asks_for_a_new_one(server: Running) -> None:
    settings = sign_in(server)
    Control(server.url).revoke()
    with pytest.raises(AuthExpired, match="Sign in again"):
        connect(server.app, settings, sleep=lambda _: None).check()
