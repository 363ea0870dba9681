"""Attendees by lower-cased address: `{"ann@x.org": {"name": "Ann", "role": "required", "response": "accepted"}}`.

`role` is required, optional or resource; `response` none, accepted, tentative or declined; `organizer` only where True.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.lens import Context

Entry = Mapping[str, Any]
_RESPONSES = {
    "google": {"needsAction": "none", "accepted": "accepted", "tentative": "tentative", "declined": "declined"},
    "graph": {
        "none": "none", "notResponded": "none", "accepted": "accepted", "organizer": "accepted",
        "tentativelyAccepted": "tentative", "declined": "declined",
    },
    "ical": {"NEEDS-ACTION": "none", "ACCEPTED": "accepted", "TENTATIVE": "tentative", "DECLINED": "declined"},
}  # fmt: skip
_NOBODY = {"name": None, "role": "required", "response": "none"}
_NAME = {"google": "displayName", "graph": "name", "ical": "name"}
_RESPONSE = {"google": "responseStatus", "graph": "response", "ical": "partstat"}


def address(entry: Entry) -> str:
    """The key of an entry; empty where it has no address."""
    return str(entry.get("email") or "").strip().lower()


@dataclass(frozen=True, slots=True)
class People:
    """A list of attendees. Members of an entry that the shared value does not speak of are kept."""

    dialect: str
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "exact" if self.dialect == "graph" else "stable"

    def get(self, native: Any, context: Context) -> Any:
        return {key: self._show(entry) for key, entry in self.split(native).items() if "@" in key}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        shared = {key: {**_NOBODY, **entry} for key, entry in (shared or {}).items()}
        if self.get(old, context) == shared and (old is not None or not shared):
            return old if old is not None else []
        former = self.split(old)
        kept = [
            self._entry(key, shared[key], former[key]) if key in shared else former[key]
            for key in former
            if key in shared or "@" not in key
        ]
        return kept + [self._entry(key, shared[key], None) for key in sorted(shared) if key not in former]

    def split(self, native: Any) -> dict[str, Any]:
        """Native entries by key, in their order; the first of two with one address. Those without one get a number."""
        found: dict[str, Any] = {}
        for number, entry in enumerate(native or ()):
            found.setdefault(address(entry) or f"#{number}", entry)
        return found

    def join(self, entries: Mapping[str, Any]) -> list[Any]:
        """The native list of these entries."""
        return list(entries.values())

    def _show(self, entry: Entry) -> dict[str, Any]:
        response = _RESPONSES[self.dialect].get(str(entry.get(_RESPONSE[self.dialect]) or ""), "none")
        shown = {"name": entry.get(_NAME[self.dialect]) or None, "role": self._role(entry), "response": response}
        organizes = entry.get("organizer") is True or (self.dialect == "graph" and entry.get("response") == "organizer")
        return {**shown, "organizer": True} if organizes else shown

    def _role(self, entry: Entry) -> str:
        if self.dialect == "google":
            return "resource" if entry.get("resource") else "optional" if entry.get("optional") else "required"
        if self.dialect == "graph":
            return str(entry["type"]) if entry.get("type") in ("optional", "resource") else "required"
        if entry.get("cutype") in ("RESOURCE", "ROOM"):
            return "resource"
        return "optional" if entry.get("role") in ("OPT-PARTICIPANT", "NON-PARTICIPANT") else "required"

    def _entry(self, key: str, shared: Entry, old: Entry | None) -> Entry:
        if old is not None and self._show(old) == shared:
            return old
        entry = {"email": key, **(old or {})}
        _set(entry, _NAME[self.dialect], shared.get("name"))
        if self._role(entry) != shared["role"]:
            self._cast(entry, shared["role"])
        if old is None or self._show(entry)["response"] != shared["response"]:
            names = {
                shown: native for native, shown in reversed(_RESPONSES[self.dialect].items()) if native != "organizer"
            }
            entry[_RESPONSE[self.dialect]] = names[shared["response"]]
        if self.dialect == "graph" and self._show(entry).get("organizer") != shared.get("organizer"):
            self._organize(entry, shared)
        return entry

    def _organize(self, entry: dict[str, Any], shared: Entry) -> None:
        entry.pop("organizer", None)
        if shared.get("organizer") and shared["response"] == "accepted":
            entry["response"] = "organizer"
        elif shared.get("organizer"):
            entry["organizer"] = True
        elif entry.get("response") == "organizer":
            entry["response"] = "accepted"

    def _cast(self, entry: dict[str, Any], role: str) -> None:
        if self.dialect == "google":
            _set(entry, "resource", role == "resource" or None)
            _set(entry, "optional", role == "optional" or None)
        elif self.dialect == "graph":
            entry["type"] = role
        else:
            entry["role"] = "OPT-PARTICIPANT" if role == "optional" else "REQ-PARTICIPANT"
            if role == "resource" or entry.get("cutype") in ("RESOURCE", "ROOM"):
                entry["cutype"] = "RESOURCE" if role == "resource" else "INDIVIDUAL"


def _set(entry: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        entry.pop(name, None)
    else:
        entry[name] = value
