"""One table or view as it is now: its columns, what tells its rows apart, and what the connection says about it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import NullType

from connectors.sql.choices import about, of_checks
from connectors.sql.column import Column, column
from engine.contract import Field, Invalid, Json, Refused

KEYS = frozenset({"integer", "text", "choice", "uuid"})
"""Kinds of columns that may tell rows apart: those that everybody spells the same as text."""
OURS = frozenset({"syncline_changes", "syncline_keys"})


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is the object; `key` are the columns that make a row's id."""

    name: str
    sql: sa.Table
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    view: bool
    constraints: Mapping[str, str]
    stamp: str
    updated: str
    counter: str
    """Names of the columns that the connection's settings are about; "" where the table has no such column."""
    schema: str

    @property
    def fields(self) -> dict[str, Field]:
        return {name: one.field for name, one in self.columns.items() if name != self.stamp}

    def id(self, values: Sequence[Any]) -> str:
        """Of a row, from its key's values: the value as text, or a JSON list of several."""
        texts = [str(value) for value in values]
        return texts[0] if len(texts) == 1 else dumps(texts)

    def key_of(self, id: str) -> dict[str, Any] | None:
        """Column -> value to compare with; None for what cannot be the id of a row of this table."""
        try:
            texts = [id] if len(self.key) == 1 else json.loads(id)
            return {name: self.columns[name].stored(text) for name, text in zip(self.key, texts, strict=True)}
        except (ValueError, TypeError, Invalid):
            return None


def dumps(texts: Sequence[str]) -> str:
    """As the triggers spell a row's key."""
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def tables(connection: sa.Connection) -> list[str]:
    """Every table and view there is, named as objects: those of other schemas with their schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        seen = sa.inspect(connection)
        found: list[tuple[str | None, str]] = [
            (None, name) for name in [*seen.get_table_names(), *seen.get_view_names()]
        ]
        for schema in seen.get_schema_names() if connection.dialect.name == "postgresql" else ():
            if schema not in ("information_schema", seen.default_schema_name) and not schema.startswith("pg_"):
                found += [(schema, name) for name in [*seen.get_table_names(schema), *seen.get_view_names(schema)]]
    return sorted(f"{schema}.{name}" if schema else name for schema, name in found if name not in OURS)


def load(connection: sa.Connection, obj: str, scope: Json, settings: Mapping[str, str], *, keyed: bool = True) -> Table:
    """Raises Refused for a table that is not there or, where it is to be `keyed`, has nothing to tell rows apart."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # a type SQLAlchemy does not know: its column is shown as text
        return _load(connection, obj, scope, settings, keyed)


def _load(connection: sa.Connection, obj: str, scope: Json, settings: Mapping[str, str], keyed: bool) -> Table:
    seen = sa.inspect(connection)
    schema, name = _found(connection, seen, obj)
    sqlite = connection.dialect.name == "sqlite"
    zone, checks = ZoneInfo(settings["zone"]), seen.get_check_constraints(name, schema)
    words = of_checks(checks)
    raw = seen.get_columns(name, schema)
    columns = {one["name"]: column(one, words.get(one["name"]), sqlite=sqlite, zone=zone) for one in raw}
    columns = {n: one for n, one in columns.items() if not _binary(raw, n)}
    constraints = about(checks, columns) | _indexed(seen, name, schema)
    table = Table(
        name=obj,
        sql=sa.Table(
            name,
            sa.MetaData(),
            *(sa.Column(c["name"], NullType() if sqlite else c["type"]) for c in raw),
            schema=schema,
        ),
        columns=columns,
        key=_key(seen, name, schema, obj, scope, columns, keyed),
        view=name in seen.get_view_names(schema),
        constraints=constraints,
        stamp=_named(columns, settings.get("stamp_column", "")),
        updated=_named(columns, settings.get("updated_column", "")),
        counter=_named(columns, settings.get("version_column", "")),
        schema=schema or seen.default_schema_name or "",
    )
    if settings.get("stamp_column") and not table.stamp:
        raise Refused(f"{obj} has no column {settings['stamp_column']} (stamp_column). Add it: a text of 64 letters.")
    return replace(table, columns=_told(table, raw, seen, connection))


