"""Lists of a contact: addresses of mail, telephones, pages and houses, as native entries and as Google's.

A list is replaced whole by a write, so what ours does not speak of is taken from the entries as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.contract import Json

DERIVED = {"metadata", "formattedType", "canonicalForm", "displayNameLastFirst"}
PLACE = {
    "street": "streetAddress",
    "city": "city",
    "region": "region",
    "postcode": "postalCode",
    "country": "country",
}
UNLABELLED = "other"
LABELS = {
    "homeFax": "home fax",
    "workFax": "work fax",
    "otherFax": "fax",
    "workMobile": "work mobile",
    "workPager": "work pager",
    "googleVoice": "google voice",
}
"""Google's types of several words, as other apps call them."""
TYPES = {label: own for own, label in LABELS.items()}


def main(entries: Sequence[Json]) -> Json:
    """The entry that counts where a field has room for one; empty where there is none."""
    return next(iter(ordered(entries)), {})


def ordered(entries: Sequence[Json]) -> list[Json]:
    """The main one first: Google promises no order, but marks it."""
    return sorted(entries, key=lambda entry: not entry.get("metadata", {}).get("primary", False))


def values(entries: Sequence[Json]) -> list[dict[str, Any]]:
    """Mail addresses, telephones, pages."""
    return [{"value": entry["value"], "label": label(entry)} for entry in ordered(entries) if entry.get("value")]


def places(entries: Sequence[Json]) -> list[dict[str, Any]]:
    """Postal addresses; one that is a mere text is shown as a street."""
    return [_place(entry) for entry in ordered(entries)]


def label(entry: Json) -> str:
    """Google's type, or what people wrote for it."""
    own = str(entry.get("type") or UNLABELLED)
    return LABELS.get(own, own)


def sent(entry: Json) -> dict[str, Any]:
    """An entry as it was read, without what Google derives."""
    return {name: value for name, value in entry.items() if name not in DERIVED}


def valued(wanted: Sequence[Json], before: Sequence[Json]) -> list[dict[str, Any]]:
    """Mail addresses, telephones, pages to send."""
    former = list(before)
    found = []
    for each in wanted:
        old = next((entry for entry in former if entry.get("value") == each["value"]), None)
        if old is not None:
            former.remove(old)
        found.append(_labelled(sent(old or {}) | {"value": each["value"]}, each))
    return found


def placed(wanted: Sequence[Json], before: Sequence[Json]) -> list[dict[str, Any]]:
    """Postal addresses to send. One of the same label keeps its post-box and second line."""
    former = list(before)
    found = []
    for each in sorted(enumerate(wanted), key=lambda pair: not any(_same(pair[1], entry) for entry in before)):
        old = next((entry for entry in former if _same(each[1], entry)), None) or next(
            (entry for entry in former if label(entry) == each[1].get("label", UNLABELLED)), None
        )
        if old is not None:
            former.remove(old)
        found.append((each[0], _housed(each[1], old or {})))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _place(entry: Json) -> dict[str, Any]:
    parts = {ours: entry.get(theirs) or None for ours, theirs in PLACE.items()}
    parts["country"] = parts["country"] or entry.get("countryCode") or None
    if not any(parts.values()) and not {"poBox", "extendedAddress"} & set(entry):
        parts["street"] = entry.get("formattedValue")
    return {"label": label(entry), **parts}


def _same(wanted: Json, entry: Json) -> bool:
    shown = _place(entry)
    return all(wanted.get(name, UNLABELLED if name == "label" else None) == value for name, value in shown.items())


def _housed(wanted: Json, old: Json) -> dict[str, Any]:
    if old and _same(wanted, old):
        return sent(old)
    kept = {name: value for name, value in sent(old).items() if name in ("type", "poBox", "extendedAddress")}
    parts = {theirs: wanted[ours] for ours, theirs in PLACE.items() if wanted.get(ours)}
    return _labelled(kept | parts, wanted)


def _labelled(entry: dict[str, Any], wanted: Json) -> dict[str, Any]:
    said = wanted.get("label") or UNLABELLED
    return entry if label(entry) == said else {**entry, "type": TYPES.get(said, said)}
