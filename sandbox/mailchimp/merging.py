"""Merge fields: the columns of an audience, and what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.mailchimp.errors import invalid, refusal

Merge = dict[str, Any]
LONGEST = 255
TAG = re.compile(r"[A-Z0-9_]{1,10}")
_BIRTHDAY = re.compile(r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])")
_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")
_NEEDED = ("addr1", "city", "state", "zip")
DEFAULTS = [
    ("FNAME", "First Name", "text"),
    ("LNAME", "Last Name", "text"),
    ("ADDRESS", "Address", "address"),
    ("PHONE", "Phone Number", "phone"),
    ("BIRTHDAY", "Birthday", "birthday"),
]


def usual() -> list[Merge]:
    """Those of a new audience."""
    return [_defined(number, tag, name, type_, {}) for number, (tag, name, type_) in enumerate(DEFAULTS, 1)]


def custom(known: Sequence[Merge], given: Mapping[str, Any]) -> Merge:
    """A merge field as the API makes it; without a tag it gets one of its own."""
    tag = str(given.get("tag") or f"MMERGE{len(known) + 1}").upper()
    if not TAG.fullmatch(tag) or str(given.get("type")) not in _TAKES:
        raise invalid([{"field": "tag", "message": "A merge field needs a type and a tag of at most 10 letters."}])
    if any(each["tag"] == tag for each in known):
        raise refusal("Bad Request", f'A Merge Field with the tag "{tag}" already exists for this list.')
    options = dict(given.get("options") or {})
    made = _defined(len(known) + 1, tag, str(given["name"]), str(given["type"]), options)
    return made | {"required": bool(given.get("required")), "public": bool(given.get("public"))}


def stored(merges: Sequence[Merge], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept; an unknown tag is passed over. Raises the 400 that names each wrong one."""
    kept: dict[str, Any] = {}
    problems = []
    for merge in merges:
        if merge["tag"] not in given:
            continue
        try:
            value = given[merge["tag"]]
            kept[merge["tag"]] = "" if value in (None, "") else _TAKES[merge["type"]](merge, value)
        except ValueError as error:
            problems.append({"field": f"merge_fields.{merge['tag']}", "message": str(error)})
    if problems:
        raise invalid(problems)
    return kept


def complete(merges: Sequence[Merge], values: Mapping[str, Any]) -> None:
    """Raises 400 where a required one is empty."""
    lost = [merge["tag"] for merge in merges if merge["required"] and not values.get(merge["tag"])]
    if lost:
        raise invalid([{"field": f"merge_fields.{tag}", "message": "Please enter a value"} for tag in lost])


def _text(_: Merge, value: Any) -> str:
    text = str(value).strip()
    if len(text) > LONGEST:
        raise ValueError(f"Please enter a value with at most {LONGEST} characters")
    return text


def _number(_: Merge, value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number


def _date(_: Merge, value: Any) -> str:
    for pattern in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(str(value), pattern).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError("Please enter the date")


def _birthday(_: Merge, value: Any) -> str:
    if not _BIRTHDAY.fullmatch(str(value)):
        raise ValueError("Please enter a month (01-12) and a day (01-31)")
    return str(value)


def _address(_: Merge, value: Any) -> dict[str, str]:
    parts = {part: str(value.get(part) or "").strip() for part in _PARTS} if isinstance(value, dict) else {}
    if not all(parts.get(part) for part in _NEEDED):
        raise ValueError("Please enter a complete address")
    return parts | {"country": parts["country"] or "US"}


def _chosen(merge: Merge, value: Any) -> str:
    if str(value) not in merge["options"].get("choices", []):
        raise ValueError(f"Value must be one of: {', '.join(merge['options'].get('choices', []))}")
    return str(value)


_TAKES: Mapping[str, Callable[[Merge, Any], Any]] = {
    **dict.fromkeys(("text", "phone", "url", "imageurl", "zip"), _text),
    "number": _number,
    "date": _date,
    "birthday": _birthday,
    "address": _address,
    **dict.fromkeys(("radio", "dropdown"), _chosen),
}


def _defined(number: int, tag: str, name: str, type_: str, options: Mapping[str, Any]) -> Merge:
    size = {"size": 25} if type_ in ("text", "url") else {}
    return {
        "merge_id": number,
        "tag": tag,
        "name": name,
        "type": type_,
        "required": False,
        "default_value": "",
        "public": False,
        "display_order": number + 1,
        "options": {**size, **options},
        "help_text": "",
    }
