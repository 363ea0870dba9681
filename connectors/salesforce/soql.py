"""Queries as text, and their pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.http import Client
from connectors.paging import by_link
from engine.contract import Invalid, Refused

API = "services/data/v64.0"
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}


def select(columns: Iterable[str], source: str, rest: str = "") -> str:
    """`rest`: from WHERE on."""
    return f"SELECT {', '.join(columns)} FROM {source} {rest}".rstrip()  # noqa: S608 - values are quoted below


def quoted(value: str) -> str:
    """A text as a literal. Whatever it holds, it stays inside of its quotes."""
    return "'" + "".join(_ESCAPES.get(letter, letter) for letter in value) + "'"


def listed(values: Iterable[str]) -> str:
    """For IN."""
    return f"({', '.join(map(quoted, values))})"


def at(moment: datetime) -> str:
    """A time as a literal, which has no quotes."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def pages(http: Client, query: str, *, binned: bool = False) -> Iterator[Sequence[Any]]:
    """The rows, page by page. `binned`: deleted ones, too.

    Which records they are is settled with the first page, so that nothing slips through while others edit. Salesforce
    drops a query that nobody reads on from: that is Transient.
    """
    first = f"{API}/{'queryAll' if binned else 'query'}"

    def fetch(link: str) -> Any:
        try:
            return http.json("GET", link, params={"q": query} if link == first else None)
        except Invalid as error:
            raise Refused(f"{error} Perhaps its fields have just been changed: run again.") from error

    for page in by_link(fetch, lambda page: page.get("nextRecordsUrl"), first):
        yield page["records"]
