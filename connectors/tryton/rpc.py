"""Tryton's JSON-RPC: the session, calls, and what its errors mean."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.http import Client, Response, classify_status, where
from engine.contract import AppError, Invalid, Refused, Stale

Context = Mapping[str, Any]


class Rpc:
    """One user of one database, signed in at the first call."""

    def __init__(self, http: Client, database: str, user: str, password: str) -> None:
        self._http, self._database, self._user, self._password = http, database, user, password
        self._session = ""
        self.context: dict[str, Any] = {}
        """The user's own: language (texts may be translated) and company (prices may differ)."""

    @property
    def requests(self) -> int:
        return self._http.requests

    def read(self, method: str, *params: Any, context: Context | None = None) -> Any:
        """A call that changes nothing, so that it may be sent again. Refused where Tryton refuses it."""
        self._sign_in()
        said = self._send(method, [*params, {**self.context, **(context or {})}], reads=True)
        return _result(said, method, reads=True)

    def write(self, method: str, *params: Any, context: Context | None = None) -> Any:
        """A call in one transaction of its own. Stale, or Invalid with Tryton's own words."""
        self._sign_in()
        said = self._send(method, [*params, {**self.context, **(context or {})}], reads=False)
        return _result(said, method, reads=False)

    def _sign_in(self) -> None:
        if self._session:
            return
        params = [self._user, {"password": self._password}, "en"]
        said = _result(self._send("common.db.login", params, reads=True), "common.db.login", reads=True)
        self._session = b64encode(f"{self._user}:{said[0]}:{said[1]}".encode()).decode()
        mine = self.read("model.res.user.get_preferences", True)
        self.context = {name: mine[name] for name in ("language", "company", "companies") if mine.get(name)}

    def _send(self, method: str, params: Sequence[Any], *, reads: bool) -> Any:
        body = json.dumps({"id": 0, "method": method, "params": params}, default=_encoded)
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Session {self._session}"} if self._session else {}
        url = f"{self._database}/rpc/"
        return self._http.json("POST", url, content=body, headers=headers, idempotent=reads)


def classify(response: Response) -> AppError | None:
    """404: no such database. All else as usual; refusals come with 200, see below."""
    if response.status_code == 404:
        return Refused(f"{where(response)}: the server has no such database. Check base_url and database.")
    return classify_status(response)


def _result(said: Any, method: str, *, reads: bool) -> Any:
    if not isinstance(said, dict):
        raise Refused(f"{method}: the server does not answer as Tryton does. Check base_url.")
    if "error" not in said:
        return decoded(said.get("result"))
    kind, detail = [*said["error"], ""][:2]
    if kind == "ConcurrencyException":
        raise Stale("The record was changed in Tryton meanwhile.")
    words = [str(one) for one in detail if one][:2] if kind in ("UserError", "UserWarning") else [str(kind)]
    text = f"Tryton: {' '.join(words)}"
    raise Refused(f"{text} ({method}). Check the user's rights and modules.") if reads else Invalid(text)


def decoded(value: Any) -> Any:
    """Tryton's dates (UTC, without a zone) and decimals as Python has them."""
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("__class__") == "datetime":
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(*(value[part] for part in parts), tzinfo=UTC)  # type: ignore[misc]
    if value.get("__class__") == "Decimal":
        return Decimal(value["decimal"])
    return {name: decoded(one) for name, one in value.items()}


def _encoded(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{part: getattr(at, part) for part in parts}}
    raise TypeError(f"{value!r} has no JSON")
