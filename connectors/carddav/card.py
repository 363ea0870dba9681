"""One vCard: its properties as fields, and fields back onto its text, touching nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from connectors.carddav import days, labels, listed, parts
from connectors.carddav.fields import FIELDS, LISTS, NAMES, ORG, TEXTS
from connectors.lines import Apart, Component, Line, Unreadable, escape, parse, unescape
from connectors.lines import listed as words
from engine.contract import Invalid, Json, Record

STAMP = "X-SYNCLINE-KEY"
VERSIONS = ("3.0", "4.0")
KINDS = ("KIND", "X-ADDRESSBOOKSERVER-KIND")


class Card:
    """A contact over the text it is stored in."""

    def __init__(self, card: Component) -> None:
        self._card = card
        version = card.line("VERSION")
        self._version = version.value.strip() if version else ""
        if self._version not in VERSIONS:
            named = f"version {self._version}" if self._version else "no version"
            raise Unreadable(f"it is a vCard of {named}; those of 3.0 and 4.0 can be shown")

    @classmethod
    def load(cls, text: str) -> Self:
        """Apart for a group of contacts, which is none itself. Unreadable says why it cannot be shown."""
        card = parse(text, "VCARD")
        if any(line.value.strip().lower() == "group" for name in KINDS for line in card.lines(name)):
            raise Apart("it is a group of contacts, not a contact")
        return cls(card)

    @classmethod
    def fresh(cls, uid: str, data: Json, now: datetime, stamp: str, version: str) -> Self:
        """A new contact with this data, made under this key."""
        head = ["BEGIN:VCARD", f"VERSION:{version}", "PRODID:-//Syncline//CardDAV//EN", f"UID:{uid}", "FN:", "N:;;;;"]
        made = cls(parse("\n".join([*head, "END:VCARD"]), "VCARD"))
        made._card.put(STAMP, *([Line.make(STAMP, escape(stamp))] if stamp else []))
        made.edit(data, now)
        return made

    # --- reading --------------------------------------------------------------------------------------------------

    def record(self, ident: str, version: str | None) -> Record:
        key = self._text(STAMP)
        return Record(id=ident, version=version, data=self.read(), changed_at=self._changed_at(), stamp=key)

    def read(self) -> dict[str, Any]:
        """All fields of the schema; a birthday that is no whole day is left out (unread)."""
        data: dict[str, Any] = {"uid": self._text("UID")}
        data |= {field: self._text(name) for field, name in TEXTS.items()}
        data |= {field: self._part("N", at) for field, at in NAMES.items()}
        data |= {field: self._part("ORG", at) for field, at in ORG.items()}
        data |= {field: listed.read(self._card, field) for field in LISTS}
        data["categories"] = list(dict.fromkeys(t for one in self._card.lines("CATEGORIES") for t in words(one.value)))
        born = self._line("BDAY")
        if born is None or not born.value.strip():
            data["bday"] = None
        elif (day := days.read(born)) is not None:
            data["bday"] = day
        return data

    def text(self) -> bytes:
        return self._card.to_ical()

    def invites(self) -> bool:
        return False

    def _line(self, name: str) -> Line | None:
        """The preferred one: a name may be there in several languages."""
        return min(self._card.lines(name), key=labels.rank, default=None)

    def _text(self, name: str) -> str | None:
        line = self._line(name)
        return (unescape(line.value) or None) if line else None

    def _part(self, name: str, at: int) -> str | None:
        line = self._line(name)
        return parts.read(line.value, at) if line else None

    def _changed_at(self) -> datetime | None:
        try:
            at = datetime.fromisoformat(self._text("REV") or "")
        except ValueError:
            return None
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)

    # --- editing --------------------------------------------------------------------------------------------------

    def edit(self, data: Json, now: datetime) -> bool:
        """Set these fields; False where all of them are so already."""
        before = self.read()
        target = before | _settled(data)
        if not target["fn"] or "fn" not in data:
            target["fn"] = _shown_as({**before, "fn": target["fn"]}, target)
        changed = {name: value for name, value in target.items() if name not in before or value != before[name]}
        if not changed:
            return False
        for field, name in TEXTS.items():
            if field in changed:
                self._write_text(name, changed[field])
        self._write_parts("N", {at: changed[field] for field, at in NAMES.items() if field in changed}, 5)
        self._write_parts("ORG", {at: changed[field] for field, at in ORG.items() if field in changed}, 1)
        for field in LISTS:
            if field in changed:
                listed.write(self._card, field, changed[field], self._version)
        self._write_others(changed)
        form = "%Y-%m-%dT%H:%M:%SZ" if self._version == "3.0" else "%Y%m%dT%H%M%SZ"
        self._card.put("REV", Line.make("REV", now.astimezone(UTC).strftime(form)))
        return True

    def _write_text(self, name: str, value: str | None) -> None:
        """FN must be there, be it empty."""
        old = self._line(name) or Line.make(name, "")
        self._replace(name, old.with_value(escape(value or "")) if value or name == "FN" else None)

    def _write_parts(self, name: str, changes: Mapping[int, str | None], least: int) -> None:
        if not changes:
            return
        old = self._line(name) or Line.make(name, "")
        value = parts.write(old.value, changes, least)
        empty = name != "N" and not value.strip(";")
        self._replace(name, None if empty else old.with_value(value, SORT_AS=None))

    def _write_others(self, changed: Json) -> None:
        if "categories" in changed:
            text = ",".join(escape(tag) for tag in changed["categories"])
            self._card.put("CATEGORIES", *([Line.make("CATEGORIES", text)] if text else []))
        if "bday" in changed:
            self._replace("BDAY", days.write(changed["bday"], self._version) if changed["bday"] else None)

    def _replace(self, name: str, line: Line | None) -> None:
        """The preferred line of this name; others of the name stay."""
        old = self._line(name)
        lines = [line if one is old else one for one in self._card.lines(name)] if old else [line]
        self._card.put(name, *(one for one in lines if one is not None))


def _shown_as(before: Json, after: Json) -> str | None:
    """The shown name goes with the names that it was made of; one that somebody thought of stays."""
    shown, old, new = before["fn"] or "", _made_up(before), _made_up(after)
    if shown and shown not in old:
        return str(shown)
    return (new[old.index(shown)] if shown else "") or next(filter(None, new), None)


def _made_up(data: Json) -> list[str]:
    """What a contact may be shown as, the fullest first; "" where the names for it are missing."""
    names = [data[name] for name in ("prefix", "given_name", "middle_name", "family_name", "suffix")]
    entries = [*data["emails"], *data["phones"]]
    shown = [names, [names[1], names[3]], [data["org"]], [data["nickname"]], [one["value"] for one in entries[:1]]]
    return [" ".join(filter(None, one)) for one in shown]


def _settled(data: Json) -> dict[str, Any]:
    """Given values as `read` would show them. Else Invalid."""
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name not in FIELDS or not FIELDS[name].writable:
            raise Invalid(f"A contact has no {name} that can be written.", field=name)
        if name in LISTS:
            values[name] = listed.settled(name, value)
        elif name == "categories":
            values[name] = list(dict.fromkeys(text for tag in value or () if (text := str(tag).strip())))
        elif name == "bday":
            values[name] = days.settled(value)
        elif value is not None and not isinstance(value, str):
            raise Invalid(f"{value!r} is not a text.", field=name)
        else:
            values[name] = (value or "").replace("\r\n", "\n") or None
    return values
