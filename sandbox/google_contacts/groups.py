"""Contact groups: the user's own, and Google's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.clock import Clock
from sandbox.google_contacts.errors import exists, invalid, not_found

SYSTEM = ("myContacts", "starred", "friends", "family", "coworkers", "chatContacts", "all", "blocked")
OPEN = {"myContacts", "starred"}
"""The only ones of Google's that take members."""
MY: Mapping[str, Any] = {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}

Group = dict[str, Any]


class Groups:
    """Groups by resource name. Names are unique among the user's own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made = 0
        self.all: dict[str, Group] = {f"contactGroups/{name}": self._group(name, system=True) for name in SYSTEM}

    def find(self, name: str) -> Group:
        """By resource name; 404."""
        if name not in self.all:
            raise not_found()
        return self.all[name]

    def create(self, body: Any) -> Group:
        """A group of the user's; 409 where the name is taken."""
        name = self._free_name(body)
        self._made += 1
        made = self._group(f"{self._made:x}0a{self._made:x}", system=False) | {"name": name, "formattedName": name}
        self.all[made["resourceName"]] = made
        return made

    def rename(self, resource: str, body: Any) -> Group:
        """Contacts do not count as changed by it."""
        group = self._own(resource)
        if group["name"] != (body.get("contactGroup") or {}).get("name"):
            name = self._free_name(body)
            group |= {"name": name, "formattedName": name}
            self._touch(group)
        return group

    def remove(self, resource: str) -> None:
        """The group, not its members."""
        self._own(resource)
        del self.all[resource]

    def members(self, entries: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Memberships as they are stored; 400 for groups that are not there or take none who is not in them."""
        return [membership(name) for name in dict.fromkeys(self._joined(entry, before) for entry in entries)]

    def _joined(self, entry: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> str:
        name = group_of(entry)
        closed = name.removeprefix("contactGroups/") in set(SYSTEM) - OPEN
        if name not in self.all or (closed and name not in map(group_of, before)):
            raise invalid(f"Contact group {name!r} cannot have members added.", "person.memberships")
        return name

    def _own(self, resource: str) -> Group:
        group = self.find(resource)
        if group["groupType"] == "SYSTEM_CONTACT_GROUP":
            raise invalid("System contact groups cannot be changed.", "contact_group")
        return group

    def _free_name(self, body: Any) -> str:
        name = (body.get("contactGroup") or {}).get("name")
        if not name or not isinstance(name, str):
            raise invalid("Contact group name must be set.", "contact_group.name")
        own = [group for group in self.all.values() if group["groupType"] == "USER_CONTACT_GROUP"]
        if name.lower() in {group["name"].lower() for group in own}:
            raise exists("Contact group name already exists.")
        return name

    def _group(self, name: str, *, system: bool) -> Group:
        kind = "SYSTEM_CONTACT_GROUP" if system else "USER_CONTACT_GROUP"
        group = {"resourceName": f"contactGroups/{name}", "name": name, "formattedName": name, "groupType": kind}
        return self._touch({**group, "count": 0})

    def _touch(self, group: Group) -> Group:
        group["count"] += 1
        now = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        group |= {"etag": f"g{group['count']}", "metadata": {"updateTime": now}}
        return group

    def state(self) -> dict[str, Any]:
        """As JSON."""
        return {"all": self.all, "made": self._made}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self.all, self._made = dict(state["all"]), state["made"]


def group_of(entry: Mapping[str, Any]) -> str:
    """The resource name of a membership's group."""
    return str((entry.get("contactGroupMembership") or {}).get("contactGroupResourceName", ""))


def membership(name: str) -> dict[str, Any]:
    """As it is stored and shown."""
    group = {"contactGroupId": name.removeprefix("contactGroups/"), "contactGroupResourceName": name}
    return {"contactGroupMembership": group}


def shown(group: Group, members: Sequence[str], limit: int | None = None) -> Group:
    """As replies show it; `limit` is maxMembers."""
    reply = {name: value for name, value in group.items() if name != "count"}
    if members:
        reply["memberCount"] = len(members)
    return reply | ({"memberResourceNames": list(members[:limit])} if limit and members else {})
