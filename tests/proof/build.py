"""Builds mappings of two made-up apps, `crm` and `shop`, around one row."""

from __future__ import annotations

from itertools import islice

from engine.contract import Field, Schema
from engine.mapping import Mapping

NAME = Field(type="text")


def built(crm, shop, *, via=None, to=None, each=None, match=(("name",),), more_fields=None, **options):
    """A mapping with the rows `name` and `x`, and the schemas; `crm` and `shop` are the fields of `x`."""
    row = {"crm": "x", "shop": "y"} | {key: value for key, value in (("via", via), ("to", to), ("each", each)) if value}
    doc = {
        "name": "made",
        "sides": {side: {"app": "caldav", "object": "things"} for side in ("crm", "shop")},
        "match": [list(keys) for keys in match],
        "fields": {"name": {"crm": "name", "shop": "name"}, "x": row, **options.pop("rows", {})},
        **options,
    }
    extra = more_fields or {}
    schemas = {
        "crm": Schema({"name": NAME, "x": crm, **extra.get("crm", {})}),
        "shop": Schema({"name": NAME, "y": shop, **extra.get("shop", {})}),
    }
    return Mapping.model_validate(doc), schemas


def code(name):
    """`prefix_Mr`: the lens `prefix` of `codes` for `Mr`."""
    kind, _, setting = name.partition("_")
    return [{"python": f"tests.proof.codes:{kind}_{setting.encode().hex()}"}]


def text(**more):
    return Field(type="text", **more)


def choice(*words):
    return Field(type="choice", choices={word: word for word in words})


def family(function, count):
    """The first so many of a family, each with a name."""
    found = [(f"{function.__name__} {number}", *made) for number, made in enumerate(islice(function(), count))]
    assert len(found) == count, f"{function.__name__} makes {len(found)}"
    return found
