"""The one address of the Admin API. Its version is fixed here; Shopify keeps each for a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.http import Client
from connectors.shopify.errors import of_user

PATH = "admin/api/2026-07/graphql.json"
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """Sends GraphQL."""

    http: Client

    def query(self, text: str, **variables: Any) -> Raw:
        """The members of the answer; reading twice does no harm."""
        return self._send(text, variables, idempotent=True)

    def do(self, text: str, *, idempotent: bool = True, names: Sequence[str] = (), **variables: Any) -> Raw:
        """The payload of the only mutation in the text. Raises what its `userErrors` mean."""
        (payload,) = self._send(text, variables, idempotent=idempotent).values()
        found: Raw = payload or {}
        if error := of_user(found, names):
            raise error
        return found

    def _send(self, text: str, variables: Raw, *, idempotent: bool) -> Raw:
        body = {"query": text, "variables": dict(variables)}
        data: Raw = self.http.json("POST", PATH, json=body, idempotent=idempotent)["data"]
        return data
