"""What the connector must know of each kind of record; parties and products are such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, ClassVar, Protocol

from connectors.tryton.rpc import Rpc
from engine.contract import Field, Invalid

Raw = Mapping[str, Any]
"""A record as `search_read` gives it: `lang.` is what `lang.code` was asked of."""
STAMP = "syncline "
"""Begins the identifier that keeps the key a record was made under."""


class Kind(Protocol):
    """One object: how it is read and written."""

    model: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    names: ClassVar[Sequence[str]]
    """Fields to read, with those of the records it hangs together with."""
    dated: ClassVar[Sequence[str]]
    """Relations whose changes are changes of the record."""

    def native(self, raw: Raw) -> dict[str, Any]:
        """Values by schema field."""

    def stamps(self, raw: Raw) -> dict[str, str]:
        """`MODEL,ID` -> time stamp of the record and of what it hangs together with."""

    def create(self, rpc: Rpc, names: Names, data: Mapping[str, Any], stamp: str) -> int:
        """The id of the new record, made in one transaction with its stamp."""

    def update(self, rpc: Rpc, names: Names, raw: Raw, data: Mapping[str, Any]) -> None:
        """Sets these fields, if nobody was faster."""

    def delete(self, rpc: Rpc, raw: Raw) -> None:
        """Deletes it, if nobody was faster."""


@dataclass
class Names:
    """Ids of what Tryton refers to by id and people by name; each is asked for once."""

    rpc: Rpc

    def find(self, field: str, table: Mapping[str, int], word: str | None) -> int | None:
        """Invalid for a word that Tryton does not know."""
        if word is None:
            return None
        found = table.get(word.casefold())
        if found is None:
            raise Invalid(f"Tryton knows no {field} {word!r}. Add it there.", field=field)
        return found

    @cached_property
    def languages(self) -> dict[str, int]:
        return self._by("ir.lang", "code", [["translatable", "in", [True, False]]])

    @cached_property
    def countries(self) -> dict[str, int]:
        return self._by("country.country", "code")

    @cached_property
    def units(self) -> dict[str, int]:
        return self._by("product.uom", "name")

    @cached_property
    def piece(self) -> int:
        """The unit of things that are counted."""
        of_english = {"context": {"language": "en"}}
        return int(self.rpc.read("model.product.uom.search", [["symbol", "=", "u"]], 0, 1, None, **of_english)[0])

    def _by(self, model: str, name: str, domain: Sequence[Any] = ()) -> dict[str, int]:
        rows = self.rpc.read(f"model.{model}.search_read", list(domain), 0, None, None, [name])
        return {str(row[name]).casefold(): row["id"] for row in rows if row[name]}


def stamp_of(raw: Raw) -> str | None:
    """The key that the record was made under."""
    codes = [one["code"] or "" for one in raw["identifiers."] or ()]
    return next((code.removeprefix(STAMP) for code in codes if code.startswith(STAMP)), None)


def times(raw: Raw, own: str, related: Mapping[str, str]) -> dict[str, str]:
    """Time stamps of a record and of its related ones; `related` is relation -> model."""
    found = {f"{own},{raw['id']}": raw["_timestamp"]}
    for name, model in related.items():
        value = raw[f"{name}."]
        for one in value if isinstance(value, list) else [value] if value else []:
            found[f"{model},{one['id']}"] = one["_timestamp"]
    return found


def money(value: Decimal | None) -> str | None:
    """As decimal text."""
    return None if value is None else f"{value:f}"


def amount(field: str, value: Any) -> Decimal | None:
    """From decimal text."""
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation as error:
        raise Invalid(f"{field} holds an amount, not {value!r}.", field=field) from error
