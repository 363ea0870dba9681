"""The two kinds of records: what to ask for, and what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.paging import by_cursor
from connectors.shopify.api import Api, Raw
from connectors.shopify.custom import KEY, NAMESPACE, following, native
from engine.contract import Record

POINTS = 900
"""Of the 1,000 that one query may cost."""
MOST = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """Products or customers of one shop. `points`: what one record costs; `data`: native values from Shopify's JSON;
    `customs`: our names of its metafields -> Shopify's type."""

    obj: str
    type: str
    members: str
    points: int
    data: Callable[[Raw], dict[str, Any]]
    whole: Callable[[Api, Raw], Raw] = lambda _, raw: raw
    """Reads on where a part is longer than what comes with the record."""
    customs: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> int:
        """How many records fit into one query."""
        return max(1, min(MOST, POINTS // (self.points + 2 + len(self.customs))))

    @property
    def fragment(self) -> str:
        """The definition of `...Whole`."""
        metafields = " ".join(
            f"m{number}: {_metafield(*name.split('.', 1))}" for number, name in enumerate(self.customs)
        )
        stamp = f"stamp: {_metafield(NAMESPACE, KEY)}"
        return f"fragment Whole on {self.type} {{ id createdAt updatedAt {stamp} {metafields} {self.members} }}"

    def gid(self, id: str) -> str:
        """Shopify's name of a record."""
        return f"gid://shopify/{self.type}/{id}"

    def record(self, api: Api, raw: Raw) -> Record:
        """One record from Shopify's JSON. Times are in whole seconds: the version has a digest of the values, too."""
        shown = self.data(self.whole(api, raw))
        for number, (name, type_) in enumerate(self.customs.items()):
            shown[name] = native(type_, (raw[f"m{number}"] or {}).get("value"))
        text = json.dumps(shown, sort_keys=True, ensure_ascii=False)
        return Record(
            id=number_of(raw["id"]),
            version=f"{raw['updatedAt']} {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}",
            data=shown,
            changed_at=datetime.fromisoformat(raw["updatedAt"]),
            created_at=datetime.fromisoformat(raw["createdAt"]),
            stamp=(raw.get("stamp") or {}).get("value"),
        )


def number_of(gid: str) -> str:
    """The id as people see it in the addresses of Shopify's own pages."""
    return gid.rpartition("/")[2]


def all_of(api: Api, text: str, member: str, **variables: Any) -> Iterator[Raw]:
    """All nodes of a connection of a record's parts."""

    def fetch(after: str | None) -> Raw:
        owner = next(iter(api.query(text, after=after, **variables).values())) or {}
        page: Raw = owner.get(member) or {"nodes": [], "pageInfo": {"hasNextPage": False}}
        return page

    for page in by_cursor(fetch, following):
        yield from page["nodes"]


def _metafield(namespace: str, key: str) -> str:
    return f"metafield(namespace: {json.dumps(namespace)}, key: {json.dumps(key)}) {{ value }}"
