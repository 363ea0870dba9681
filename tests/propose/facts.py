"""The same few things in the words of every app: what is told of them, and how a side writes and shows it.

A fact is called like its entry of the vocabulary, without the kind. What a side can tell is read off its fields, so
no mapping is believed: a list of telephones tells `mobile`, an address tells `city`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.contract import Field

Facts = dict[str, Any]
NAME = ("prefix", "given_name", "family_name")
ADDRESS = ("street", "city", "region", "postcode", "country")
LISTED = {
    "emails": {"email": "work"},
    "phones": {"phone": "work", "mobile": "mobile", "home_phone": "home"},
    "websites": {"website": "work"},
}
"""Word of a list -> facts that are in it -> their labels there."""
THINGS: dict[str, list[Facts]] = {
    "contact": [
        {
            "prefix": "Dr.", "given_name": first, "family_name": last, "nickname": f"{first}ie",
            "email": f"{first.lower()}@example.org", "phone": f"+49309018{number}",
            "mobile": f"+491511234{number}", "home_phone": f"+49305556{number}", "street": f"Main St {number}",
            "city": "Berlin", "region": "Brandenburg", "postcode": f"1{number}", "country": "Germany",
            "company": f"Engines {number}", "department": "Sales", "job_title": "Analyst", "language": "en",
            "website": f"https://example.org/{number}", "birthday": "1985-12-10", "notes": f"Met in room {number}",
            "tags": ["Friends"], "consent": "yes", "code": f"C{number}",
        }
        for first, last, number in (("Ada", "Lovelace", 1111), ("Kim", "Lee", 2222), ("Bob", "Miller", 3333))
    ],
    "company": [
        {
            "name": name, "website": f"https://{name.lower()}.example", "phone": f"+49309018{number}",
            "street": f"Main St {number}", "city": "Berlin", "region": "Brandenburg", "postcode": f"1{number}",
            "country": "Germany", "industry": "retail", "employees": 12, "revenue": Decimal("1200000"),
            "description": f"Makes {name.lower()}", "domain": f"{name.lower()}.example",
        }
        for name, number in (("Engines", 1111), ("Mills", 2222), ("Bakers", 3333))
    ],
    "deal": [
        {
            "name": name, "amount": Decimal("1200.5"), "stage": "won", "closes": "2026-12-01",
            "description": f"About {name}",
        }
        for name in ("Engines", "Mills", "Bread")
    ],
    "product": [
        {
            "name": name, "sku": f"{name[0]}-1", "description": f"A good {name.lower()}", "price": Decimal(number),
            "cost": Decimal("20.5"), "active": True, "kind": "service", "category": "Wares", "vendor": "Engines",
            "barcode": f"40{number}", "url": f"https://example.org/{number}", "tags": ["New"], "weight": 2,
        }
        for name, number in (("Engine", 1111), ("Mill", 2222), ("Oven", 3333))
    ],
    "task": [
        {
            "title": title, "notes": f"First {title.lower()}", "due": f"2026-12-{day}", "start": f"2026-11-{day}",
            "done": "done", "percent": 50, "priority": "high", "tags": ["Work"],
        }
        for title, day in (("Budget", 11), ("Plan", 12), ("Review", 13))
    ],
    "meeting": [
        {
            "title": title, "body": f"Bring the {title.lower()}", "place": f"Room {day}",
            "start": f"2026-12-{day}T09:00:00", "end": f"2026-12-{day}T10:00:00", "repeat": f"2026-12-{day}",
            "people": f"{title.lower()}@example.org", "busy": "free", "privacy": "private",
        }
        for title, day in (("Budget", 11), ("Plan", 12), ("Review", 13))
    ],
}  # fmt: skip
"""Kind -> three things."""
KNOWN_BY = {
    "contact": ("prefix", "given_name", "family_name", "email"),
    "company": ("name", "website"),
    "deal": ("name", "stage", "closes"),
    "product": ("name", "sku", "kind", "price", "vendor"),
    "task": ("title", "due"),
    "meeting": ("title", "start", "end", "repeat"),
}
"""What a record that is on both sides from the beginning has on both."""
TOLD_APART = {
    "contact": "email",
    "company": "name",
    "deal": "name",
    "product": "sku",
    "task": "title",
    "meeting": "title",
}
"""By what the test finds a thing again."""
EDITS: dict[str, Facts] = {
    "contact": {
        "job_title": "Baker", "notes": "Likes chess", "company": "Bakers", "phone": "+4930777777", "city": "Bonn",
        "family_name": "King", "given_name": "Augusta", "language": "de",
    },
    "company": {"description": "Bakes", "city": "Bonn"},
    "deal": {"amount": Decimal("77"), "description": "Soon"},
    "product": {"price": Decimal("77.5"), "description": "Much better", "name": "Steam engine"},
    "task": {"notes": "Ask Ada", "done": "open"},
    "meeting": {"body": "Bring the plans", "place": "Room 4"},
}  # fmt: skip
"""Kind -> new values, the first that both sides have is set on the first side, the next one on the other."""
WORDS: dict[str, dict[str, dict[str, str]]] = {
    "done": {
        "google": {"done": "completed", "open": "needsAction"},
        "ical": {"done": "COMPLETED", "open": "NEEDS-ACTION"},
        "graph": {"done": "completed", "open": "notStarted"},
    },
    "priority": {"ical": {"high": "1"}, "graph": {"high": "high"}},
    "busy": {"google": {"free": "transparent"}, "graph": {"free": "free"}, "ical": {"free": "TRANSPARENT"}},
    "privacy": {"ical": {"private": "PRIVATE"}},
    "consent": {"mailchimp": {"yes": "subscribed"}, "": {"yes": "SUBSCRIBED"}},
    "kind": {"quickbooks": {"service": "Service"}},
}
"""Fact -> dialect of a field -> how an app writes it, where that is not the fact itself."""


class Side:
    """One side: its live fields, and `means` where nobody says what they mean: native field -> entry."""

    def __init__(self, kind: str, fields: Mapping[str, Field], means: Mapping[str, str] | None = None) -> None:
        self.fields = fields
        self.named: dict[str, str] = {}
        for native, item in sorted(fields.items(), key=lambda one: not one[1].writable):
            entry = (means or {}).get(native, item.means)
            if entry.startswith(f"{kind}."):
                self.named.setdefault(entry.removeprefix(f"{kind}."), native)

    def told(self) -> dict[str, str]:
        """Fact -> the field that tells it."""
        found: dict[str, str] = {}
        for word, native in self.named.items():
            found |= dict.fromkeys(LISTED.get(word, (word,)), native)
        for whole, parts in (
            ("full_name", ("given_name", "family_name")),
            ("address", ADDRESS),
            ("addresses", ADDRESS),
        ):
            native = found.pop(whole, "")
            found |= {part: native for part in parts if native and part not in found}
        return found

    def taken(self) -> set[str]:
        """The facts that can be written."""
        return {fact for fact, native in self.told().items() if self.fields[native].writable}

    def write(self, facts: Facts) -> dict[str, Any]:
        """Native values of those facts that the side can be told."""
        data: dict[str, Any] = {}
        for fact in (one for one in facts if one in self.taken()):
            native, value = self.told()[fact], self.native(fact, facts[fact])
            match self.fields[native].type:
                case "emails" | "phones" | "urls":
                    label = next(labels[fact] for labels in LISTED.values() if fact in labels)
                    data.setdefault(native, []).append({"value": value, "label": label})
                case "addresses":
                    data.setdefault(native, [{"label": "work"}])[0][fact] = value
                case "address":
                    data.setdefault(native, {})[fact] = "DE" if fact == "country" else value
                case _ if native == self.named.get("full_name"):
                    data[native] = " ".join(facts[part] for part in NAME)
                case _:
                    data[native] = value
        return data

    def native(self, fact: str, value: Any) -> Any:
        """A fact as the app has it, alone."""
        item = self.fields[self.told()[fact]]
        match item.type:
            case "choice" if fact not in WORDS and item.choices:
                return next(native for native, label in item.choices.items() if value in label.casefold())
            case "recurrence":
                return _daily(item.dialect, value)
            case "people":
                return [{"email": value}]
            case "moment":
                return {"dateTime": value, "timeZone": _ZONES.get(item.dialect, "Europe/Berlin")}
            case "date" if item.dialect == "parts":
                return dict(zip(("year", "month", "day"), map(int, value.split("-")), strict=True))
            case "instant":
                return f"{value}T00:00:00Z"
            case "country" if item.dialect == "iso2":
                return "DE"
            case "money":
                return str(value) if item.dialect == "text" else float(value)
        return WORDS[fact].get(item.dialect, {}).get(value, value) if fact in WORDS else value

    def shows(self, fact: str, value: Any, data: Mapping[str, Any]) -> bool:
        """Whether a record tells a fact, in whatever spelling."""
        native = self.told()[fact]
        if fact == "birthday":  # some apps keep no year
            return re.sub(r"\D", "", str(data.get(native))).endswith(value[-5:].replace("-", ""))
        wanted = "daily 4" if fact == "repeat" else self.native(fact, value)
        return words(wanted) <= words(data.get(native))


_ZONES = {"graph": "W. Europe Standard Time"}


def _daily(dialect: str, start: str) -> Any:
    """Four days in a row."""
    if dialect != "graph":
        return ["RRULE:FREQ=DAILY;COUNT=4"]
    ends = {"type": "numbered", "startDate": start, "numberOfOccurrences": 4, "recurrenceTimeZone": _ZONES[dialect]}
    return {"pattern": {"type": "daily", "interval": 1}, "range": ends}


def words(value: Any) -> set[str]:
    """What is said, without the spelling: signs, case, and how numbers, telephones and countries are written."""
    text = json.dumps(value, default=str, ensure_ascii=False).casefold()
    text = re.sub(r"<[^>]*>|t00:00:00\S*|\\[rn]", " ", text).replace("germany", "de")
    text = re.sub(r"\+[\d ()-]+", lambda found: re.sub(r"[ ()-]", "", found[0]) + " ", text)
    return {_number(word) for word in re.findall(r"[\w.@+-]+", text)} - {"null"}


def _number(word: str) -> str:
    return word.rstrip("0").rstrip(".") if re.fullmatch(r"\d+\.\d+", word) else word
