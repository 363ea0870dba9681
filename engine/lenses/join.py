"""Several fields of a side as one text, and several texts without any rule but a separator."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.lens import Context
from engine.lenses.text import tidy


@dataclass(frozen=True, slots=True)
class Join:
    """Texts of these fields, empty ones left out, with a separator between them. A text that comes from elsewhere is
    parted at the first separators; what is left goes into the last field."""

    names: tuple[str, ...]
    separator: str = " "
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    joins: bool = True

    def get(self, native: Any, context: Context) -> Any:
        texts = (tidy((native or {}).get(name)) for name in self.names)
        return self.separator.join(text for text in texts if text) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        text = tidy(shared)
        if old is not None and self.get(old, context) == text:
            return old
        pieces = (text or "").split(self.separator, len(self.names) - 1)
        written = {name: tidy(piece) for name, piece in zip(self.names, [*pieces, *self.names], strict=False)}
        return written | dict.fromkeys(self.names[len(pieces) :])
