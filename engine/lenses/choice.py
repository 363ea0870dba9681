"""Choices that an app lists itself: values with labels, the same word for the same thing on all sides."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lens import Context, Refusal, Unread, shows
from engine.lenses.reach import text_of
from engine.lenses.text import tidy


@dataclass(frozen=True, slots=True)
class Choice:
    """Shared: the label, for values are often numbers. A word from elsewhere is taken where it is a label or a value,
    whatever the case of its letters; else it is refused.

    A native value that is no choice, as far as is known, is taken as its own label where all values are; a code tells
    nothing.
    """

    choices: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "stable" if self.choices else "exact"

    def get(self, native: Any, context: Context) -> Any:
        """Raises Unread for an unknown code."""
        if isinstance(native, list | dict):
            return native or None
        if not isinstance(native, str):
            return native
        if native.strip() and native not in self.choices and any(one != name for one, name in self.choices.items()):
            raise Unread(f"{native!r} is none of the choices that the app has told; a full run asks it again")
        return tidy(self.choices.get(native) or native)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shows(self, old, shared, context):
            return old
        if shared is None or not self.choices:
            return shared
        word = (text_of(shared) or "").casefold()
        for words in ([(label, native) for native, label in self.choices.items()], [(n, n) for n in self.choices]):
            for said, native in words:
                if said.strip().casefold() == word:
                    return native
        known = ", ".join(list(self.choices)[:8])
        raise Refusal(
            f"{shared!r} is none of the choices of this side ({known}{' ...' if len(self.choices) > 8 else ''})."
        )
