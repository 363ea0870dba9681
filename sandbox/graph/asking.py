"""One request to the API, taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

from sandbox.app import visit_of
from sandbox.faults import Visit
from sandbox.graph.directory import OWNER, OWNER_ID
from sandbox.graph.errors import bad_request

ROOT = "/v1.0"
_PREFERENCE = re.compile(r'([\w.-]+)\s*=\s*("[^"]*"|[^,\s]+)')


@dataclass(frozen=True, slots=True)
class Asking:
    """`parts`: the path below the root, decoded part by part (an id may hold a slash); `url`: scheme, host and path."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    prefer: Mapping[str, str]
    headers: Mapping[str, str]
    url: str
    base: str
    visit: Visit
    body: bytes = b""

    def json(self) -> Any:
        """The parsed body; Refusal (400) when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise bad_request("Unable to read JSON request payload.", "BadRequest") from error

    def link(self, **options: str) -> str:
        """This address with other query options; `__top` stands for `$top`."""
        named = {name.replace("__", "$"): value for name, value in options.items()}
        kept = {name: value for name, value in self.query.items() if value}
        return f"{self.url}?{spelled(kept | named)}"

    def context(self, what: str) -> str:
        return f"{self.base}{ROOT}/$metadata#{what}"


@dataclass(frozen=True, slots=True)
class Answering:
    """What a handler answers; `body` None has no content."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def preferences(header: str) -> dict[str, str]:
    """Several preferences may stand in one header, joined by commas."""
    return {name.lower(): value.strip('"') for name, value in _PREFERENCE.findall(header)}


def spelled(query: Mapping[str, str]) -> str:
    """A query string that leaves `$` as it is."""
    return "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())


async def take_apart(request: Request) -> Asking:
    """Read it whole. The path is split before it is decoded."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.decode("latin-1").partition("?")[0]
    base = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
    return Asking(
        method=request.method,
        parts=_named(tuple(unquote(part) for part in path.removeprefix(ROOT).split("/") if part)),
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        prefer=preferences(", ".join(request.headers.getlist("prefer"))),
        headers={name.lower(): value for name, value in request.headers.items()},
        url=f"{base}{path}",
        base=base,
        visit=visit_of(request),
        body=await request.body(),
    )


def _named(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Other spellings of the same: functions with parentheses or name space, the user by id instead of `me`."""
    plain = tuple(part.removesuffix("()").removeprefix("microsoft.graph.") for part in parts)
    if plain[:1] == ("users",) and len(plain) > 1 and plain[1].lower() in {OWNER_ID, OWNER["address"].lower()}:
        return ("me", *plain[2:])
    return plain
