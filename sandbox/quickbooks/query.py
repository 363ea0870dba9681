"""QuickBooks' query language: like SQL, with neither OR nor joins, and STARTPOSITION and MAXRESULTS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.quickbooks.company import moment
from sandbox.quickbooks.errors import Wrong

Shown = Mapping[str, Any]
Test = Callable[[Shown], bool]
MOST, USUAL = 1000, 100
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*|\*)|(?P<sign><=|>=|!=|[=<>(),]))"
)
_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a is not None and a < b,
    "<=": lambda a, b: a is not None and a <= b,
    ">": lambda a, b: a is not None and a > b,
    ">=": lambda a, b: a is not None and a >= b,
}


@dataclass(slots=True)
class Query:
    """A query that was understood."""

    entity: str
    count: bool = False
    columns: list[str] = field(default_factory=list)
    where: list[Test] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    most: int = USUAL
    inactive: bool = False
    """It asks about Active itself: else inactive objects are left out."""

    def run(self, rows: Iterable[Shown]) -> list[Shown]:
        """Those that fit, in order (of their ids where none is given), all pages."""
        found = [row for row in rows if (self.inactive or row["Active"]) and all(test(row) for test in self.where)]
        found.sort(key=lambda row: int(row["Id"]))
        for name, down in reversed(self.order):
            found.sort(key=lambda row: str(_member(row, name) or ""), reverse=down)
        return found

    def page(self, found: list[Shown]) -> list[Shown]:
        """What is asked for of them, with all members; but an article number is only told where it is named."""
        page = found[self.start - 1 : self.start - 1 + self.most]
        hidden = {"Sku"} - set(self.columns)
        return [{name: value for name, value in row.items() if name not in hidden} for row in page]


class Parser:
    """Reads one query."""

    def __init__(self, text: str, entities: Iterable[str]) -> None:
        self._tokens = list(_tokens(text))
        self._entities = {name.lower(): name for name in entities}

    def query(self) -> Query:
        """The whole of it."""
        self._word("SELECT")
        count, columns = self._columns()
        self._word("FROM")
        name = self._take()
        if name.lower() not in self._entities:
            raise Wrong("4001", "Invalid query", f"QueryValidationError: Invalid entity {name}")
        query = Query(self._entities[name.lower()], count, columns)
        if self._next("WHERE"):
            query.where.append(self._condition(query))
            while self._next("AND"):
                query.where.append(self._condition(query))
        spaced = self._next("ORDER")
        if spaced:
            self._word("BY")
        if spaced or self._next("ORDERBY"):
            query.order = self._order()
        if self._next("STARTPOSITION"):
            query.start = int(self._take())
        if self._next("MAXRESULTS"):
            query.most = int(self._take())
        if self._tokens or not 1 <= query.most <= MOST or query.start < 1:
            raise Wrong("4000", "Error parsing query", "QueryParserError: unexpected end or a value out of range")
        return query

    def _columns(self) -> tuple[bool, list[str]]:
        """Whether it only counts, and what it names."""
        names = [self._take()]
        if names[0].lower() == "count":
            for word in ("(", "*", ")"):
                self._word(word)
            return True, []
        while self._next(","):
            names.append(self._take())
        return False, names

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = self._take()
            down = bool(self._next("DESC"))
            _ = down or self._next("ASC")
            order.append((name, down))
            if not self._next(","):
                return order

    def _condition(self, query: Query) -> Test:
        name = self._take()
        query.inactive |= name == "Active"
        if self._next("IN"):
            self._word("(")
            values = [self._value(name)]
            while self._next(","):
                values.append(self._value(name))
            self._word(")")
            return lambda row: _comparable(name, _member(row, name)) in values
        if self._next("LIKE"):
            pattern = ".*".join(re.escape(part) for part in str(self._value(name)).split("%"))
            return lambda row: bool(re.fullmatch(pattern, str(_member(row, name) or ""), re.IGNORECASE))
        relation = _RELATIONS.get(self._take())
        if relation is None:
            raise Wrong("4000", "Error parsing query", f"QueryParserError: {name} wants an operator")
        value = self._value(name)
        return lambda row: relation(_comparable(name, _member(row, name)), value)

    def _value(self, name: str) -> Any:
        kind, text = self._tokens.pop(0) if self._tokens else ("end", "")
        return _comparable(name, re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "string" else text)

    def _next(self, word: str) -> bool:
        if self._tokens and self._tokens[0][0] != "string" and self._tokens[0][1].upper() == word:
            self._tokens.pop(0)
            return True
        return False

    def _word(self, word: str) -> None:
        if not self._next(word):
            raise Wrong("4000", "Error parsing query", f"QueryParserError: expected {word}")

    def _take(self) -> str:
        if not self._tokens or self._tokens[0][0] == "string":
            raise Wrong("4000", "Error parsing query", "QueryParserError: unexpected token")
        return self._tokens.pop(0)[1]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if not found:
            raise Wrong("4000", "Error parsing query", f"QueryParserError: at {text[place : place + 10]!r}")
        place = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


def _member(row: Shown, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _comparable(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if name.startswith("MetaData."):
        return moment(str(value))
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    return str(value)
