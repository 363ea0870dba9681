"""Sign-in as httpx `Auth`: a fixed token, user and password, or a token that is renewed when the app refuses it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from connectors.http import Auth, Request, Response, decode, retry_after
from engine.contract import AppError, AuthExpired, Refused, Transient

Settings = Mapping[str, str]
AUTHORIZATION = "Authorization"
OWN_NAME = "client_credentials"
UNTIL = "expires_at"
"""When the refresh token ends (ISO 8601, UTC), beside the tokens where the app says so."""
LIVES = ("refresh_token_expires_in", "x_refresh_token_expires_in")  # Google, Intuit: seconds
OnToken = Callable[[Settings], None]
"""Stores the settings it is given (only the changed ones: `token`, `refresh_token`, `expires_at`) before anything else
happens."""


class Bearer(Auth):
    """A token that cannot be renewed. In another `header` it stands alone."""

    def __init__(self, token: str, header: str = AUTHORIZATION) -> None:
        self._token, self._header = token, header

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        yield _carrying(request, self._token, self._header)

    def secrets(self) -> Iterable[str]:
        return (self._token,)


class Basic(Auth):
    """User and password; over plain http only to this machine, or if the user wrote http:// themselves."""

    def __init__(self, username: str, password: str) -> None:
        self._password = password
        self._encoded = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["Authorization"] = f"Basic {self._encoded}"
        yield request

    def secrets(self) -> Iterable[str]:
        return (self._password, self._encoded)


class Refreshing(Auth):
    """An access token that is renewed once when the app answers 401.

    Apps may rotate the refresh token, and then the former one is dead: so one renewal runs at a time (`lock`, which
    the store makes span processes), what another process renewed meanwhile is adopted (`latest`), and new tokens are
    handed to `on_token` before they are used. Without a refresh token it asks in the name of the registered app itself
    (client credentials).
    """

    requires_response_body = True

    def __init__(
        self,
        settings: Settings,
        token_url: str,
        on_token: OnToken,
        *,
        lock: Callable[[], AbstractContextManager[object]] = nullcontext,
        latest: Callable[[], Settings] | None = None,
        header: str = AUTHORIZATION,
    ) -> None:
        self._settings = dict(settings)
        self._token_url, self._header = token_url, header
        self._on_token, self._lock, self._latest = on_token, lock, latest
        self._mine = threading.Lock()

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        used = self._settings.get("token", "")
        if used:
            response = yield self._signed(request)
            if response.status_code != 401:
                return
        yield from self._renew(used)
        yield self._signed(request)

    def secrets(self) -> Iterable[str]:
        return [self._settings.get(name, "") for name in ("token", "refresh_token", "client_secret")]

    def _signed(self, request: Request) -> Request:
        return _carrying(request, self._settings["token"], self._header)

    def _renew(self, used: str) -> Generator[Request, Response, None]:
        """Replace the token `used`, unless somebody else has."""
        with self._mine, self._lock():
            if self._latest is not None:
                self._settings.update(self._latest())
            if self._settings.get("token", "") != used:
                return
            response = yield self._token_request()
            fresh = tokens(response)
            self._on_token(fresh)
            self._settings.update(fresh)

    def _token_request(self) -> Request:
        form = {name: self._settings[name] for name in ("client_id", "client_secret") if self._settings.get(name)}
        refresh = self._settings.get("refresh_token")
        form |= {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else {"grant_type": OWN_NAME}
        return Request("POST", self._token_url, data=form, headers={"Accept": "application/json"})


def _carrying(request: Request, token: str, header: str) -> Request:
    request.headers[header] = f"Bearer {token}" if header == AUTHORIZATION else token
    return request


def tokens(response: Response) -> dict[str, str]:
    """The settings in a token endpoint's answer: `token`, and what the app tells of its refresh token.

    Raises AuthExpired where the grant is dead, Refused where the registered app is wrong, Transient otherwise.
    """
    if response.status_code >= 400:
        raise _token_error(response)
    body = decode(response)
    if not isinstance(body, dict) or not body.get("access_token"):
        raise Transient(f"{response.request.url.host} answered without a token.", landed=False)
    fresh = {"token": str(body["access_token"])}
    if body.get("refresh_token"):
        fresh["refresh_token"] = str(body["refresh_token"])
    life = next((body[name] for name in LIVES if isinstance(body.get(name), int)), None)
    if life is not None:
        fresh[UNTIL] = (datetime.now(UTC) + timedelta(seconds=life)).isoformat(timespec="seconds")
    return fresh


def _token_error(response: Response) -> AppError:
    """RFC 6749 section 5.2: the error is in the body; other bodies are a server in trouble."""
    host = response.request.url.host
    if response.status_code == 429 or response.status_code >= 500:
        message = f"{host} cannot renew the sign-in just now ({response.status_code})."
        return Transient(message, wait=retry_after(response), landed=False)
    try:
        code = str(decode(response).get("error", ""))
    except (Transient, AttributeError):
        code = ""
    if code in ("invalid_client", "unauthorized_client"):
        return Refused(f"{host} does not know this app ({code}). Check client_id and client_secret.")
    return AuthExpired(
        f"{host} no longer accepts the sign-in ({code or response.status_code}): it was revoked, or has ended. "
        "Sign in again with: syncline connect"
    )
