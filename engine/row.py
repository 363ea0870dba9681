"""One field of a mapping: where it lives on each side, and how it travels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from engine import ratefile
from engine.problem import kind
from engine.strict import Faults, Strict, fault

LensSpec = str | dict[str, Any]
"""A lens by name (`html_subset`), or by name with its settings (`{clip: 255}`)."""

OPTIONS = ("via", "each", "wins", "to", "conflicts")
RESERVED = (*OPTIONS, "sides", "all", "both", "never", "none", "newest", "ask")
"""Words with a meaning in a mapping, so no side can have them as its name."""


class Row(Strict):
    """In YAML, a key for each side and the options beside them: `{google: summary, outlook: subject, wins: google}`."""

    sides: dict[str, list[str]]
    """Side -> native fields; most rows have one field a side, and a lens that joins fields takes several."""
    via: dict[str, list[LensSpec]] = Field(default={}, description="Lenses instead of the one the field's type picks.")
    each: str | None = Field(default=None, description="Key of a list field: items with the same key are merged.")
    wins: str | None = Field(default=None, description="The side whose value stays when several changed it.")
    to: list[str] | None = Field(default=None, description="The only sides it is written to; none: just read.")
    conflicts: str | None = Field(default=None, description="newest, ask or a side, for this row only.")
    _folder: Path | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, data: Any) -> Any:
        """From the flat YAML to the model."""
        if not isinstance(data, dict):
            return data
        sides = data["sides"] if isinstance(data.get("sides"), dict) else None
        sides = sides or {key: value for key, value in data.items() if key not in OPTIONS}
        wrong = [((side,), _NAMES.format(kind(names))) for side, names in sides.items() if not _is_names(names)]
        if wrong:
            raise Faults(*wrong)
        options = {key: value for key, value in data.items() if key in OPTIONS}
        if "via" in options:
            options["via"] = _lenses(options["via"], list(sides))
        if "to" in options:
            options["to"] = _targets(options["to"])
        return {
            "sides": {side: [names] if isinstance(names, str) else names for side, names in sides.items()},
            **options,
        }

    @model_serializer(mode="wrap")
    def _unfold(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        flat: dict[str, Any] = handler(self)
        return {**{side: _plain(names) for side, names in flat.pop("sides").items()}, **flat}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        lenses = schema["properties"]["via"] | {"anyOf": _VIA_FORMS}
        names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        schema["properties"].pop("sides")
        for key in ("additionalProperties", "type"):
            lenses.pop(key, None)
        schema["properties"] |= {
            "via": lenses,
            "to": names | {"description": schema["properties"]["to"]["description"]},
        }
        return schema | {"additionalProperties": names, "required": []}

    def native(self, side: str) -> list[str]:
        """Its native fields on a side; [] where the side has none."""
        return self.sides.get(side, [])

    def lenses(self, side: str) -> list[LensSpec]:
        """The lenses that `via` names for a side, native side first; [] leaves the choice to the field's type.

        Rates in a file are those that it has now: MappingError where it cannot be used.
        """
        return [ratefile.filled(spec, self._folder) for spec in self.via.get(side, [])]

    @property
    def spelled(self) -> dict[str, list[LensSpec]]:
        """The same for all sides that `via` names."""
        return {side: self.lenses(side) for side in self.via}

    def beside(self, folder: Path) -> None:
        """Says where the files are that its lenses name: in the folder of the mapping's file."""
        if any(
            ratefile.named(spec) for specs in self.via.values() for spec in specs
        ):  # other rows are the same anywhere
            self._folder = folder

    def writes(self, side: str) -> bool:
        """Whether a sync may write this row on a side."""
        return side in self.sides and (self.to is None or side in self.to)


_NAMES = "should be the name of a native field or a list of names, not {}"
_WITH_DEFAULT = {"table", "default"}
"""The one lens whose settings are two keys: `{table: {vip: gold}, default: gold}`."""
_LENS: list[Any] = [
    {"type": "string"},
    {"type": "object", "minProperties": 1, "maxProperties": 1},
    {"type": "object", "required": sorted(_WITH_DEFAULT), "minProperties": 2, "maxProperties": 2},
]
_LENSES: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"anyOf": _LENS}}]}
_VIA_FORMS: list[Any] = [*_LENSES["anyOf"], {"type": "object", "additionalProperties": _LENSES}]


def _is_names(names: Any) -> bool:
    return bool(names) and (isinstance(names, str) or _is_list_of_texts(names))


def _is_list_of_texts(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and name for name in names)


def _plain(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _lenses(value: Any, sides: list[str]) -> dict[str, list[LensSpec]]:
    """`via` by side; a plain list is for every side of the row."""
    per_side = value if isinstance(value, dict) else dict.fromkeys(sides, value)
    return {side: _checked(specs, (side,) if per_side is value else ()) for side, specs in per_side.items()}


def _checked(specs: Any, path: tuple[str, ...]) -> list[LensSpec]:
    specs = [specs] if isinstance(specs, str) else specs
    if not isinstance(specs, list):
        raise fault(f"should be a list of lenses, not {kind(specs)}", "via", *path)
    for index, spec in enumerate(specs):
        if not (isinstance(spec, str) or (isinstance(spec, dict) and (len(spec) == 1 or set(spec) == _WITH_DEFAULT))):
            text = f"a lens is a name, or one name with its settings such as {{clip: 255}}, not {kind(spec)}"
            raise fault(text, "via", *path, index)
    return specs


def _targets(value: Any) -> list[str]:
    if value == "none":
        return []
    targets = [value] if isinstance(value, str) else value
    if not _is_list_of_texts(targets):
        raise fault(f"should be a side, a list of sides or none, not {kind(value)}", "to")
    return list(targets)
