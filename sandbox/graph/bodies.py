"""What Exchange does to the body of an item."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

from sandbox.graph.errors import invalid

_HEAD = '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
_SCRIPT = re.compile(r"<(script|iframe|object)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_INNER = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)
_STYLE = re.compile(r"<style\b.*?</style>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"(?:<br\s*/?>|</(?:p|div|li|h\d|tr)>)\s*", re.IGNORECASE)
_SPACE = re.compile(r"\s*\n\s*")
_TAG = re.compile(r"<[^>]+>")
PREVIEW = 255


def parse_body(value: Any) -> str:
    """The html to keep of an itemBody: text is escaped, a fragment gets a skeleton, line ends become CRLF."""
    if value is None:
        return ""
    if not isinstance(value, dict):
        raise invalid("The property 'body' must have contentType and content.")
    kind, content = str(value.get("contentType", "text")).lower(), value.get("content") or ""
    if kind not in {"text", "html"} or not isinstance(content, str):
        raise invalid("The body's contentType must be text or html, its content a string.")
    if not content:
        return ""
    lines = content.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "text":
        return _skeleton(f'<div class="PlainText">{_as_html(lines)}</div>', plain=True)
    clean = _SCRIPT.sub("", lines).strip("\n")
    inner = _INNER.search(clean)
    return _skeleton((inner[1] if inner else clean).strip("\n").replace("\n", "\r\n"), plain=False)


def as_text(html: str) -> str:
    """The body for those who prefer text, with CRLF line ends."""
    inner = _INNER.search(html)
    raw = _SPACE.sub(" ", _STYLE.sub("", inner[1] if inner else html)).strip()
    text = unescape(_TAG.sub("", _BREAK.sub("\n", raw))).replace("\xa0", " ")
    return text.strip("\n").replace("\n", "\r\n")


def preview(html: str) -> str:
    """bodyPreview: the beginning, as text."""
    return as_text(html)[:PREVIEW]


def _as_html(text: str) -> str:
    return escape(text, quote=False).replace("  ", "&nbsp; ").replace("\n", "<br>\r\n")


def _skeleton(inner: str, *, plain: bool) -> str:
    marker = '<meta name="Generator" content="Microsoft Exchange Server">\r\n' if plain else ""
    return f"{_HEAD}{marker}</head>\r\n<body>\r\n{inner}\r\n</body>\r\n</html>\r\n"
