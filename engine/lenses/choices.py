"""Tables as a mapping names or writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.contract import Field
from engine.lens import Lens
from engine.lenses.number import decimal, plain
from engine.lenses.tables import NAMED, Table

_WORDS = {"true": True, "false": False}


def table(spec: Any, fields: Mapping[str, Field]) -> Lens:
    """The lens of `{table: ..}`, or `{table: .., default: ..}`; ValueError with a sentence."""
    whole = spec if isinstance(spec, Mapping) and "table" in spec else {"table": spec}
    setting, default = whole["table"], whole.get("default")
    if isinstance(setting, Mapping) and setting:
        field = next(iter(fields.values()), None)
        kind = field.type if field else ""
        shows = {_native(native, kind): shared for native, shared in setting.items()}
        if default is not None and default not in shows.values():
            raise ValueError(f"The default {default!r} has to be one of the values of its table.")
        return Table("of the mapping", shows, default=default, choices=frozenset((field and field.choices) or ()))
    if default is not None:
        raise ValueError("A default goes with a table of your own, such as {table: {vip: gold}, default: gold}.")
    name, _, dialect = str(setting).partition("/")
    found = NAMED.get(name, {}).get(dialect)
    if found is None and not dialect and name in NAMED:
        found = _either(name)
    if found is None:
        known = ", ".join(f"{table}/{spelling}" for table, spellings in NAMED.items() for spelling in spellings)
        raise ValueError(f"There is no table {setting!r}; there are {known}, or write one: {{table: {{free: free}}}}.")
    return found


def _native(key: Any, kind: str) -> Any:
    """A key of the table as the field has it: YAML and JSON do not agree on keys that are no texts."""
    text = str(key).lower() if isinstance(key, bool) else str(key)
    if kind == "bool":
        return _WORDS.get(text, text)
    number = decimal(text) if kind == "number" else None
    return text if number is None else plain(number)


def _either(name: str) -> Table:
    """A named table that reads every app's spelling and writes the shared word, for apps that use these words."""
    shows = {native: shared for table in NAMED[name].values() for native, shared in table.shows.items()}
    own = {shared: shared for shared in dict.fromkeys(shows.values())}
    return Table(name, {**own, **shows})
