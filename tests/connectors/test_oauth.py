"""Signing in and staying signed in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import httpx
import pytest

from connectors.http import Client
from connectors.oauth import Refreshing
from connectors.setting import OAuthApp
from connectors.signin import Listener, begin, exchange, signin
from engine.contract import AppError, AuthExpired, Refused, Transient

TOKEN_URL = "https://login.example.org/token"
APP = OAuthApp(
    authorize_url="https://login.example.org/auth", token_url=TOKEN_URL, scopes=("https://x.example/cal.write",)
)
SETTINGS = {"client_id": "id", "client_secret": "hush-client", "token": "old", "refresh_token": "r1"}


class Provider:
    """An API that accepts one token, and a token endpoint that rotates the refresh token."""

    def __init__(self) -> None:
        self.good = "new-1"
        self.refresh = "r1"
        self.renewals = 0
        self.events: list[str] = []
        self.refusal: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKEN_URL:
            return self.token(parse_qs(request.content.decode()))
        signed = request.headers["authorization"] == f"Bearer {self.good}"
        self.events.append("accepted" if signed else "refused")
        return httpx.Response(200 if signed else 401, json={})

    def token(self, form: dict[str, list[str]]) -> httpx.Response:
        if self.refusal is not None:
            return self.refusal
        if form["refresh_token"] != [self.refresh] or form["client_secret"] != ["hush-client"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.renewals += 1
        self.refresh = f"r{self.renewals + 1}"
        self.events.append("renewed")
        self.good = f"new-{self.renewals}"
        return httpx.Response(200, json={"access_token": self.good, "refresh_token": self.refresh})

    def store(self, settings: dict[str, str]) -> None:
        self.events.append(f"stored {settings['refresh_token']}")


def signed(provider: Provider, **options: object) -> Client:
    auth = Refreshing(SETTINGS, TOKEN_URL, provider.store, **options)  # type: ignore[arg-type]
    return Client("https://api.example.org", auth, transport=httpx.MockTransport(provider), sleep=lambda _: None)


def test_a_refused_token_is_renewed_and_stored_before_it_is_used() -> None:
    provider = Provider()
    client = signed(provider)
    client.json("POST", "things", json={})
    client.json("GET", "things")
    assert provider.events == ["refused", "renewed", "stored r2", "accepted", "accepted"]
    assert client.requests == 4


def test_a_rotated_refresh_token_is_used_next_time() -> None:
    provider = Provider()
    client = signed(provider)
    client.json("GET", "things")
    provider.good = "ended"
    client.json("GET", "things")
    assert provider.renewals == 2


def test_a_failure_to_store_keeps_the_new_token_from_being_used() -> None:
    provider = Provider()

    def full(_: object) -> None:
        raise Refused("The disk is full.")

    auth = Refreshing(SETTINGS, TOKEN_URL, full)
    client = Client("https://api.example.org", auth, transport=httpx.MockTransport(provider))
    with pytest.raises(Refused, match="disk is full"):
        client.json("GET", "things")
    assert provider.events == ["refused", "renewed"]


def test_a_token_refused_again_asks_for_a_new_sign_in() -> None:
    provider = Provider()
    provider.refusal = httpx.Response(200, json={"access_token": "useless", "refresh_token": "r2"})
    with pytest.raises(AuthExpired):
        signed(provider).json("GET", "things")
    assert provider.events == ["refused", "stored r2", "refused"]


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), AuthExpired),
        (httpx.Response(401, json={"error": "invalid_client"}), Refused),
        (httpx.Response(400, text="<html>"), AuthExpired),
        (httpx.Response(503), Transient),
        (httpx.Response(200, json={}), Transient),
    ],
)
def test_failures_to_renew_say_what_happens_next(refusal: httpx.Response, error: type[AppError]) -> None:
    provider = Provider()
    provider.refusal = refusal
    with pytest.raises(error, match=r"login\.example\.org") as caught:
        signed(provider).json("GET", "things")
    assert "hush" not in str(caught.value) and "r1" not in str(caught.value)


def test_what_another_process_renewed_is_adopted() -> None:
    provider = Provider()
    provider.good = "theirs"
    client = signed(provider, latest=lambda: {**SETTINGS, "token": "theirs", "refresh_token": "r9"})
    client.json("GET", "things")
    assert provider.renewals == 0 and provider.events == ["refused", "accepted"]


def test_the_store_lock_is_held_while_renewing() -> None:
    provider = Provider()

    @contextmanager
    def lock() -> Iterator[None]:
        provider.events.append("locked")
        yield
        provider.events.append("unlocked")

    signed(provider, lock=lock).json("GET", "things")
    assert provider.events == ["refused", "locked", "renewed", "stored r2", "unlocked", "accepted"]


def test_two_threads_renew_once() -> None:
    provider = Provider()
    barrier = threading.Barrier(2)

    def handler(request: httpx.Request) -> httpx.Response:
        reply = provider(request)
        if reply.status_code == 401:
            barrier.wait(10)  # both have been refused before either renews
        return reply

    auth = Refreshing(SETTINGS, TOKEN_URL, provider.store)
    client = Client("https://api.example.org", auth, transport=httpx.MockTransport(handler))
    threads = [threading.Thread(target=client.json, args=("GET", "things")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert provider.renewals == 1 and provider.events.count("accepted") == 2


# --- signing in ------------------------------------------------------------------------------------------------


def grants(request: httpx.Request) -> httpx.Response:
    form = parse_qs(request.content.decode())
    if form["code"] != ["c0de"]:
        return httpx.Response(400, json={"error": "invalid_grant"})
    assert form["grant_type"] == ["authorization_code"] and len(form["code_verifier"][0]) >= 43
    tokens = {"access_token": "t", "refresh_token": "r", "scope": "openid https://x.example/cal.write"}
    return httpx.Response(200, json=tokens)


def test_signing_in_walks_from_the_browser_to_the_tokens() -> None:
    pages = []

    def browser(url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        assert query["code_challenge_method"] == ["S256"] and query["client_id"] == ["id"]
        back = f"{query['redirect_uri'][0]}?code=c0de&state={query['state'][0]}"
        thread = threading.Thread(target=lambda: pages.append(urlopen(back).read()))
        thread.start()
        threads.append(thread)

    threads: list[threading.Thread] = []
    settings = {"client_id": "id", "client_secret": "hush"}
    got = signin(APP, settings, browser, transport=httpx.MockTransport(grants))
    threads[0].join()
    assert got == {"token": "t", "refresh_token": "r"}
    assert b"Signed in" in pages[0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("code=c0de&state=forged", "another sign-in"),
        ("code=c0de", "another sign-in"),
        ("error=access_denied&state={state}", "access_denied"),
    ],
)
def test_an_answer_that_is_not_ours_or_says_no_is_refused(query: str, said: str) -> None:
    pending = begin(APP, {"client_id": "id"}, "http://127.0.0.1:1/callback")
    callback = f"http://127.0.0.1:1/callback?{query.format(state=pending.state)}"
    with pytest.raises(Refused, match=said):
        exchange(APP, {"client_id": "id"}, pending, callback, httpx.MockTransport(grants))


def test_a_dead_code_asks_to_sign_in_again() -> None:
    pending = begin(APP, {"client_id": "id"}, "http://127.0.0.1:1/callback")
    with pytest.raises(AuthExpired):
        exchange(APP, {"client_id": "id"}, pending, f"/?code=x&state={pending.state}", httpx.MockTransport(grants))


def test_an_unticked_scope_is_told_at_once() -> None:
    less = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"access_token": "t", "refresh_token": "r", "scope": "openid"})
    )
    pending = begin(APP, {"client_id": "id"}, "http://127.0.0.1:1/callback")
    with pytest.raises(Refused, match=r"cal\.write"):
        exchange(APP, {"client_id": "id"}, pending, f"/?code=x&state={pending.state}", less)


def test_a_missing_client_id_is_told_before_the_browser_opens() -> None:
    with pytest.raises(Refused, match="client_id"):
        begin(APP, {}, "http://127.0.0.1:1/callback")


def test_a_state_is_used_once_and_hard_to_guess() -> None:
    first, second = (begin(APP, {"client_id": "id"}, "http://127.0.0.1:1/callback") for _ in range(2))
    assert first.state != second.state and len(first.state) >= 32


def test_nobody_coming_ends_the_wait() -> None:
    with Listener() as listener, pytest.raises(AuthExpired, match="in time"):
        listener.wait(timedelta(milliseconds=1))
