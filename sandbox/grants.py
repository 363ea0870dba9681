"""OAuth 2 as stand-ins need it: authorization codes with PKCE (S256 only), access tokens, refresh tokens."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.clock import Clock

LIFETIME = timedelta(seconds=3599)


class GrantError(Exception):
    """A refusal of the token endpoint; `code` is RFC 6749's, such as `invalid_grant`."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    def as_json(self) -> dict[str, str]:
        """RFC 6749, section 5.2."""
        return {"error": self.code, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class _Code:
    client: str
    redirect: str
    challenge: str | None
    scope: str


class Grants:
    """All tokens of one stand-in. `token` never expires: for tests that do not sign in.

    `rotate`: a refresh token is dead after its use and the reply carries its successor (Microsoft); else it stays and
    the reply carries none (Google).
    """

    def __init__(self, clock: Clock, token: str, *, rotate: bool = False) -> None:
        self.token = token
        self.rotate = rotate
        self.basic = False
        """The token is also taken as the password of a basic sign-in, whatever the user's name."""
        self.header = "authorization"
        """Where the token comes; in another header it comes alone."""
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, datetime] = {}
        self._refresh: dict[str, tuple[str, str]] = {}

    def accepts(self, authorization: str) -> bool:
        """Whether an Authorization header carries a live bearer token (or password, where `basic`)."""
        if self.header != "authorization":
            return self._live(authorization)
        scheme, _, token = authorization.partition(" ")
        if self.basic and scheme.lower() == "basic":
            return b64decode(token).decode().partition(":")[2] == self.token
        return scheme.lower() == "bearer" and self._live(token)

    def authorize(self, query: Mapping[str, str]) -> str:
        """Consent at once: the loopback address to redirect to, with code and state."""
        redirect = query.get("redirect_uri", "")
        if urlsplit(redirect).hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise GrantError("invalid_request", "redirect_uri must be a loopback address")
        if query.get("response_type") != "code" or not query.get("client_id"):
            raise GrantError("invalid_request", "response_type=code and client_id are needed")
        challenge = query.get("code_challenge")
        if challenge and query.get("code_challenge_method") != "S256":
            raise GrantError("invalid_request", "code_challenge_method must be S256")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(query["client_id"], redirect, challenge, query.get("scope", ""))
        reply = {"code": code, "scope": query.get("scope", "")}
        if "state" in query:
            reply["state"] = query["state"]
        return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(reply)}"

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint's reply to a form, or GrantError."""
        match form.get("grant_type"):
            case "authorization_code":
                return self._redeem(form)
            case "refresh_token":
                return self._renew(form)
            case "client_credentials" if form.get("client_id") and form.get("client_secret"):
                return self._reply("")
        raise GrantError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def revoke_all(self) -> None:
        """The user withdrew consent: every refresh and access token but the fixed one is dead."""
        self._access.clear()
        self._refresh.clear()

    def state(self) -> dict[str, Any]:
        """What outlives a restart: the refresh tokens."""
        return {"refresh": self._refresh}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self._refresh = {token: (client, scope) for token, (client, scope) in state["refresh"].items()}

    def _live(self, token: str) -> bool:
        expiry = self._access.get(token)
        return token == self.token or (expiry is not None and self._clock.now() < expiry)

    def _redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise GrantError("invalid_grant", "the code is unknown or was used before")
        if (form.get("client_id"), form.get("redirect_uri")) != (code.client, code.redirect):
            raise GrantError("invalid_grant", "client_id and redirect_uri must be those of the authorization request")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise GrantError("invalid_grant", "code_verifier does not fit the code_challenge")
        return self._reply(code.scope) | {"refresh_token": self._new_refresh(code.client, code.scope)}

    def _renew(self, form: Mapping[str, str]) -> dict[str, Any]:
        old = form.get("refresh_token", "")
        client, scope = self._refresh.get(old, ("", ""))
        if not client or client != form.get("client_id"):
            raise GrantError("invalid_grant", "the refresh token is unknown, revoked or was used before")
        if not self.rotate:
            return self._reply(scope)
        del self._refresh[old]
        return self._reply(scope) | {"refresh_token": self._new_refresh(client, scope)}

    def _reply(self, scope: str) -> dict[str, Any]:
        token = secrets.token_urlsafe(24)
        self._access[token] = self._clock.now() + LIFETIME
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": scope,
        }

    def _new_refresh(self, client: str, scope: str) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh[token] = (client, scope)
        return token


def _challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
