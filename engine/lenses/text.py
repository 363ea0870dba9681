"""Short texts. Shared: a str in NFC with LF line ends, or None; the empty string is None."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from engine.lens import Context

_JOINER = "\u200d"


def tidy(value: Any) -> str | None:
    """NFC, LF line ends, None for empty."""
    if value is None:
        return None
    text = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    return text or None


def size(text: str, counts: str = "chars") -> int:
    """The length of a text in code points (chars), UTF-16 units (utf16) or bytes of UTF-8 (bytes)."""
    if counts == "utf16":
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text.encode("utf-8", "surrogatepass")) if counts == "bytes" else len(text)


def cut(text: str, most: int, counts: str = "chars") -> str:
    """At most this much of a text, never ending inside a joined character (accents, emoji sequences, flags).

    A joined character that is longer than all there is room for is parted, but never a code point.
    """
    if size(text, counts) <= most:
        return text
    end, room = 0, most
    while end < len(text) and (room := room - size(text[end], counts)) >= 0:
        end += 1
    whole = end
    while whole > 0 and (_joins(text[whole]) or text[whole - 1] == _JOINER or _in_flag(text, whole)):
        whole -= 1
    return text[: whole or end]


def _joins(char: str) -> bool:
    return unicodedata.category(char).startswith("M") or char == _JOINER or 0x1F3FB <= ord(char) <= 0x1F3FF


def _in_flag(text: str, at: int) -> bool:
    """Whether this is between the two letters of a flag."""
    start = at
    while start > 0 and _is_flag(text[start - 1]):
        start -= 1
    return _is_flag(text[at]) and (at - start) % 2 == 1


def _is_flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a text may be: `most` of what the app counts, see `size`; None is without limit."""

    most: int | None = None
    counts: str = "chars"

    def cut(self, text: str | None) -> str | None:
        """The text, or as much of its beginning as there is room for."""
        return text if text is None or self.most is None else tidy(cut(text, self.most, self.counts))


@dataclass(frozen=True, slots=True)
class Text:
    """A text field, cut to `most` characters (or what the app counts) where it has a limit."""

    most: int | None = None
    counts: str = "chars"
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
        text = Limit(self.most, self.counts).cut(text)
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
