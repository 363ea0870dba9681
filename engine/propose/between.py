"""The lenses between fields of one meaning that are of different types."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contract import Field
from engine.row import LensSpec

TYPED = ("email", "phone", "url", "country")
"""Types that another side may have as plain text: the text is then read in the same way."""
Vias = dict[str, list[LensSpec]]


def between(fields: Mapping[str, Field]) -> Vias:
    """Side -> lenses, where another side says of what kind its field is. `fields`: one for each side."""
    types = {side: item.type for side, item in fields.items()}
    found = _amounts(fields) if set(types.values()) == {"money", "number"} else {}
    if "html" in types.values():
        texts = [side for side, kind in types.items() if kind == "text"]
        found |= {side: ["plain_text"] for side in texts if fields[side].means != "meeting.body"}
    for kind in TYPED:
        if kind in types.values() or f"{kind}s" in types.values():
            found |= {side: [kind] for side, one in types.items() if one == "text"}
    if found:
        found |= {side: ["primary"] for side, kind in types.items() if kind in ("emails", "phones", "urls")}
    return found


def _amounts(fields: Mapping[str, Field]) -> Vias:
    """Numbers are in the one currency that the others name; where none does, amounts are but numbers."""
    named = {item.currency for item in fields.values() if item.currency}
    if len(named) == 1:
        return {side: [{"money": next(iter(named))}] for side, item in fields.items() if item.type == "number"}
    return {side: [{"round": item.digits or 2}] for side, item in fields.items() if item.type == "money"}
