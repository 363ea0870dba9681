"""One shop's data, and what products and customers have in common: lists, ids, times."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from graphql import GraphQLError

from sandbox.clock import Clock
from sandbox.shopify.errors import UserError
from sandbox.shopify.metafields import Definitions, full, holder, shown
from sandbox.shopify.search import matches
from sandbox.table import Row, Table

Raw = dict[str, Any]
PAGE = 250
FIRST_ID = 7_600_000_000


class Shop:
    """Rows by kind (`Product`, `Customer`), definitions of metafields, webhook subscriptions."""

    name = "Stand-in Ltd"
    domain = "stand-in.myshopify.com"
    currency = "EUR"
    zone = "Europe/Berlin"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.products = Table(clock, lambda n: str(FIRST_ID + n))
        self.customers = Table(clock, lambda n: str(FIRST_ID + n))
        self.definitions = Definitions()
        self.hooks: list[Raw] = []
        self.made = 0
        self.lag = timedelta()
        """How late the index is that answers a `query`."""
        self.reach = 25_000
        """How far into a list its cursors lead."""

    def number(self) -> str:
        """A fresh id for a part of a record."""
        self.made += 1
        return str(4_100_000_000 + self.made)

    def table(self, kind: str) -> Table:
        """Of a type of the API."""
        return self.products if kind == "Product" else self.customers

    def find(self, kind: str, id: str | None) -> Row | None:
        """By gid."""
        head, _, number = str(id or "").rpartition("/")
        return self.table(kind).find(number) if head == f"gid://shopify/{kind}" else None

    def known(self, kind: str, id: str | None, *field: str, code: str | None = None) -> Row:
        """By gid, or the user error."""
        row = self.find(kind, id)
        if row is None:
            raise UserError(f"{kind} does not exist", *field, code=code)
        return row

    def custom(self, kind: str, identifier: Mapping[str, Any]) -> Row | None:
        """By a metafield of type `id`."""
        key = full(identifier)
        if (defined := self.definitions.find(kind.upper(), key)) is None or defined["type"]["name"] != "id":
            raise GraphQLError(f"Metafield definition of type 'id' is required when using custom ids: {key}")
        return holder(self.table(kind), key, str(identifier["value"]))

    def state(self) -> Raw:
        """As JSON."""
        tables = {"products": self.products.state(), "customers": self.customers.state()}
        return {**tables, "definitions": self.definitions.rows, "hooks": self.hooks, "made": self.made}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.products.load(state["products"])
        self.customers.load(state["customers"])
        self.definitions.rows, self.hooks, self.made = list(state["definitions"]), list(state["hooks"]), state["made"]

    def listed(self, kind: str, show: Callable[[Row], Raw], given: Mapping[str, Any]) -> Raw:
        """A page of records, sorted by id or by time of change; a cursor is the place of a row, not a position."""
        found = [row for row in self.table(kind).living() if matches(given.get("query"))(row)]
        if given.get("query") and self.lag:
            found = [row for row in found if self.clock.now() - row.changed_at >= self.lag]
        place = _changed if given.get("sortKey") == "UPDATED_AT" else _number
        found.sort(key=place, reverse=bool(given.get("reverse")))
        if (after := given.get("after")) is not None:
            last = tuple(json.loads(base64.b64decode(after)))
            found = [row for row in found if place(row) > last]
            if len(self.table(kind).rows) - len(found) > self.reach and not given.get("query"):
                raise GraphQLError("Pagination is limited to 25000 objects.")
        return connection(found, show, given.get("first"), lambda row: _cursor(place(row)))


def connection(rows: Sequence[Any], show: Callable[[Any], Raw], first: int | None, cursor: Callable[[Any], str]) -> Raw:
    """The first rows as a connection."""
    if first is None:
        raise GraphQLError("you must provide one of first or last")
    if first > PAGE:
        raise GraphQLError(f"first cannot exceed {PAGE}")
    page = rows[:first]
    edges = [{"cursor": cursor(row), "node": show(row)} for row in page]
    ends = {"startCursor": edges[0]["cursor"], "endCursor": edges[-1]["cursor"]} if edges else {}
    info = {"hasNextPage": len(rows) > first, "hasPreviousPage": False, **ends}
    return {"nodes": [edge["node"] for edge in edges], "edges": edges, "pageInfo": info}


def parts(rows: Sequence[Raw], first: int | None, after: str | None = None) -> Raw:
    """A connection of parts of a record; its cursors are positions."""
    begin = int(after or 0)
    numbered = list(enumerate(rows, 1))[begin:]
    return connection(numbered, lambda each: dict(each[1]), first, lambda each: str(each[0]))


def meta(row: Row) -> Raw:
    """The members that all owners of metafields have."""

    def one(_: Any, key: str, namespace: str | None = None) -> Raw | None:
        return next(iter(shown(row, [f"{namespace or 'custom'}.{key}"])), None)

    def several(_: Any, first: int | None = None, after: str | None = None, **given: Any) -> Raw:
        return parts(shown(row, given.get("keys")), first, after)

    return {"metafield": one, "metafields": several}


def moment(at: datetime) -> str:
    """Whole seconds, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def tidy(tags: Sequence[str] | None) -> list[str]:
    """Without outer blanks, each once whatever its case, by the alphabet."""
    found: dict[str, str] = {}
    for tag in (each for given in tags or () for each in given.split(",")):
        if text := tag.strip():
            found.setdefault(text.lower(), text)
    return sorted(found.values(), key=str.lower)


def short(given: Mapping[str, Any], limits: Mapping[str, int], *path: str) -> None:
    """Refuses texts that are too long."""
    for name, most in limits.items():
        if len(str(given.get(name) or "")) > most:
            label = name[0].upper() + name[1:]
            raise UserError(f"{label} is too long (maximum is {most} characters)", *path, name, code="TOO_LONG")


def _changed(row: Row) -> tuple[Any, ...]:
    return (moment(row.changed_at), int(row.id))


def _number(row: Row) -> tuple[Any, ...]:
    return (int(row.id),)


def _cursor(place: tuple[Any, ...]) -> str:
    return base64.b64encode(json.dumps(place).encode()).decode()
