"""100,000 copies, half of them on either side, with the apps in memory: what the engine alone needs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.project import Measured
from engine.contract import Caps, Done, Field, Outcome, Page, Record, Schema, Support, Write

MAPPING = """\
name: things
about: The same things in two apps.
sides:
  one: {app: caldav, object: things}
  two: {app: caldav, object: things}
match: [[title]]
fields:
  title: {one: name, two: name}
  note:  {one: note, two: note}
  place: {one: place, two: place}
"""
PAGE = 1000


@dataclass
class Memory:
    """An app that answers at once. Versions are numbers of a single sequence, which is its cursor too."""

    caps: ClassVar[Caps] = Caps(
        delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=Support.YES, batch=PAGE
    )
    name: str
    rows: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    requests: int = 0
    last: int = 0

    def put(self, id: str, data: Mapping[str, Any]) -> Record:
        self.last += 1
        self.rows[id] = (self.last, {**self.rows.get(id, (0, {}))[1], **data})
        return self._record(id)

    def check(self) -> str:
        return self.name

    def schema(self, obj: str) -> Schema:  # noqa: ARG002 - the contract's signature
        return Schema({name: Field(type="text", means=f"thing.{name}") for name in ("name", "note", "place")})

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        return self.changes(obj, scope, "0")

    def changes(self, obj: str, scope: Mapping[str, Any], cursor: str) -> Iterator[Page]:  # noqa: ARG002
        found = [id for id, (version, _) in self.rows.items() if version > int(cursor)]
        for at in range(0, len(found), PAGE):
            self.requests += 1
            yield Page([self._record(id) for id in found[at : at + PAGE]])
        yield Page([], str(self.last))

    def get(self, obj: str, scope: Mapping[str, Any], ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002
        self.requests += 1
        yield from map(self._record, ids)

    def write(self, obj: str, scope: Mapping[str, Any], writes: Sequence[Write]) -> Iterator[Outcome]:  # noqa: ARG002
        self.requests += 1
        for write in writes:
            yield Done(write.key, self.put(write.id or f"{self.name}-{write.key}", write.data))

    def _record(self, id: str) -> Record:
        version, data = self.rows[id]
        return Record(id, str(version), data)


def main(copies: int = 100_000) -> None:
    """Prints one JSON line per measured run."""
    one, two = Memory("one"), Memory("two")
    for number in range(copies // 2):
        one.put(f"one-{number}", {"name": f"Thing {number}", "note": "What it is. " * 10, "place": f"{number % 100}"})
    with tempfile.TemporaryDirectory() as folder:
        project = Measured(Path(folder) / "project", "things", {"one": one, "two": two})
        (project.root / "mappings" / "things.yaml").write_text(MAPPING)
        print(project.run(f"{copies:,} copies in memory: first sync")[0].line(), flush=True)
        project.run("its own writes")
        print(project.run(f"{copies:,} copies in memory: idle")[0].line(), flush=True)
        for number in range(0, 1000, 2):
            one.put(f"one-{number}", {"note": "Edited."})
        print(project.run(f"{copies:,} copies in memory: 500 edits")[0].line(), flush=True)
        figure = project.run(f"{copies:,} copies in memory: all read again, nothing changed", full=True)[0]
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
