"""Signing in with OAuth 2: a page in the browser, back to this machine, and a code exchanged for tokens.

PKCE (S256) and a state are always used. The redirect goes to a port of 127.0.0.1 that is open only while we wait
(RFC 8252), or to the studio's own address.
"""

from __future__ import annotations

import secrets
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from connectors.http import Client, Response, Transport, decode
from connectors.oauth import Settings, tokens
from connectors.setting import OAuthApp
from engine.contract import AuthExpired, Refused

CALLBACK = "/callback"
WAIT = timedelta(minutes=5)
NOT_TOLD = {"offline_access", "openid", "profile", "email"}  # granted without being listed in the answer
DONE_PAGE = b"<!doctype html><title>Syncline</title><p>Signed in. You can close this page and go back to Syncline."
WRONG_PAGE = b"<!doctype html><title>Syncline</title><p>This is not the answer Syncline is waiting for."


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that was begun: send the person to `url`, keep the rest until they come back."""

    url: str
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(app: OAuthApp, settings: Settings, redirect_uri: str) -> Pending:
    """Where to send the person. Refused where the registered app's client id is not set yet."""
    if not settings.get("client_id"):
        raise Refused("Set client_id (and client_secret) first: the README of the app tells how to get them.")
    verifier, state = generate_token(64), generate_token(32)
    url = prepare_grant_uri(
        settings.get("authorize_url") or app.authorize_url,
        client_id=settings["client_id"],
        response_type="code",
        redirect_uri=redirect_uri,
        scope=" ".join(app.scopes),
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        **app.extra,
    )
    return Pending(url, redirect_uri, state, verifier)


def exchange(
    app: OAuthApp, settings: Settings, pending: Pending, callback: str, transport: Transport | None = None
) -> dict[str, str]:
    """The new settings (`token`, `refresh_token`) from the address the browser came to.

    Raises Refused where the person said no or the answer is not to our question, AuthExpired where the code is dead.
    """
    answer = dict(parse_qsl(urlsplit(callback).query))
    if not secrets.compare_digest(answer.get("state", ""), pending.state):
        raise Refused("This answer belongs to another sign-in. Begin again.")
    if "code" not in answer:
        told = answer.get("error_description") or answer.get("error") or "no code"
        raise Refused(f"The sign-in was not granted: {told}. Begin again and allow the access.")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
        **{name: settings[name] for name in ("client_id", "client_secret") if settings.get(name)},
    }
    url = settings.get("token_url") or app.token_url
    client = Client(url, classify=lambda _: None, transport=transport)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        return _whole(app, client.request("POST", url, content=urlencode(form), headers=headers))
    finally:
        client.close()


class Listener:
    """Waits on a free port of this machine for the browser to come back."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}{CALLBACK}"

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, timeout: timedelta = WAIT) -> str:
        """The address the browser came to. AuthExpired when nobody comes in time."""
        self._server.timeout = timeout.total_seconds()
        while not (self._server.callback or self._server.late):
            self._server.handle_request()
        if not self._server.callback:
            raise AuthExpired("Nobody signed in in time. Begin again with: syncline connect")
        return self._server.callback


def signin(
    app: OAuthApp,
    settings: Settings,
    show: Callable[[str], object] = webbrowser.open,
    *,
    timeout: timedelta = WAIT,
    transport: Transport | None = None,
) -> dict[str, str]:
    """The whole walk: `show` the address to the person, wait for the browser, get the tokens."""
    with Listener() as listener:
        pending = begin(app, settings, listener.redirect_uri)
        show(pending.url)
        callback = listener.wait(timeout)
    return exchange(app, settings, pending, callback, transport)


def _whole(app: OAuthApp, response: Response) -> dict[str, str]:
    """People may untick scopes, and some apps need to be asked for a refresh token: better told now than in a run."""
    fresh = tokens(response)
    granted = {_scope(each) for each in str(decode(response).get("scope") or " ".join(app.scopes)).split()}
    missing = [scope for scope in app.scopes if _scope(scope) not in granted | NOT_TOLD]
    if missing:
        raise Refused(f"The sign-in lacks what Syncline needs: {', '.join(missing)}. Begin again and allow all of it.")
    if "refresh_token" not in fresh:
        raise Refused("The app gave no refresh token, so the sign-in would end within the hour. Begin again.")
    return fresh


def _scope(name: str) -> str:
    """Some apps answer with the short name of a scope that was asked for by its address."""
    return name.rpartition("/")[2].lower()


class _Server(HTTPServer):
    """Remembers the answer."""

    callback = ""
    late = False

    def handle_timeout(self) -> None:
        """Nobody came."""
        self.late = True


class _Handler(BaseHTTPRequestHandler):
    """Takes the redirect; everything else a browser asks for (its icon) is not what we wait for."""

    server: _Server

    def do_GET(self) -> None:
        """The redirect of the sign-in page."""
        here = urlsplit(self.path).path == CALLBACK
        if here:
            self.server.callback = self.path
        page = DONE_PAGE if here else WRONG_PAGE
        self.send_response(200 if here else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the code."""
