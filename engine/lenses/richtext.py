"""A small document model for bodies, read from HTML: paragraphs, lists, line breaks and four marks.

Other elements give their text; block elements such as div end their line, as browsers show them. Empty ones go.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from urllib.parse import urlsplit

import nh3

MARKS = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u"}
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
LINES = frozenset(
    (
        "div",
        "section",
        "article",
        "header",
        "footer",
        "blockquote",
        "pre",
        "table",
        "tr",
        "dl",
        "dt",
        "dd",
        "center",
        "hr",
    )
)
TAGS = frozenset({"p", "br", "a", "ul", "ol", "li", "td", "th", *MARKS, *LINES, *HEADINGS})
_DROPPED = {"script", "style", "title", "noscript"}
_SCHEMES = frozenset(("http", "https", "mailto", "tel"))
_SPACE = " \t\n\r\f"
_HARD = "\u00a0"
_DEEPEST = 9
"""Lists within lists beyond this are shown at this depth."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text with its marks; "\\n" alone is a line break. White space in it counts as written."""

    text: str
    marks: tuple[str, ...] = ()
    """In nesting order: a link (`a:<address>`), then b, i, u."""


@dataclass(slots=True)
class Block:
    """Some lines: `text` at the top level, a paragraph `p`, or an item `li` of `lists` (outermost first: ul, ol)."""

    kind: str
    lists: tuple[str, ...] = ()
    runs: list[Run] = field(default_factory=list)


def parse(html: str, *, literal: bool) -> list[Block]:
    """The document of some HTML. `literal`: white space counts as written, and a line end is a line break."""
    clean = nh3.clean(html, tags=set(TAGS), clean_content_tags=_DROPPED, attributes={"a": {"href"}}, link_rel=None)
    reader = _Reader(literal=literal)
    reader.feed(clean)
    reader.close()
    return _joined(reader.blocks)


class _Reader(HTMLParser):
    """Builds blocks from clean HTML. Until `_settled`, a hard space stands for one that counts."""

    def __init__(self, *, literal: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.literal = literal
        self.blocks = [Block("text")]
        self.lists: list[str] = []
        self.marks: list[str] = []
        self.pending = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._text("\n")
        elif tag in ("ul", "ol"):
            self.lists.append(tag)
        elif tag == "li":
            self.lists = self.lists or ["ul"]
            self._open("li")
        elif tag == "p" or tag in HEADINGS:
            self._paragraph()
        elif tag in LINES:
            self._line()
        elif tag in ("td", "th"):
            self._text(" ")
        mark = f"a:{_address(dict(attrs).get('href'))}" if tag == "a" else _mark(tag)
        self.marks += [mark] if mark else []

    def handle_endtag(self, tag: str) -> None:
        self._unmark("a:" if tag == "a" else _mark(tag))
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            self._open("li" if self.lists else "text")
        elif tag == "p" or tag in HEADINGS:
            self._paragraph("text")
        elif tag in LINES:
            self._line()

    def handle_data(self, data: str) -> None:
        text = unicodedata.normalize("NFC", data)
        if not self.literal:
            for blank, part in groupby(text, lambda char: char in _SPACE):
                self._text(" " if blank else "".join(part))
            return
        for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if number:
                self._text("\n")
            if line:
                self._text(line.replace("\t", "    ").replace(" ", _HARD))

    def _unmark(self, start: str | None) -> None:
        places = [place for place, mark in enumerate(self.marks) if start and mark.startswith(start)]
        if places:
            del self.marks[places[-1]]

    def _open(self, kind: str) -> None:
        self.blocks.append(Block(kind, tuple(self.lists[:_DEEPEST]) if kind == "li" else ()))
        self.pending = False

    def _paragraph(self, kind: str = "p") -> None:
        if self.lists:
            self._line()
        else:
            self._open(kind)

    def _line(self) -> None:
        """A block boundary: what follows starts a line."""
        runs = self.blocks[-1].runs
        self.pending = bool(runs) and runs[-1].text != "\n"

    def _text(self, text: str) -> None:
        runs = self.blocks[-1].runs
        if text == " " and (self.pending or not runs or runs[-1].text in (" ", "\n")):
            return
        if self.pending:
            runs.append(Run("\n"))
            self.pending = False
        plain = text in (" ", "\n") and not self.literal
        marks = () if plain and text == "\n" else tuple(sorted(set(self.marks) - {"a:"}))
        runs.append(Run(text, () if text == "\n" else marks))


def _mark(tag: str) -> str | None:
    return "b" if tag in HEADINGS else MARKS.get(tag)


def _address(href: str | None) -> str:
    """The link, or nothing where its scheme is not one to click on."""
    text = (href or "").strip()
    try:
        return text if urlsplit(text).scheme.lower() in _SCHEMES else ""
    except ValueError:
        return ""


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """The blocks that say something; runs of top-level text become one, and a lone paragraph is plain text."""
    kept: list[Block] = []
    for block in blocks:
        runs = _settled(block.runs)
        if not "".join(run.text for run in runs).strip():
            continue
        if kept or block.kind != "text":
            runs = _flush(runs)
        if block.kind == "text" and kept and kept[-1].kind == "text":
            kept[-1].runs += [Run("\n"), *runs]
        else:
            kept.append(Block(block.kind, block.lists, runs))
    if len(kept) == 1 and kept[0].kind == "p":
        kept[0].kind = "text"
    return kept


def _settled(runs: Sequence[Run]) -> list[Run]:
    """Without spaces at line ends and without breaks at either end; neighbours with equal marks become one."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run.text == "\n":
            lines.append([])
        else:
            lines[-1].append(run)
    lines = [list(_merged(line)) for line in lines]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    found: list[Run] = []
    for number, line in enumerate(lines):
        found += [Run("\n")] * bool(number) + line
    return found


def _merged(line: list[Run]) -> Iterator[Run]:
    while line and not (text := line[-1].text.rstrip()):
        line.pop()
    if line:
        line[-1] = Run(text, line[-1].marks)
    for marks, group in groupby(line, lambda run: run.marks):
        yield Run("".join(run.text for run in group).replace(_HARD, " "), marks)


def _flush(runs: list[Run]) -> list[Run]:
    """Without spaces at the very start: inside a document they are no indentation but the white space of its source."""
    while runs and not (text := runs[0].text.lstrip()):
        del runs[0]
    return [Run(text, runs[0].marks), *runs[1:]] if runs else []
