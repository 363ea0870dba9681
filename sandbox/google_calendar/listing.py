"""Lists in pages. A list is fixed when its first page is asked for; a sync token names that moment."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.clock import Clock
from sandbox.google_calendar import parameters, showing, times
from sandbox.google_calendar.calendar import Calendar, Event
from sandbox.google_calendar.errors import bad_parameter, gone
from sandbox.google_calendar.selecting import Query, Row, instances, resolve, select, select_changed

TOKEN_LIFE = timedelta(days=30)
UPDATED_LIFE = timedelta(days=28)
KEPT_LISTS = 200


@dataclass(slots=True)
class _Frozen:
    """The rows of one list, and the query that made them."""

    calendar: str
    key: str
    rows: list[Row]
    token: str | None


class Lister:
    """Pages of `events.list`. Page tokens live as long as the server and some hundred newer lists."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._frozen: OrderedDict[str, _Frozen] = OrderedDict()
        self._count = 0

    def page(self, calendar: Calendar, query: QueryParams, *, expired: bool = False) -> dict[str, Any]:
        """One page of `events.list`; `expired` answers a sync token as if it were too old."""
        return self._page(calendar, query, lambda: self._freeze(calendar, query, expired=expired))

    def instances(self, calendar: Calendar, master: Event, query: QueryParams) -> dict[str, Any]:
        """One page of `events.instances`."""

        def freeze() -> _Frozen:
            rows = list(instances(calendar, master, query, self._clock.now()))
            return _Frozen(calendar.id, _key(query), rows, None)

        return self._page(calendar, query, freeze)

    def _page(self, calendar: Calendar, query: QueryParams, freeze: Callable[[], _Frozen]) -> dict[str, Any]:
        size = min(parameters.number(query, "maxResults", 250) or 250, 2500)
        if page_token := query.get("pageToken"):
            name, offset, found = self._again(calendar, page_token, query)
        else:
            self._count += 1
            name, offset, found = f"l{self._count}", 0, freeze()
            self._frozen[name] = found
            if len(self._frozen) > KEPT_LISTS:
                self._frozen.popitem(last=False)
        look = showing.Look(parameters.shown_zone(query, calendar.zone), parameters.number(query, "maxAttendees"))
        body = self._head(calendar) | {"items": _items(calendar, found, offset, size, look)}
        if offset + size < len(found.rows):
            return body | {"nextPageToken": f"{name}.{offset + size}"}
        return body | ({"nextSyncToken": found.token} if found.token else {})

    def _head(self, calendar: Calendar) -> dict[str, Any]:
        last = calendar.ticker.last or self._clock.now()
        return {
            "kind": "calendar#events",
            "etag": f'"p{calendar.sequence}"',
            "summary": calendar.summary,
            "description": calendar.description,
            "updated": times.stamp(last),
            "timeZone": calendar.zone,
            "accessRole": "owner",
            "defaultReminders": [{"method": "popup", "minutes": 10}],
        }

    def _again(self, calendar: Calendar, page_token: str, query: QueryParams) -> tuple[str, int, _Frozen]:
        name, _, offset = page_token.rpartition(".")
        found = self._frozen.get(name)
        if found is None or not offset.isdigit() or (found.calendar, found.key) != (calendar.id, _key(query)):
            raise bad_parameter("pageToken", "Invalid page token value.")
        return name, int(offset), found

    def _freeze(self, calendar: Calendar, query: QueryParams, *, expired: bool) -> _Frozen:
        if (since := query.get("syncToken")) is not None:
            _refuse_beside_token(query)
        wanted, now = Query.read(query), self._clock.now()
        if wanted.updated and wanted.updated < now - UPDATED_LIFE:
            message = "The requested minimum modification time lies too far in the past."
            raise gone("updatedMinTooLongAgo", message)
        token = self._token(calendar, wanted) if wanted.syncs else None
        if since is None:
            return _Frozen(calendar.id, _key(query), select(calendar, wanted, now), token)
        rows = select_changed(calendar, wanted, self._since(calendar, since, wanted, expired=expired), now)
        return _Frozen(calendar.id, _key(query), rows, token)

    def _token(self, calendar: Calendar, query: Query) -> str:
        fields = [calendar.epoch, calendar.sequence, _shape(query), self._clock.now().isoformat()]
        return urlsafe_b64encode(json.dumps(fields).encode()).decode()

    def _since(self, calendar: Calendar, token: str, query: Query, *, expired: bool) -> int:
        """The point of the log a token stands for: 410 when too old or not ours, 400 when made for another query."""
        stale = gone("fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
        try:
            epoch, sequence, shape, made = json.loads(urlsafe_b64decode(token))
            too_old = self._clock.now() - datetime.fromisoformat(made) > TOKEN_LIFE
        except (ValueError, TypeError):
            raise stale from None
        if expired or too_old or epoch != calendar.epoch:
            raise stale
        if shape != _shape(query):
            raise bad_parameter("syncToken", "The sync token was made with other parameters.")
        return int(sequence)


def _shape(query: Query) -> str:
    """What must be the same in a list and in the incremental ones after it."""
    return f"{query.single}/{','.join(sorted(query.types))}"


def _key(query: QueryParams) -> str:
    """The request without its place in the list."""
    asked = [pair for pair in query.multi_items() if pair[0] not in {"pageToken", "maxResults"}]
    return repr(sorted(asked))


def _refuse_beside_token(query: QueryParams) -> None:
    for name in parameters.SYNC_EXCLUDES:
        if name in query:
            message = f"The {name} parameter cannot be used together with a sync token."
            raise bad_parameter(name, message)
    if query.get("showDeleted", "true").lower() == "false":
        raise bad_parameter("showDeleted", "showDeleted cannot be false together with a sync token.")


def _items(calendar: Calendar, found: _Frozen, offset: int, size: int, look: showing.Look) -> list[dict[str, Any]]:
    """A page of rows as they are now; those that were forgotten meanwhile are left out."""
    rows = found.rows[offset : offset + size]
    return [showing.listed(resolve(calendar, row), look) for row in rows if row[0] in calendar.events]
