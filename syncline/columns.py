"""The columns of tables and files that nobody has looked at, as a mapping makes one think they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.contract import Field, Schema
from engine.rules import fields

if TYPE_CHECKING:
    from engine.mapping import Mapping as MappingModel

TYPES = {"number", "bool", "date", "instant"}
"""Types that a table or a file has besides texts."""


def made_up(mapping: MappingModel, side: str, known: Mapping[str, Schema]) -> Schema:
    """The fields that a mapping names: of the type that the row has elsewhere where columns can have it, else texts.

    `known`: side -> its real fields.
    """
    found = {name: Field(type="text") for name in (fields(mapping.only[side]) if side in mapping.only else ())}
    for row in mapping.fields.values():
        for native in row.native(side):
            there = [known[at].fields.get(name) for at in known for name in row.native(at)]
            kinds = {one.type for one in there if one is not None} if not row.lenses(side) else set()
            kind = kinds.pop() if len(kinds) == 1 and kinds <= TYPES else "text"
            found[native] = Field(type=kind)
    return Schema(found)
