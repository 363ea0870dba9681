"""Reading the members of an audience: all of them, those that changed, those that were archived.

The id is the contact id, which stays when the address changes. Times of change are in whole seconds, so the version is
that time and a digest of what is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import rest
from connectors.http import Client
from connectors.mailchimp.merging import STAMP, Merges, native
from connectors.rest import Since
from engine.contract import Json, Missing, Page, Record, Transient

ROOT = "3.0/"
COUNT = 500
LAP = 20  # members that a page shows of the one before, as they move while others read and write
OVERLAP = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
FEW = 20
ARCHIVED = "archived"
SHOWN = "contact_id,email_address,status,merge_fields,language,vip,tags,last_changed"


@dataclass(frozen=True, slots=True)
class Audience:
    """One audience (`list` in the API)."""

    http: Client
    id: str
    merges: Merges

    @property
    def path(self) -> str:
        return f"{ROOT}lists/{self.id}"

    def member(self, id: str) -> dict[str, Any]:
        """One member by contact id. Raises Missing, also where it is archived."""
        raw = self.find(id)
        if raw["status"] == ARCHIVED:
            raise Missing(f"Member {id} is archived in Mailchimp.")
        return raw

    def find(self, id: str) -> dict[str, Any]:
        """One member by contact id or by the hash of its address, archived ones included. Raises Missing."""
        raw: dict[str, Any] = self.http.json("GET", f"{self.path}/members/{id}", params={"fields": SHOWN})
        return raw

    def record_of(self, raw: Mapping[str, Any]) -> Record:
        """One record from Mailchimp's JSON of a member."""
        values = raw.get("merge_fields") or {}
        data = {
            "email_address": raw["email_address"],
            "status": raw["status"],
            "tags": [str(tag["name"]) for tag in raw.get("tags") or []],
            "language": raw.get("language") or None,
            "vip": bool(raw.get("vip")),
            **{tag: native(type_, values.get(tag)) for tag, type_ in self.merges.items() if tag != STAMP},
        }
        return Record(
            id=str(raw["contact_id"]),
            version=f"{raw['last_changed']} {_digest(data)}",
            data=data,
            changed_at=_moment(raw["last_changed"]),
            stamp=values.get(STAMP) or None,
        )


def scan(audience: Audience, scope: Json) -> Iterator[Page]:
    """All members but archived ones. The cursor is from before the scan, by Mailchimp's own clock."""
    newest = _page(audience, {"sort_field": "last_changed", "sort_dir": "DESC", "count": 1})
    begun = _moment(newest[0]["last_changed"]) if newest else None
    recent: dict[str, str] = {}
    for rows in _all(audience):
        records = [audience.record_of(row) for row in rows]
        late = [each for each in records if begun is None or not each.changed_at or each.changed_at >= begun - OVERLAP]
        recent |= {record.id: rest.mark(record) for record in late}
        yield Page(records)
    yield Page([], _cursor(scope, Since(begun, recent), Since(begun)))


def changes(audience: Audience, scope: Json, cursor: str) -> Iterator[Page]:
    """Members that changed, and those that were archived."""
    parts = rest.resumed(cursor, scope, "live", "archived")
    live, binned = Since.of(parts["live"]), Since.of(parts["archived"])
    away = [_light(row) for row in _changed(audience, binned, {"status": ARCHIVED})]
    found = [audience.record_of(row) for row in _changed(audience, live, {})]
    told = {record.id for record in binned.fresh(away)}
    there = [record for record in live.fresh(found) if record.id not in told]
    after = _cursor(scope, live.after(found, OVERLAP), binned.after(away, OVERLAP))
    yield Page([*(rest.gone(id) for id in sorted(told)), *there], after)


def get(audience: Audience, ids: Sequence[str]) -> Iterator[Record]:
    """The named members; an archived one is gone. Very many are looked up in the list, which shows 500 at a time."""
    listed: dict[str, Record] = {}
    if len(ids) > FEW and len(ids) > _total(audience) / (COUNT - LAP):
        listed = {str(row["contact_id"]): audience.record_of(row) for rows in _all(audience) for row in rows}
    for id in ids:
        if id in listed:
            yield listed[id]
            continue
        try:
            yield audience.record_of(audience.member(id))
        except Missing:
            yield rest.gone(id)


def _changed(audience: Audience, since: Since, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each page begins a second before the last time seen, as what is edited meanwhile moves to the end; only where
    that leads nowhere, since very many changed in one second, it is a position."""
    start, offset = since.start(OVERLAP), 0
    asked = {"sort_field": "last_changed", "sort_dir": "ASC", "count": COUNT, **params}
    seen: set[str] = set()
    while True:
        at = {"since_last_changed": start.isoformat(timespec="seconds"), "offset": offset}
        rows = _page(audience, {**asked, **at})
        fresh = _unseen(rows, seen, offset)
        yield from fresh
        if len(rows) < COUNT:
            return
        following = _moment(rows[-1]["last_changed"]) - SECOND
        start, offset = (following, 0) if fresh and following > start else (start, offset + COUNT - LAP)


def _all(audience: Audience) -> Iterator[list[dict[str, Any]]]:
    """Pages by position that overlap; each member once."""
    seen: set[str] = set()
    offset, full = 0, True
    while full:
        asked = {"sort_field": "timestamp_opt", "sort_dir": "ASC", "count": COUNT, "offset": offset}
        rows = _page(audience, asked)
        yield _unseen(rows, seen, offset)
        full, offset = len(rows) == COUNT, offset + COUNT - LAP


def _unseen(rows: list[dict[str, Any]], seen: set[str], offset: int) -> list[dict[str, Any]]:
    """The members that no page has shown before. Transient where a further full page shows nothing else."""
    fresh = [row for row in rows if row["contact_id"] not in seen]
    if offset and len(rows) == COUNT and not fresh:
        raise Transient(f"Mailchimp sends the same members for every position (at {offset}). Read again later.")
    seen |= {row["contact_id"] for row in fresh}
    return fresh


def _page(audience: Audience, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ",".join(f"members.{name}" for name in SHOWN.split(","))
    answer = audience.http.json("GET", f"{audience.path}/members", params={"fields": names, **params})
    return list(answer["members"])


def _total(audience: Audience) -> int:
    answer = audience.http.json("GET", f"{audience.path}/members", params={"fields": "total_items", "count": 0})
    return int(answer["total_items"])


def hashed(address: str) -> str:
    """Mailchimp's own name of a member: MD5 of the lower-cased address."""
    return hashlib.md5(address.lower().encode()).hexdigest()  # noqa: S324 - not for security


def _light(row: Mapping[str, Any]) -> Record:
    return Record(str(row["contact_id"]), str(row["last_changed"]), {}, _moment(row["last_changed"]))


def _digest(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _cursor(scope: Json, live: Since, archived: Since) -> str:
    return rest.cursor(scope, live=live.as_json(), archived=archived.as_json())
