"""SOQL as far as clients of records use it: SELECT .. FROM .. WHERE .. ORDER BY .. LIMIT .. OFFSET."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.salesforce.describe import Field
from sandbox.salesforce.errors import refusal
from sandbox.salesforce.ids import whole

Values = Mapping[str, Any]
Test = Callable[[Values], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}
_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a is not None and b is not None and a < b,
    "<=": lambda a, b: a is not None and b is not None and a <= b,
    ">": lambda a, b: a is not None and b is not None and a > b,
    ">=": lambda a, b: a is not None and b is not None and a >= b,
}


@dataclass(slots=True)
class Query:
    """A query that was understood. `columns` is empty for `COUNT()`."""

    columns: list[str]
    source: str
    where: Test = lambda _: True
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Name, and whether downwards."""
    limit: int | None = None
    offset: int = 0

    def run(self, rows: Iterable[Values]) -> list[Values]:
        """Those that fit, in order. Empty values come first, as in Salesforce."""
        found = [row for row in rows if self.where(row)]
        for name, down in reversed(self.order):
            found.sort(key=lambda row: (row[name] is not None, _comparable(row[name])), reverse=down)
        end = None if self.limit is None else self.offset + self.limit
        return found[self.offset : end]


class Parser:
    """Reads one query. `fields_of` gives an object's fields, or None where there is no such object."""

    def __init__(self, text: str, fields_of: Callable[[str], Mapping[str, Field] | None]) -> None:
        self._tokens = list(_tokens(text))
        self._fields_of = fields_of
        self._fields: Mapping[str, Field] = {}

    def query(self) -> Query:
        """The whole of it."""
        self._word("SELECT")
        columns = self._columns()
        self._word("FROM")
        source = self._take()
        fields = self._fields_of(source)
        if fields is None:
            said = f"sObject type '{source}' is not supported."
            raise refusal(400, "INVALID_TYPE", said)
        self._fields = fields
        query = Query([self._field(name)["name"] for name in columns], source)
        if self._next("WHERE"):
            query.where = self._either()
        if self._next("ORDER"):
            self._word("BY")
            query.order = self._order()
        query.limit = int(self._take()) if self._next("LIMIT") else None
        query.offset = int(self._take()) if self._next("OFFSET") else 0
        if self._tokens:
            raise _malformed(f"unexpected token: '{self._tokens[0][1]}'")
        return query

    def _columns(self) -> list[str]:
        names = [self._take()]
        if names == ["COUNT"]:
            self._word("(")
            self._word(")")
            return []
        while self._next(","):
            names.append(self._take())
        return names

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            item = self._field(self._take())
            if not item["sortable"]:
                raise refusal(400, "INVALID_FIELD", f"field '{item['name']}' can not be sorted in a query call")
            down = bool(self._next("DESC"))
            order.append((item["name"], down))
            _ = down or self._next("ASC")
            if not self._next(","):
                return order

    def _either(self) -> Test:
        parts = [self._both()]
        while self._next("OR"):
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._next("AND"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Test:
        if self._next("NOT"):
            test = self._one()
            return lambda row: not test(row)
        if self._next("("):
            test = self._either()
            self._word(")")
            return test
        item = self._field(self._take())
        if not item["filterable"]:
            raise refusal(400, "INVALID_FIELD", f"field '{item['name']}' can not be filtered in a query call")
        return self._comparison(item)

    def _comparison(self, item: Field) -> Test:
        name = item["name"]
        negated = bool(self._next("NOT"))
        if self._next("IN"):
            self._word("(")
            values = [self._value(item)]
            while self._next(","):
                values.append(self._value(item))
            self._word(")")
            return lambda row: (_comparable(row[name]) in values) != negated
        if self._next("LIKE"):
            pattern = _like(str(self._value(item)))
            return lambda row: bool(pattern.fullmatch(str(row[name] or "")))
        relation = _RELATIONS.get(self._take())
        if relation is None:
            raise _malformed("expecting an operator")
        value = self._value(item)
        return lambda row: relation(_comparable(row[name]), value)

    def _value(self, item: Field) -> Any:
        """A literal, which must be of the kind that the field asks for."""
        kind, text = self._tokens.pop(0) if self._tokens else ("end", "")
        if text.lower() == "null":
            return None
        quoted = item["type"] not in ("boolean", "int", "double", "currency", "percent", "date", "datetime")
        if (kind == "string") != quoted:
            rule = "enclosed in quotes" if quoted else "not be enclosed in quotes"
            said = (
                f"value of filter criterion for field '{item['name']}' must be of type {item['type']} and should {rule}"
            )
            raise refusal(400, "INVALID_FIELD", said)
        if kind == "string":
            plain = _ESCAPE.sub(_escaped, text[1:-1])
            return _comparable(whole(plain) if item["type"] in ("id", "reference") else plain)
        if item["type"] == "boolean":
            return text.lower() == "true"
        return _comparable(text) if kind == "time" else float(text)

    def _field(self, name: str) -> Field:
        found = next((item for item in self._fields.values() if item["name"].lower() == name.lower()), None)
        if found is None:
            raise refusal(400, "INVALID_FIELD", f"No such column '{name}' on entity.")
        return found

    def _next(self, word: str) -> str | None:
        if self._tokens and self._tokens[0][1].upper() == word and self._tokens[0][0] != "string":
            return self._tokens.pop(0)[1]
        return None

    def _word(self, word: str) -> None:
        if not self._next(word):
            raise _malformed(f"expecting '{word}'")

    def _take(self) -> str:
        if not self._tokens or self._tokens[0][0] == "string":
            raise _malformed("unexpected token")
        return self._tokens.pop(0)[1]


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if not found:
            raise _malformed(f"unexpected token: '{text[place : place + 10]}'")
        place = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


def _comparable(value: Any) -> Any:
    """Texts without regard to case, except for ids; times as times; numbers as numbers."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value.casefold()


def _like(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"([%_])", pattern)
    return re.compile("".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts), re.I | re.S)


def _escaped(found: re.Match[str]) -> str:
    if found[1] not in _ESCAPED:
        raise _malformed("Illegal string literal: invalid escape sequence")
    return _ESCAPED[found[1]]


def _malformed(said: str) -> Exception:
    return refusal(400, "MALFORMED_QUERY", said)
