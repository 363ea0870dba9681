"""Values that are computed from a side's fields, one way, and the last resort: Python code."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import cel

from engine.lens import Context, Refusal, Unread
from engine.lenses.text import tidy


@dataclass(frozen=True, slots=True)
class Computed:
    """A CEL expression over native fields of the side; empty texts are "", other empty fields null. Nothing is
    written there. Where it cannot be computed (null times two) there is no value."""

    expression: str
    names: tuple[str, ...]
    texts: frozenset[str] = frozenset()
    klass: str = "one-way"
    reads: tuple[str, ...] = ()

    @property
    def joins(self) -> bool:
        return len(self.names) > 1

    def get(self, native: Any, context: Context) -> Any:
        values = native if self.joins else {self.names[0]: native}
        given = {name: "" if value is None and name in self.texts else value for name, value in (values or {}).items()}
        try:
            found = program(self.expression).execute(given)
            value = json.loads(json.dumps(found))
        except (RuntimeError, TypeError, LookupError, ValueError):
            return None
        return tidy(value) if isinstance(value, str) else value

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return old


@lru_cache(maxsize=256)
def program(expression: str) -> Any:
    """The compiled expression; ValueError with a sentence."""
    try:
        return cel.compile(expression)
    except ValueError:
        raise ValueError(f"The expression {expression!r} is not valid CEL.") from None


@dataclass(frozen=True, slots=True)
class Code:
    """A lens made elsewhere (`get` and `put`), or a function of the native value, which is one way.

    What it raises in `get` makes the row count as not read; what it raises in `put` is a refusal.
    """

    path: str
    lens: Any
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return str(getattr(self.lens, "klass", "one-way"))

    @property
    def part(self) -> bool:
        return bool(getattr(self.lens, "part", False))

    @property
    def joins(self) -> bool:
        return bool(getattr(self.lens, "joins", False))

    def get(self, native: Any, context: Context) -> Any:
        run: Callable[..., Any] = getattr(self.lens, "get", None) or (lambda value, _: self.lens(value))
        try:
            return run(native, context)
        except Exception as error:
            raise Unread(f"{self.path} cannot read it: {type(error).__name__} {error}") from error

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if not hasattr(self.lens, "put"):
            return old
        try:
            return self.lens.put(shared, old, context)
        except Refusal:
            raise
        except Exception as error:
            raise Refusal(f"{self.path} cannot write it: {type(error).__name__} {error}") from error


def load(path: Any) -> Code:
    """The lens or function at `package.module:name`; a class is made without arguments. ValueError with a sentence."""
    module, colon, name = str(path).partition(":")
    if not (module and colon and name):
        raise ValueError(f"python needs an import path such as {{python: 'our_lenses:tidy_sku'}}, not {path!r}.")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        lens = found() if isinstance(found, type) else found
    except ImportError as error:
        raise ValueError(f"The Python module of {path!r} cannot be imported: {error}.") from error
    except AttributeError:
        raise ValueError(f"The Python module {module} has no {name!r}.") from None
    except TypeError as error:
        raise ValueError(f"The class {path!r} cannot be made without arguments: {error}.") from error
    if hasattr(lens, "get") and hasattr(lens, "put"):
        return Code(str(path), lens, tuple(getattr(lens, "reads", ())))
    if callable(lens):
        return Code(str(path), lens)
    raise ValueError(f"{path!r} is neither a function nor a lens with get and put.")
