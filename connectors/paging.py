"""Paging as three generators. A server that names the same page twice would keep us for ever: that is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from engine.contract import Transient

P = TypeVar("P")
T = TypeVar("T")


def by_cursor(
    fetch: Callable[[str | None], P], following: Callable[[P], str | None], first: str | None = None
) -> Iterator[P]:
    """Pages named by an opaque token. `fetch(first)` is the first page; a page without a following token ends."""
    seen: set[str] = set()
    token = first
    while True:
        page = fetch(token)
        yield page
        token = following(page)
        if not token:
            return
        _only_once(token, seen)


def by_link(fetch: Callable[[str], P], following: Callable[[P], str | None], first: str) -> Iterator[P]:
    """Pages that name the address of the next one."""
    seen: set[str] = {first}
    link: str | None = first
    while link:
        page = fetch(link)
        yield page
        link = following(page)
        if link:
            _only_once(link, seen)


def by_offset(fetch: Callable[[int], Sequence[T]], size: int) -> Iterator[Sequence[T]]:
    """Pages by position; one shorter than `size` is the last. The same full page twice means that it is ignored."""
    offset = 0
    last: Sequence[T] = ()
    while True:
        page = fetch(offset)
        if page and page == last:
            raise Transient(f"The app sends the same page for every offset (at {offset}): the list cannot be read.")
        if page:
            yield page
        if len(page) < size:
            return
        offset, last = offset + len(page), page


def _only_once(token: str, seen: set[str]) -> None:
    if token in seen:
        raise Transient("The app named the same page twice: the list would never end. It is read again later.")
    seen.add(token)
