"""New ids: random, 32 hex digits. A simulation may fix the randomness, so that one seed gives one trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random, SystemRandom

_source: list[Random] = [SystemRandom()]


def new() -> str:
    """128 random bits as hex."""
    return f"{_source[-1].getrandbits(128):032x}"


@contextmanager
def drawn_from(source: Random) -> Iterator[None]:
    """Ids come from this source within."""
    _source.append(source)
    try:
        yield
    finally:
        _source.pop()
