"""What a mapping gets wrong: by itself, and against the fields that its apps really have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from engine.problem import Path, Problem, did_you_mean, listed
from engine.row import OPTIONS, RESERVED, LensSpec, Row
from engine.rules import fields as rule_fields

if TYPE_CHECKING:
    from engine.contract import Field, Schema
    from engine.mapping import Brakes
    from engine.mapping import Mapping as SyncMapping

Fault = tuple[Path, str]
Schemas = Mapping[str, "Schema"]
LISTS = ("people", "occurrences", "list", "emails", "phones", "urls", "addresses", "tags")
"""Field types that hold several items with a key."""
WHOLE = ("ref", "choice", *LISTS[2:])
"""Types of lists that may also travel as one value, or of which a lens takes one entry."""


def inner_faults(mapping: SyncMapping) -> list[Fault]:
    """Contradictions within the file: each with its path and a sentence."""
    checks = (_side_faults, _name_faults, _row_faults, _writer_faults, _example_faults)
    return [fault for check in checks for fault in check(mapping)]


def _side_faults(mapping: SyncMapping) -> Iterator[Fault]:
    if len(mapping.sides) < 2:
        yield ("sides",), "a mapping needs two sides or more"
    for side in mapping.sides:
        if side in RESERVED:
            yield ("sides", side), f"a side cannot be called '{side}', for the word has a meaning in mappings"
        elif not side.replace("_", "").isalnum() or not side[0].isalpha():
            yield ("sides", side), f"a side is named by letters, digits and '_', beginning with a letter, not '{side}'"


def _name_faults(mapping: SyncMapping) -> Iterator[Fault]:
    """Sides named outside the rows."""
    yield from (
        (("only", side), _unknown(mapping, side, "'only'")) for side in mapping.only if side not in mapping.sides
    )
    for key in ("creates", "deletes"):
        reach = getattr(mapping, key)
        for side in [] if isinstance(reach, str) else reach.to:
            if side not in mapping.sides:
                yield (key, "to"), _unknown(mapping, side, f"'{key}'")
    if text := _policy_fault(mapping.conflicts, mapping.sides):
        yield ("conflicts",), text
    yield from brake_faults(mapping, mapping.brakes)


def brake_faults(mapping: SyncMapping, brakes: Brakes) -> Iterator[Fault]:
    """Sides and rows that have brakes of their own and are not in the mapping."""
    for side in brakes.sides:
        if side not in mapping.sides:
            yield ("brakes", "sides", side), _unknown(mapping, side, "'brakes'")
    for row in brakes.fields:
        if row not in mapping.fields:
            hint = did_you_mean(row, mapping.fields) or f"; the rows are {listed(mapping.fields)}"
            yield ("brakes", "fields", row), f"unknown row '{row}' in 'brakes'{hint}"


def _policy_fault(policy: str, sides: Iterable[str]) -> str:
    words = ["newest", "ask", *sides]
    return "" if policy in words else f"should be {listed(words, 'or')}, not '{policy}'{did_you_mean(policy, words)}"


def _unknown(mapping: SyncMapping, side: str, place: str, more: Iterable[str] = ()) -> str:
    known = list(mapping.sides)
    hint = did_you_mean(side, [*known, *more])
    return f"unknown side '{side}' in {place}{hint or f'; the sides are {listed(known)}'}"


def _row_faults(mapping: SyncMapping) -> Iterator[Fault]:
    for name, row in mapping.fields.items():
        place = f"row '{name}'"
        for side in row.sides:
            if side not in mapping.sides:
                yield ("fields", name, side), _unknown(mapping, side, place, OPTIONS)
        if len(row.sides) < 2:
            named = f"only {listed(row.sides)}" if row.sides else "no side"
            yield ("fields", name), f"{place} names {named}, but a row joins two sides or more"
        yield from ((("fields", name, key), f"'{key}' in {place} {text}") for key, text in _option_faults(row))


def _option_faults(row: Row) -> Iterator[tuple[str, str]]:
    for key, named in (("via", list(row.via)), ("wins", [row.wins] if row.wins else []), ("to", row.to or [])):
        for side in named:
            if side not in row.sides:
                hint = did_you_mean(side, row.sides) or f"; it has {listed(row.sides)}"
                yield key, f"names '{side}', which the row does not have{hint}"
    if row.wins and row.conflicts:
        yield "wins", "contradicts its 'conflicts'; keep one of them"
    elif row.conflicts and (text := _policy_fault(row.conflicts, row.sides)):
        yield "conflicts", text


def _writer_faults(mapping: SyncMapping) -> Iterator[Fault]:
    """Two rows that write one native field would undo each other on every run, unless each owns a part of it."""
    parts = import_module("engine.lenses").PARTS
    writers: dict[tuple[str, str], str] = {}
    for name, row in mapping.fields.items():
        for side in filter(row.writes, row.sides):
            for native in row.native(side):
                first = writers.setdefault((side, native), name)
                apart = all(parts & _lens_names(mapping.fields[one], side) for one in (first, name))
                if first != name and not apart:
                    text = f"rows '{first}' and '{name}' both write '{native}' of {side}; one of them needs a 'to'"
                    yield ("fields", name, side), text


def _example_faults(mapping: SyncMapping) -> Iterator[Fault]:
    for index, example in enumerate(mapping.examples):
        for key, values in (("given", example.given), ("expect", example.expect)):
            for side, record in values.items():
                path: Path = ("examples", index, key, side)
                if side not in mapping.sides:
                    yield path, _unknown(mapping, side, f"example '{example.say}'")
                    continue
                known = _mapped(mapping, side)
                for name in record:
                    if name not in known:
                        text = f"example '{example.say}' names '{name}' of {side}, which no row maps"
                        yield (*path, name), text + did_you_mean(name, known)


def _mapped(mapping: SyncMapping, side: str) -> set[str]:
    names = {native for row in mapping.fields.values() for native in row.native(side)}
    return names | (rule_fields(mapping.only[side]) if side in mapping.only else set())


def check_against(mapping: SyncMapping, schemas: Schemas) -> list[Problem]:
    """What does not fit the apps' schemas, by side; sides without a schema are not judged.

    Paths are set, lines are not: `engine.yamlfile.located` adds them.
    """
    schemas = {side: schemas[side] for side in mapping.sides if side in schemas}
    checks = (_several_faults, _native_faults, _writable_faults, _rule_faults, _list_faults, _match_faults)
    faults = [fault for check in checks for fault in check(mapping, schemas)]
    return [Problem(text, path) for path, text in [*faults, *_lens_faults(mapping)]]


def _cells(mapping: SyncMapping, schemas: Schemas) -> Iterator[tuple[str, Row, str, str, Field | None]]:
    """Row name, row, side, native name and its field, of all sides that have a schema."""
    for name, row in mapping.fields.items():
        for side in filter(schemas.__contains__, row.sides):
            for native in row.native(side):
                yield name, row, side, native, schemas[side].fields.get(native)


def _several_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    """Rows whose lenses do not take the fields that they stand at, or have settings that make no sense."""
    lenses = import_module("engine.lenses")
    for name, row in mapping.fields.items():
        known = {side: {n: f for n in row.native(side) if (f := schemas[side].fields.get(n))} for side in schemas}
        try:
            shape = lenses.shape_of(known, row.spelled)
        except ValueError as wrong:
            yield ("fields", name, "via"), f"row '{name}': {wrong}"
            continue
        for side, fields in known.items():
            if not fields or len(fields) < len(row.native(side)) or _lens_names(row, side) - set(lenses.VIA):
                continue
            try:
                lenses.lens_of(fields, row.lenses(side), shape, each=row.each if _is_list(fields) else None)
            except ValueError as wrong:
                yield ("fields", name, "via" if row.lenses(side) else side), f"row '{name}' on {side}: {wrong}"


def _native_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    for name, _, side, native, field in _cells(mapping, schemas):
        if field is None:
            yield ("fields", name, side), _no_field(mapping, schemas, side, native)


def _no_field(mapping: SyncMapping, schemas: Schemas, side: str, native: str) -> str:
    place = mapping.sides.get(side)
    whose = f"{place.app} {place.object}" if place else side
    known = schemas[side].fields
    return f"{whose} have no field '{native}'{did_you_mean(native, known) or f'; they have {listed(sorted(known))}'}"


def _writable_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    for name, row, side, native, field in _cells(mapping, schemas):
        if field is not None and not field.writable and row.writes(side):
            others = [other for other in row.sides if other != side]
            text = f"row '{name}' would write '{native}' of {side}, which can only be read"
            yield ("fields", name, side), f"{text}; add 'to: {others[0]}' or 'to: none'"


def _rule_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    for side, rule in mapping.only.items():
        if side in schemas:
            known = schemas[side].fields
            for name in sorted(rule_fields(rule, known) - set(known)):
                yield ("only", side), _no_field(mapping, schemas, side, name)


def _list_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    told: set[str] = set()
    for name, row, side, native, field in _cells(mapping, schemas):
        if field is None or name in told:
            continue
        if (field.many or field.type in LISTS[:2]) and field.type not in WHOLE and not row.each:
            told.add(name)
            yield (
                ("fields", name),
                f"row '{name}' needs 'each', for '{native}' of {side} is a list and its items have a key",
            )
        elif row.each and not field.many and field.type not in LISTS:
            told.add(name)
            yield ("fields", name, "each"), f"row '{name}' has 'each', but '{native}' of {side} is no list"


def _match_faults(mapping: SyncMapping, schemas: Schemas) -> Iterator[Fault]:
    if len(schemas) < len(mapping.sides):
        return  # a side not seen may be the one that provides the term
    words = _vocabulary(schemas)
    terms: list[tuple[Path, str]] = [
        (("match", index), term) for index, keys in enumerate(mapping.match) for term in keys
    ]
    terms += [(("similar", term), term) for term in (mapping.similar.weights if mapping.similar is not None else ())]
    for path, term in terms:
        if term in mapping.fields or words.get(term, 0) >= 2:
            continue
        text = f"{path[0]} term '{term}' is no row, and as a vocabulary entry it is known on"
        if term in words:
            yield path, f"{text} one side only"
        else:
            known = [*mapping.fields, *(word for word, sides in words.items() if sides >= 2)]
            yield path, f"{text} no side{did_you_mean(term, known)}"


def _vocabulary(schemas: Schemas) -> dict[str, int]:
    """Last word of a vocabulary entry -> number of sides that have it."""
    words: dict[str, int] = {}
    for schema in schemas.values():
        for word in {field.means.rpartition(".")[2] for field in schema.fields.values() if field.means}:
            words[word] = words.get(word, 0) + 1
    return words


def _lens_faults(mapping: SyncMapping) -> Iterator[Fault]:
    if find_spec("engine.lenses") is None:
        return
    known = getattr(import_module("engine.lenses"), "VIA", {})
    for name, row in mapping.fields.items():
        for spec in dict.fromkeys(spec for side in row.via for spec in sorted(_lens_names(row, side))):
            if known and spec not in known:
                yield ("fields", name, "via"), f"unknown lens '{spec}' in row '{name}'{did_you_mean(spec, known)}"


def _is_list(fields: Mapping[str, Field]) -> bool:
    return all(field.many or field.type in LISTS for field in fields.values())


def _lens_names(row: Row, side: str) -> set[str]:
    return {_spec_name(spec) for spec in row.lenses(side)}


def _spec_name(spec: LensSpec) -> str:
    if isinstance(spec, str):
        return spec
    return "table" if "table" in spec else next(iter(spec))
