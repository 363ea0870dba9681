"""A connector that is watched: how long it takes, so that the rest of a run is the engine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.figure import Clock
from engine.contract import Outcome, Page, Record, Schema, Write


class Timed:
    """The connector `inner`, with the time spent in it on a clock that several may share."""

    def __init__(self, inner: Any, clock: Clock) -> None:
        self._inner, self._clock = inner, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def check(self) -> str:
        with self._clock.running():
            return str(self._inner.check())

    def schema(self, obj: str) -> Schema:
        with self._clock.running():
            found: Schema = self._inner.schema(obj)
            return found

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        yield from self._each(self._inner.scan(obj, scope))

    def changes(self, obj: str, scope: Mapping[str, Any], cursor: str) -> Iterator[Page]:
        yield from self._each(self._inner.changes(obj, scope, cursor))

    def get(self, obj: str, scope: Mapping[str, Any], ids: Sequence[str]) -> Iterator[Record]:
        yield from self._each(self._inner.get(obj, scope, ids))

    def write(self, obj: str, scope: Mapping[str, Any], writes: Sequence[Write]) -> Iterator[Outcome]:
        yield from self._each(self._inner.write(obj, scope, writes))

    def _each(self, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            with self._clock.running():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
