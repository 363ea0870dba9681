"""Microsoft Graph: lists in pages, and rounds of changes that end with a link for the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from connectors.graph import PREFER
from connectors.http import Client, Response, decode
from connectors.paging import by_link
from engine.contract import CursorExpired

ROUND = {"Prefer": f"{PREFER['Prefer']}, odata.maxpagesize=500"}


def pages(http: Client, first: str, headers: Mapping[str, str] = PREFER) -> Iterator[Response]:
    """A list, or a round of changes, page by page."""

    def following(response: Response) -> str | None:
        link = decode(response).get("@odata.nextLink")
        return str(link) if link else None

    return by_link(lambda link: http.request("GET", link, headers=headers), following, first)


def last_link(http: Client, first: str) -> str:
    """A fresh round, for the sake of the link at its end: what it lists is not looked at."""
    for response in pages(http, first, ROUND):
        link = decode(response).get("@odata.deltaLink")
        if link:
            return str(link)
    raise CursorExpired("Graph ended a round of changes without a link to go on from.")


def listed(http: Client, first: str) -> list[Mapping[str, Any]]:
    """All items of a short list."""
    return [item for response in pages(http, first) for item in decode(response)["value"]]


def spelled(options: Mapping[str, str]) -> str:
    """A query string that leaves OData's signs readable."""
    return urlencode(options, quote_via=quote, safe="$,()'=:/{}-")
