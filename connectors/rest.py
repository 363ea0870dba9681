"""What connectors of ordinary record APIs share: cursors, writes one by one, feeds by time.

An app's own words (paths, shapes, errors) stay in its folder; here is only what each of them would otherwise repeat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.contract import AppError, CursorExpired, Done, Failed, Json, Missing, Op, Outcome, Record, Refused, Write

Act = Callable[[Write], Record]
Batch = Callable[[Sequence[Write]], Iterator[Outcome]]


def known(title: str, objects: Sequence[str], obj: str) -> None:
    """Refused where the app has no such object."""
    if obj not in objects:
        raise Refused(f"{title} has no object {obj!r}. There are: {', '.join(objects)}.")


def cursor(scope: Json, **parts: Any) -> str:
    """A cursor as text: whatever is needed to go on, and the scope it belongs to."""
    return json.dumps({"scope": dict(scope), **parts}, sort_keys=True)


def resumed(text: str, scope: Json, *names: str) -> dict[str, Any]:
    """The parts of a cursor. CursorExpired where it cannot be read, lacks one of these, or is of another scope."""
    try:
        parts = dict(json.loads(text))
        found = {name: parts[name] for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise CursorExpired("The cursor cannot be read.") from error
    if parts.get("scope") != dict(scope):
        raise CursorExpired("The cursor belongs to another part of the account.")
    return found


def one_by_one(writes: Iterable[Write], acts: Mapping[Op, Act]) -> Iterator[Outcome]:
    """Each write for itself. An act gives the record as stored, or raises; deleting what is gone is done."""
    for write in writes:
        try:
            yield Done(write.key, acts[write.op](write))
        except Missing as error:
            away = write.op is Op.DELETE and write.id is not None
            yield Done(write.key, gone(write.id or "")) if away else Failed(write.key, error)
        except AppError as error:
            yield Failed(write.key, error)


def in_batches(writes: Sequence[Write], acts: Mapping[Op, Batch], size: int) -> Iterator[Outcome]:
    """Writes of one kind together, at most so many, in the order of the acts."""
    for op, act in acts.items():
        mine = [write for write in writes if write.op is op]
        for begin in range(0, len(mine), size):
            yield from act(mine[begin : begin + size])


def gone(id: str, merged_into: str | None = None) -> Record:
    """A record that is surely deleted, or is part of another one now."""
    return Record(id, None, {}, gone=True, merged_into=merged_into)


@dataclass(frozen=True, slots=True)
class Since:
    """Where a feed by time of change has got to, for apps that only know "modified since".

    Their clocks are coarse and their indexes late, so each look goes back by `overlap`; what was seen there in the same
    version is left out again, so that an idle look shows nothing.
    """

    at: datetime | None = None
    """The newest time of change seen (aware); None before the first record."""
    seen: Mapping[str, str] = field(default_factory=dict)
    """Id -> version of what changed within the overlap before `at`."""

    def start(self, overlap: timedelta) -> datetime:
        """From when on to ask."""
        return (self.at or datetime(1970, 1, 2, tzinfo=UTC)) - overlap

    def fresh(self, records: Iterable[Record]) -> list[Record]:
        """Those not seen before."""
        return [record for record in records if self.seen.get(record.id) != mark(record)]

    def after(self, records: Iterable[Record], overlap: timedelta) -> Since:
        """Once these were seen, fresh or not."""
        dated = [record for record in records if record.changed_at is not None]
        newest = max([*([self.at] if self.at else []), *(r.changed_at for r in dated if r.changed_at)], default=None)
        if newest is None:
            return self
        late = newest - overlap
        seen = {record.id: mark(record) for record in dated if record.changed_at and record.changed_at >= late}
        kept = {id: version for id, version in self.seen.items() if id not in seen} if newest == self.at else {}
        return Since(newest, {**kept, **seen})

    def as_json(self) -> dict[str, Any]:
        """For a cursor."""
        return {"at": self.at.isoformat() if self.at else None, "seen": dict(self.seen)}

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Since:
        """From a cursor; CursorExpired where it makes no sense."""
        try:
            at = value["at"]
            return cls(datetime.fromisoformat(at) if at else None, dict(value["seen"]))
        except (KeyError, TypeError, ValueError) as error:
            raise CursorExpired("The cursor cannot be read.") from error


def mark(record: Record) -> str:
    """What tells a version from the next."""
    return "gone" if record.gone else record.version or (record.changed_at.isoformat() if record.changed_at else "")
