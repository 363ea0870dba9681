"""One audience in memory: members by contact id, addressed by it, by their address, or by its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.clock import Clock
from sandbox.journal import Journal
from sandbox.mailchimp import errors, merging
from sandbox.table import Row, Table

STATUSES = {"subscribed", "unsubscribed", "cleaned", "pending", "transactional"}
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
LONGEST_TAG = 100
Tell = Callable[[str, str, Mapping[str, Any]], None]
"""(event, source, data)."""


class Audience:
    """Members stay once: an archived one is hidden, a permanently deleted address is never taken again."""

    def __init__(self, id: str, name: str, clock: Clock, journal: Journal, tell: Tell = lambda *_: None) -> None:
        self.id, self.name, self._journal, self._tell = id, name, journal, tell
        self.merges = merging.usual()
        self.table = Table(clock, lambda count: hashlib.md5(f"{id}{count}".encode()).hexdigest())  # noqa: S324
        self.addresses: dict[str, str] = {}
        """Lower-cased address -> contact id."""
        self.forgotten: set[str] = set()

    def find(self, key: str) -> Row | None:
        """A member, archived ones included, by contact id, address or hash."""
        if row := self.table.find(key):
            return row
        wanted = key.lower()
        for address, id in self.addresses.items() if "@" not in key else ():
            if hashed(address) == wanted:
                return self.table.find(id)
        return self.table.find(self.addresses.get(wanted, ""))

    def member(self, key: str) -> Row:
        """As `find`; raises 404."""
        row = self.find(key)
        if row is None:
            raise errors.not_found()
        return row

    def add(self, given: Mapping[str, Any], *, lenient: bool) -> Row:
        """A new member. `lenient`: required merge fields may be empty."""
        address = self._address(given.get("email_address"))
        if self.find(address):
            raise errors.exists(address)
        if address.lower() in self.forgotten:
            raise errors.forgotten(address)
        status = self._status(given.get("status"))
        values = merging.stored(self.merges, given.get("merge_fields") or {})
        if not lenient:
            merging.complete(self.merges, values)
        row = self.table.add(
            {
                "email_address": address,
                "status": status,
                "merge_fields": {merge["tag"]: "" for merge in self.merges} | values,
                "language": str(given.get("language") or ""),
                "vip": bool(given.get("vip")),
                "tags": _tags(given.get("tags") or ()),
                "own": False,
            }
        )
        self.addresses[address.lower()] = row.id
        self._journal.mail += status == "pending"
        self._told(row, {"status": status} if status == "subscribed" else {})
        return row

    def change(self, row: Row, given: Mapping[str, Any], *, lenient: bool) -> Row:
        """The member with these fields set; one in which nothing changes is not touched."""
        fresh: dict[str, Any] = {name: given[name] for name in ("language", "vip") if name in given}
        if "email_address" in given:
            fresh["email_address"] = self._moved(row, given["email_address"])
        if given.get("status"):
            fresh["status"] = self._allowed(row, self._status(given["status"]))
        if "merge_fields" in given:
            fresh["merge_fields"] = row.data["merge_fields"] | merging.stored(self.merges, given["merge_fields"])
            if not lenient:
                merging.complete(self.merges, fresh["merge_fields"])
        if "tags" in given:
            fresh["tags"] = _tags(given["tags"])
        if any(row.data[name] != value for name, value in fresh.items()):
            had = dict(row.data)
            self._journal.mail += fresh.get("status") == "pending" != row.data["status"]
            before = row.data["email_address"]
            self.table.change(row.id, fresh)
            del self.addresses[before.lower()]
            self.addresses[row.data["email_address"].lower()] = row.id
            self._told(row, {name: value for name, value in fresh.items() if had[name] != value})
        return row

    def label(self, row: Row, tags: Sequence[Mapping[str, Any]]) -> None:
        """Tags set active and inactive."""
        had = list(row.data["tags"])
        for each in tags:
            (name,) = _tags([each["name"]])
            same = [tag for tag in had if tag.lower() == name.lower()]
            if each.get("status") == "inactive":
                had = [tag for tag in had if tag not in same]
            elif not same:
                had.append(name)
        if had != row.data["tags"]:
            self.table.change(row.id, {"tags": had})

    def archive(self, row: Row) -> None:
        """Hidden; the status it had is lost."""
        self.table.change(row.id, {"status": "archived"})
        self._tell("unsubscribe", "api", {**_shown(row), "action": "delete"})

    def erase(self, row: Row) -> None:
        """For good: no trace, and the address is never taken again."""
        address = row.data["email_address"].lower()
        self.addresses.pop(address)
        self.forgotten.add(address)
        self.table.rows.pop(row.id)

    def by_themselves(self, row: Row, status: str) -> None:
        """What people and their servers do: from then on nobody else subscribes them."""
        self.table.change(row.id, {"status": status, "own": True})
        self._told(row, {"status": status}, "user")

    def state(self) -> dict[str, Any]:
        """As JSON."""
        kept = {"id": self.id, "name": self.name, "merges": self.merges, "forgotten": sorted(self.forgotten)}
        return kept | {"table": self.table.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self.merges, self.forgotten = list(state["merges"]), set(state["forgotten"])
        self.table.load(state["table"])
        self.addresses = {row.data["email_address"].lower(): row.id for row in self.table.living()}

    def _told(self, row: Row, changed: Mapping[str, Any], source: str = "api") -> None:
        """A change of tags alone is not told."""
        status = str(changed.get("status"))
        if event := {"subscribed": "subscribe", "unsubscribed": "unsubscribe", "cleaned": "cleaned"}.get(status):
            self._tell(event, source, _shown(row))
        if "email_address" in changed:
            self._tell("upemail", source, {"new_id": row.id[:10], "new_email": row.data["email_address"]})
        if {"merge_fields", "language", "vip"} & set(changed):
            self._tell("profile", source, _shown(row))

    def _address(self, given: Any) -> str:
        address = str(given or "").strip()
        if not ADDRESS.fullmatch(address):
            raise errors.invalid([{"field": "email_address", "message": "This value should be a valid email."}])
        return address

    def _moved(self, row: Row, given: Any) -> str:
        """Another address of the same member."""
        address = self._address(given)
        other = self.find(address)
        if other is not None and other is not row:
            raise errors.exists(address)
        return address

    def _status(self, given: Any) -> str:
        if given not in STATUSES:
            message = "Data did not match any of the schemas described in anyOf."
            raise errors.invalid([{"field": "status", "message": message}])
        return str(given)

    def _allowed(self, row: Row, status: str) -> str:
        """Who said no is not subscribed by others; they may be asked, but not those whose mail bounced."""
        before, address = row.data["status"], row.data["email_address"]
        bounced = before == "cleaned"
        if status != before and ((status == "subscribed" and row.data["own"]) or (bounced and status == "pending")):
            raise errors.compliance(address)
        return status


def _shown(row: Row) -> dict[str, Any]:
    return {"id": row.id[:10], "email": row.data["email_address"], "web_id": int(row.id[:7], 16)}


def hashed(address: str) -> str:
    """The id of a member: MD5 of the lower-cased address."""
    return hashlib.md5(address.lower().encode()).hexdigest()  # noqa: S324 - Mailchimp's choice


def _tags(given: Sequence[Any]) -> list[str]:
    names = [str(each["name"] if isinstance(each, Mapping) else each).strip() for each in given]
    if any(not name or len(name) > LONGEST_TAG for name in names):
        raise errors.invalid([{"field": "tags", "message": f"A tag has 1 to {LONGEST_TAG} characters."}])
    return list(dict.fromkeys(names))
