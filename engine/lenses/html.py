"""Bodies: the shared spelling is a small HTML in which white space is literal, so that plain text survives unharmed.

Google shows a description as HTML but keeps line ends; Graph wraps bodies in a whole HTML page; CalDAV has plain text.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Any

from markdown_it import MarkdownIt
from markdownify import markdownify

from engine.lens import Context
from engine.lenses.richtext import LINES, TAGS, Block, Run, parse
from engine.lenses.text import Limit, tidy

_BLOCKS = "|".join(sorted({*LINES, "p", "ul", "ol", "li", "td", "th", "h[1-6]"}))
_KNOWN = re.compile(
    rf"<(?!/?(?:{'|'.join(sorted(TAGS))}|span|font|html|body|head|meta|style|img|!--)\b|!--)", re.IGNORECASE
)
_AROUND = re.compile(rf"\s*(</?(?:{_BLOCKS})\b[^>]*>)\s*", re.IGNORECASE)
_ODD = re.compile(r"[<>&\x00-\x09\x0b-\x1f\x7f-\x9f]|[^\S\n ]| \n")
_AFTER = re.compile(r"(<br\s*/?>)[ \t]*\r?\n", re.IGNORECASE)


def _is_simple(text: str) -> bool:
    """True for text that needs no parser: no markup, no odd white space."""
    return not _ODD.search(text) and text == text.strip()


@lru_cache(maxsize=1024)
def from_plain(text: str) -> str | None:
    """Plain text in the shared spelling."""
    if _is_simple(text):
        return text.replace("\n", "<br>")
    return to_shared(parse(escape(text, quote=False), literal=True))


@lru_cache(maxsize=1024)
def from_google(text: str) -> str | None:
    """A Google description: HTML, but line ends that no tag explains are line breaks, and a stray < is a <."""
    if _is_simple(text):
        return text.replace("\n", "<br>")
    return to_shared(parse(_AFTER.sub(r"\1", _AROUND.sub(r"\1", _KNOWN.sub("&lt;", text))), literal=True))


@lru_cache(maxsize=1024)
def from_html(text: str) -> str | None:
    """An HTML page or fragment as browsers show it."""
    return to_shared(parse(text, literal=False))


@lru_cache(maxsize=1024)
def from_markdown(text: str) -> str | None:
    """Markdown (CommonMark); HTML in it counts as text."""
    return from_html(MarkdownIt("commonmark", {"html": False}).render(text))


def to_markdown(shared: str) -> str:
    """Markdown that reads as meant; underlined text is only text there."""
    return str(markdownify(to_html(shared), bullets="-", strip=["u"], newline_style="backslash")).strip()


def to_shared(blocks: Sequence[Block]) -> str | None:
    """The one spelling of a document; None for an empty one."""
    return "".join(_blocks(blocks, soft=False)) or None


def to_html(shared: str) -> str:
    """HTML that browsers show as meant: runs of spaces become no-break spaces."""
    return "".join(_blocks(parse(shared, literal=True), soft=True))


def to_plain(shared: str) -> str:
    """Text for people: list items with dashes or numbers, links with their address behind."""
    out = ""
    numbers: dict[int, int] = {}
    former: Block | None = None
    for block in parse(shared, literal=True):
        if former is not None:
            out += "\n" if block.kind == "li" or former.kind == "li" else "\n\n"
        depth = len(block.lists)
        numbers = {level: count for level, count in numbers.items() if level <= depth} if depth else {}
        numbers[depth] = numbers.get(depth, 0) + 1
        if depth:
            out += "  " * (depth - 1) + ("- " if block.lists[-1] == "ul" else f"{numbers[depth]}. ")
        out += _text(block.runs)
        former = block
    return out


def _text(runs: Sequence[Run]) -> str:
    out = ""
    for link, group in groupby(runs, lambda run: next((mark[2:] for mark in run.marks if mark.startswith("a:")), "")):
        words = "".join(run.text for run in group)
        shown = words.strip() in (link, link.removeprefix("mailto:"), link.removeprefix("tel:"))
        out += words if not link or shown else f"{words} ({link})"
    return out


def _blocks(blocks: Sequence[Block], *, soft: bool) -> Iterator[str]:
    for lists, group in groupby(blocks, lambda block: block.lists[:1]):
        if lists:
            yield _list(list(group), 0, soft=soft)
            continue
        for block in group:
            inner = _inline(_softened(block.runs) if soft else block.runs)
            yield f"<p>{inner}</p>" if block.kind == "p" else inner


def _list(items: Sequence[Block], depth: int, *, soft: bool) -> str:
    """Nested lists: deeper items belong to the item before them."""
    out, opened = "", False
    for deeper, group in groupby(items, lambda item: item.lists[depth + 1 : depth + 2]):
        if deeper:
            out += ("" if opened else "<li>") + _list(list(group), depth + 1, soft=soft)
            opened = True
            continue
        for item in group:
            out += ("</li>" if opened else "") + "<li>" + _inline(_softened(item.runs) if soft else item.runs)
            opened = True
    kind = items[0].lists[depth]
    return f"<{kind}>{out}</li></{kind}>"


def _inline(runs: Sequence[Run], level: int = 0) -> str:
    """Runs as HTML, neighbours sharing their outer marks."""
    out = ""
    for mark, group in groupby(runs, lambda run: run.marks[level] if len(run.marks) > level else ""):
        if not mark:
            out += "".join(escape(run.text, quote=False).replace("\n", "<br>") for run in group)
        elif mark.startswith("a:"):
            out += f'<a href="{escape(mark[2:])}">{_inline(list(group), level + 1)}</a>'
        else:
            out += f"<{mark}>{_inline(list(group), level + 1)}</{mark}>"
    return out


def _softened(runs: Sequence[Run]) -> list[Run]:
    """Spaces that HTML would swallow (at line ends, doubled) as no-break spaces; a tab is four."""
    found: list[Run] = []
    before = "\n"
    for number, run in enumerate(runs):
        after = runs[number + 1].text[0] if number + 1 < len(runs) else "\n"
        text, chars = "", run.text if run.text == "\n" else run.text.replace("\t", "    ") + after
        for char, following in zip(chars, chars[1:] or "\n", strict=False):
            before = "\u00a0" if char == " " and (before in " \n" or following == "\n") else char
            text += before
        found.append(Run(text, run.marks))
    return found


@dataclass(frozen=True, slots=True)
class Body:
    """A body in the dialect google, graph and html (HTML), plain (text) or markdown. What shows the same stays."""

    dialect: str
    most: int | None = None
    counts: str = "chars"
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        text = tidy(native)
        if text is None:
            return None
        return _READERS.get(self.dialect, from_html)(text)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if not shared:
            return old if old is not None and self.get(old, context) is None else None
        native = self._spell(str(shared), context)
        shown = self.get(native, context)
        return old if old is not None and self.get(old, context) in (shared, shown) else native

    def _spell(self, shared: str, context: Context) -> str | None:
        if self.dialect == "plain" or (self.dialect == "google" and self.get(to_plain(shared), context) == shared):
            return self._clipped(to_plain(shared))
        if self.dialect == "markdown":
            return self._clipped(to_markdown(shared))
        return self._clipped(shared if self.dialect == "google" else to_html(shared))

    def _clipped(self, text: str) -> str | None:
        return Limit(self.most, self.counts).cut(unicodedata.normalize("NFC", text))


_READERS = {"google": from_google, "plain": from_plain, "markdown": from_markdown}
