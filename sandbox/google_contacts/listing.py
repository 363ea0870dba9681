"""Reading: query parameters, masks, pages and sync tokens of `people.connections.list`."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.google_contacts.book import Book, shown
from sandbox.google_contacts.errors import expired, invalid
from sandbox.google_contacts.fields import READABLE

GLOBAL = {"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "$.xgafv", "access_token", "callback"}
_READ = {"personFields", "sources"}
ACCEPTED: Mapping[str, set[str]] = {
    "people.connections.list": _READ | {"pageSize", "pageToken", "requestSyncToken", "syncToken"},
    "people.get": _READ,
    "people.getBatchGet": _READ | {"resourceNames"},
    "people.createContact": _READ,
    "people.updateContact": _READ | {"updatePersonFields"},
    "people.deleteContact": set(),
    "people.batchCreateContacts": set(),
    "people.batchUpdateContacts": set(),
    "people.batchDeleteContacts": set(),
    "contactGroups.list": {"pageSize", "pageToken", "groupFields"},
    "contactGroups.get": {"maxMembers", "groupFields"},
    "contactGroups.create": set(),
    "contactGroups.update": set(),
    "contactGroups.delete": {"deleteContacts"},
    "contactGroups.members.modify": set(),
}
"""By method of the discovery document; what is not reproduced (sorting, the directory) is refused."""
LIFE = timedelta(days=7)  # of sync tokens, since the full sync


def check(method: str, query: QueryParams) -> None:
    """400 for a parameter the method does not have."""
    for name in query:
        if name not in ACCEPTED[method] | GLOBAL:
            raise invalid(f"Invalid JSON payload received. Unknown name {name!r}: Cannot bind query parameter.", name)


def mask(text: str | None, name: str, allowed: frozenset[str] = READABLE) -> list[str]:
    """A field mask; 400 where it is missing or names what is not there."""
    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not names:
        raise invalid(f"{name} mask is required. Please specify one or more valid paths.", name)
    if unknown := [part for part in names if part not in allowed]:
        raise invalid(f"Invalid {name} mask path: {unknown[0]!r}.", name)
    return names


def size(query: QueryParams, default: int, largest: int = 1000) -> int:
    """The page size, 1 to 1000."""
    text = query.get("pageSize", "0")
    if not text.isdigit() or int(text) > largest:
        raise invalid("pageSize must be within 1 and 1000.", "pageSize")
    return int(text) or default


def connections(book: Book, query: QueryParams, *, spent: bool) -> dict[str, Any]:
    """One page. `spent`: the sync token is to be refused as too old."""
    wanted = mask(query.get("personFields"), "personFields")
    asked = {name: query.getlist(name) for name in ("personFields", "sources", "pageSize", "requestSyncToken")}
    sync = _token(query, "syncToken", asked)
    if sync and (spent or book.clock.now() - datetime.fromisoformat(sync["full"]) > LIFE):
        raise expired()
    page = _token(query, "pageToken", asked)
    syncs = bool(sync) or query.get("requestSyncToken") == "true"
    until = page.get("until", book.horizon() if syncs else book.table.sequence)
    full = sync.get("full") or page.get("full") or book.clock.now().isoformat()
    after = page.get("after", sync.get("after", 0))
    rows = [row for row in book.between(after, until) if sync or not row.gone]
    rows = [row for row in rows if row.id not in book.aliases]
    taken, rest = rows[: size(query, 100)], rows[size(query, 100) :]
    reply: dict[str, Any] = {"totalItems": len(rows), "totalPeople": len(rows)}
    if taken:
        reply["connections"] = [shown(row, wanted, feed=bool(sync)) for row in taken]
    if rest:
        more = {"after": taken[-1].sequence, "until": until, "full": full, "asked": asked}
        return reply | {"nextPageToken": _written(more)}
    if syncs:
        reply["nextSyncToken"] = _written({"after": until, "full": full, "asked": asked})
    return reply


def _token(query: QueryParams, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a token was made for; the other parameters must be those of the first call."""
    if name not in query:
        return {}
    try:
        found: dict[str, Any] = json.loads(urlsafe_b64decode(query[name]))
    except ValueError:
        raise invalid(f"{name} is invalid.", name) from None
    if any(found["asked"][each] != asked[each] for each in ("personFields", "sources")):
        raise invalid(f"All parameters must match those of the call that gave the {name}.", name)
    return found


def _written(token: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(token).encode()).decode()