def _found(connection: sa.Connection, seen: sa.Inspector, obj: str) -> tuple[str | None, str]:
    schema, _, name = obj.rpartition(".")
    for place, called in ((None, obj), (schema or None, name)):
        if seen.has_table(called, place):
            return (None if place == seen.default_schema_name else place), called
    known = tables(connection)
    near = get_close_matches(obj, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise Refused(f"There is no table or view {obj}.{hint} There are: {', '.join(known) or 'none'}.")


def _key(
    seen: sa.Inspector,
    name: str,
    schema: str | None,
    obj: str,
    scope: Json,
    columns: Mapping[str, Column],
    keyed: bool,
) -> tuple[str, ...]:
    """The scope's `key`, else the primary key, else the first unique index whose columns are never empty."""
    asked = scope.get("key")
    unique = _unique(seen, name, schema)
    sure = [names for names in unique if all(n in columns and not columns[n].nullable for n in names)]
    wanted = [asked] if isinstance(asked, str) else list(asked or [])
    key = wanted or seen.get_pk_constraint(name, schema)["constrained_columns"] or (sure[0] if sure else [])
    if not key and keyed:
        raise Refused(f"Nothing tells the rows of {obj} apart: name a column in the mapping, scope: {{key: COLUMN}}.")
    for one in key:
        if one not in columns or columns[one].kind not in KEYS:
            raise Refused(
                f"{obj} has no column {one} that can tell rows apart: it must be text, a whole number or UUID."
            )
    return tuple(key)


def _told(
    table: Table, raw: Sequence[Mapping[str, Any]], seen: sa.Inspector, connection: sa.Connection
) -> dict[str, Column]:
    """The columns, with what only the table knows of their fields: keys, references, uniqueness."""
    name, schema = table.sql.name, table.sql.schema
    refers = {}
    for foreign in seen.get_foreign_keys(name, schema):
        place = f"{foreign['referred_schema']}." if foreign["referred_schema"] else ""
        if len(foreign["constrained_columns"]) == 1:
            refers[foreign["constrained_columns"][0]] = place + foreign["referred_table"]
    alone = {names[0] for names in _unique(seen, name, schema) if len(names) == 1} | (
        set(table.key) if len(table.key) == 1 else set()
    )
    counted = {c["name"] for c in raw if _counted(c, table, connection)}
    fixed = counted | {table.updated, table.counter, table.stamp}
    if table.view and not _updatable(connection, table):
        fixed |= set(table.columns)
    found = {}
    for one, item in table.columns.items():
        field = replace(item.field, unique=one in alone)
        if one in fixed:
            field = replace(field, writable=False, required=False)
        if one in refers and item.kind in KEYS:
            field = replace(field, type="ref", dialect="", refers=refers[one], choices=None, digits=None)
        if one in table.key and made_by_us(item):
            field = replace(field, required=False)
        found[one] = replace(item, field=field)
    return found


def made_by_us(column: Column) -> bool:
    """A key that a create may leave to us: a UUID, or a text that is plainly just an id."""
    return column.kind == "uuid" or (column.kind == "text" and column.name.lower() in ("id", "uuid", "guid"))


def _counted(found: Mapping[str, Any], table: Table, connection: sa.Connection) -> bool:
    """Whether the database itself numbers this column."""
    if table.view or table.key != (found["name"],) or table.columns[found["name"]].kind != "integer":
        return False
    if connection.dialect.name == "sqlite":
        return str(found["type"]) == "INTEGER"  # no other name makes it the row's own number
    return bool(found.get("identity") or "nextval" in str(found["default"]))


def _updatable(connection: sa.Connection, table: Table) -> bool:
    """PostgreSQL says which views can be written through; SQLite's are only read."""
    if connection.dialect.name == "sqlite":
        return False
    asked = sa.text("select is_updatable from information_schema.views where table_schema = :s and table_name = :n")
    return connection.execute(asked, {"s": table.schema, "n": table.sql.name}).scalar() == "YES"


def _unique(seen: sa.Inspector, name: str, schema: str | None) -> list[Sequence[Any]]:
    constraints = [one["column_names"] for one in seen.get_unique_constraints(name, schema)]
    indexes = [one for one in seen.get_indexes(name, schema) if one["unique"] and not _partial(one)]
    return [*constraints, *(one["column_names"] for one in indexes)]


def _partial(index: Mapping[str, Any]) -> bool:
    return any(name.endswith("_where") for name in index.get("dialect_options") or {})


def _indexed(seen: sa.Inspector, name: str, schema: str | None) -> dict[str, str]:
    """Name of a constraint -> its first column: which field to name when it is broken."""
    found: list[tuple[Any, Sequence[Any]]] = []
    found += [(one["name"], one["column_names"]) for one in seen.get_unique_constraints(name, schema)]
    found += [(one["name"], one["column_names"]) for one in seen.get_indexes(name, schema) if one["unique"]]
    found += [(one["name"], one["constrained_columns"]) for one in seen.get_foreign_keys(name, schema)]
    primary = seen.get_pk_constraint(name, schema)
    found += [(primary["name"], primary["constrained_columns"])]
    return {called: str(names[0]) for called, names in found if called and names and names[0]}


def _binary(raw: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(isinstance(one["type"], sa.LargeBinary) for one in raw if one["name"] == name)


def _named(columns: Mapping[str, Column], name: str) -> str:
    return name if name in columns else ""
