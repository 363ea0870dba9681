"""One column: which kind of values it has, and their two ways between the database and a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from engine.contract import Field, Invalid

Way = Callable[["Column", Any], Any]
UNREAD = object()
"""A value that the column's type cannot have: SQLite takes anything, PostgreSQL knows `infinity`."""
_FIELDS = {  # kind -> type and dialect of the field
    "text": ("text", ""),
    "choice": ("choice", ""),
    "integer": ("number", ""),
    "decimal": ("number", "text"),
    "float": ("number", ""),
    "bool": ("bool", ""),
    "date": ("date", ""),
    "instant": ("instant", ""),
    "moment": ("instant", ""),  # without a zone: the connection says which
    "tags": ("tags", ""),
    "uuid": ("text", ""),
    "json": ("text", ""),
    "other": ("text", ""),
}
_AS_TEXT = frozenset({"decimal", "date", "instant", "moment", "uuid", "json", "other"})
_TRUTHS = {0: False, 1: True, "0": False, "1": True, "f": False, "t": True, "false": False, "true": True}


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is a key of the table above; `field` is what the schema tells of the column."""

    name: str
    kind: str
    field: Field
    nullable: bool
    has_default: bool
    sqlite: bool
    zone: ZoneInfo

    def selected(self, table: sa.FromClause) -> sa.ColumnElement[Any]:
        """As it is to be read: exact kinds as text, so that no value of any row can stop the reading."""
        column = table.c[self.name]
        if self.sqlite or self.kind not in _AS_TEXT:
            return column
        return sa.cast(column, sa.Text).label(self.name)

    def native(self, value: Any) -> Any:
        """The record's value, or UNREAD."""
        if value is None or value == "":
            return [] if self.kind == "tags" else None
        read: Way = _READ.get(self.kind, _text)
        try:
            found = read(self, value)
            return str(found) if self.field.type == "ref" else found
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            return UNREAD

    def stored(self, value: Any) -> Any:
        """What to bind for a record's value. Invalid where it is of no fitting shape."""
        if value is None:
            return "" if self.kind == "text" and not self.nullable else sa.null()
        limit = self.field.max_length
        if limit is not None and isinstance(value, str) and len(value) > limit:
            raise Invalid(f"{self.name} holds {limit} characters, this has {len(value)}.", field=self.name)
        if self.field.choices is not None and value not in self.field.choices:
            raise Invalid(f"{self.name} is one of {', '.join(self.field.choices)}, not {value!r}.", field=self.name)
        if isinstance(value, str) and "\0" in value:
            raise Invalid(f"{self.name} cannot hold a NUL character.", field=self.name)
        write: Way = _WRITE.get(self.kind, _text)
        try:
            found = write(self, value)
        except (ValueError, TypeError, InvalidOperation, OverflowError, AttributeError) as error:
            raise Invalid(f"{self.name} holds a {self.field.type}, not {value!r}.", field=self.name) from error
        return _plain(found) if self.sqlite else found


def column(found: Mapping[str, Any], choices: Mapping[str, str] | None, *, sqlite: bool, zone: ZoneInfo) -> Column:
    """From what SQLAlchemy's inspector tells of a column; `choices` are those of a check constraint."""
    type_: TypeEngine[Any] = found["type"]
    kind = _kind(type_)
    if isinstance(type_, sa.Enum):
        choices = {word: word for word in type_.enums}
    if choices is not None and kind == "text":
        kind = "choice"
    type_name, dialect = _FIELDS[kind]
    made = bool(found.get("computed") or (found.get("identity") or {}).get("always"))
    field = Field(
        type=type_name,
        dialect=dialect,
        label=found.get("comment") or "",
        writable=not made and kind != "other",
        max_length=getattr(type_, "length", None) if kind == "text" else None,
        digits=_digits(type_, kind),
        choices=choices if kind == "choice" else None,
    )
    filled = found["default"] is not None or bool(found.get("identity"))
    field = replace(field, required=field.writable and not found["nullable"] and not filled)
    return Column(found["name"], kind, field, found["nullable"], filled, sqlite, zone)


def _kind(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, sa.ARRAY):
        return "tags" if isinstance(type_.item_type, sa.String) else "other"
    kinds: tuple[tuple[type[Any], str], ...] = (
        (sa.Enum, "choice"),
        (sa.String, "text"),
        (sa.Boolean, "bool"),
        (sa.Integer, "integer"),
        (sa.Float, "float"),
        (sa.Numeric, "decimal"),
        (sa.Date, "date"),
        (sa.Uuid, "uuid"),
        (sa.JSON, "json"),
    )
    if isinstance(type_, sa.DateTime):
        return "instant" if type_.timezone else "moment"
    return next((kind for cls, kind in kinds if isinstance(type_, cls)), "other")


def _digits(type_: TypeEngine[Any], kind: str) -> int | None:
    return 0 if kind == "integer" else getattr(type_, "scale", None) if kind == "decimal" else None


# --- from the database ------------------------------------------------------------------------------------------------


def _text(_: Column, value: Any) -> str:
    if isinstance(value, bytes):
        raise TypeError("bytes are no text")
    return str(value)


def _whole(_: Column, value: Any) -> int:
    if int(value) != float(value):
        raise ValueError("not a whole number")
    return int(value)


def _exact(column: Column, value: Any) -> str:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("no number")
    if column.field.digits is not None and isinstance(value, float):  # SQLite keeps decimals as floats
        number = round(number, column.field.digits)
    return f"{number:f}"


def _float(_: Column, value: Any) -> float:
    number = float(value)
    if number - number != 0:
        raise ValueError("infinite, or no number")
    return number


def _truth(value: Any) -> bool:
    if value not in _TRUTHS:
        raise ValueError("neither true nor false")
    return _TRUTHS[value]


def _day(_: Column, value: Any) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _instant(column: Column, value: Any) -> str:
    return utc(column, value).isoformat().replace("+00:00", "Z")


def utc(column: Column, value: Any) -> datetime:
    """In UTC. ValueError where it is no time."""
    found = datetime.fromisoformat(str(value))
    return (found if found.tzinfo else found.replace(tzinfo=column.zone)).astimezone(UTC)


def _json(_: Column, value: Any) -> str:
    return json.dumps(json.loads(value), sort_keys=True, ensure_ascii=False)


_READ: dict[str, Way] = {
    "integer": _whole,
    "decimal": _exact,
    "float": _float,
    "bool": lambda _, value: _truth(value),
    "date": _day,
    "instant": _instant,
    "moment": _instant,
    "tags": lambda _, value: [str(one) for one in value if one is not None],
    "json": _json,
}

# --- to the database --------------------------------------------------------------------------------------------------


def _local(column: Column, value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC) if column.kind == "instant" else at.astimezone(column.zone).replace(tzinfo=None)


_WRITE: dict[str, Way] = {
    "integer": _whole,
    "decimal": lambda column, value: Decimal(_exact(column, value)),
    "float": _float,
    "bool": lambda _, value: _truth(value),
    "date": lambda _, value: date.fromisoformat(value),
    "instant": _local,
    "moment": _local,
    "tags": lambda _, value: [str(one) for one in value],
    "uuid": lambda _, value: UUID(value),
    "json": lambda _, value: json.loads(value),
}


def _plain(value: Any) -> Any:
    """SQLite has no types of its own for these: as other programs that use SQLite write them."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, Decimal | date | UUID):
        return str(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
