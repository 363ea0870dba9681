"""Short texts. Shared: a str in NFC with LF line ends, or None; the empty string is None."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from engine.lens import Context

_JOINERS = ("\u200d", "\ufe0f", "\ufe0e")


def tidy(value: Any) -> str | None:
    """NFC, LF line ends, None for empty."""
    if value is None:
        return None
    text = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    return text or None


def cut(text: str, most: int) -> str:
    """At most this many characters, never ending inside a joined character (accents, emoji sequences)."""
    if len(text) <= most:
        return text
    end = most
    while end > 0 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[: end or most]


def _joins(char: str) -> bool:
    return unicodedata.combining(char) != 0 or char in _JOINERS or 0x1F3FB <= ord(char) <= 0x1F3FF


@dataclass(frozen=True, slots=True)
class Text:
    """A text field, cut to `most` characters where the app has a limit."""

    most: int | None = None
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "exact" if self.most is None else "stable"

    def get(self, native: Any, context: Context) -> Any:
        return tidy(native)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        text = tidy(shared)
        if old is not None and tidy(old) == text:
            return old
        if text is not None and self.most is not None:
            text = tidy(cut(text, self.most))
        return old if old is not None and tidy(old) == text else text


@dataclass(frozen=True, slots=True)
class Folded:
    """Text under a lossy fold: `lower`, `trim` (spaces at both ends), `one_line` (line ends become spaces)."""

    fold: str
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = tidy(native)
        if text is None:
            return None
        if self.fold == "lower":
            return text.lower()
        return (text.strip() if self.fold == "trim" else " ".join(text.split())) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        text = self.get(shared, context)
        return old if old is not None and self.get(old, context) == text else text


@dataclass(frozen=True, slots=True)
class Plain:
    """Any value as it is (numbers, booleans, choices without a table); an empty text or list is None."""

    klass: str = "exact"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return None if native in ("", []) else native

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return old if self.get(old, context) == self.get(shared, context) else shared


@dataclass(frozen=True, slots=True)
class Constant:
    """Writes one value whatever the others say, and tells them nothing: one-way."""

    value: Any
    klass: str = "one-way"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        return self.value
