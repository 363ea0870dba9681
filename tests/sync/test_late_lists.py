"""Lists that lag behind: what they show of a record that is known from later is no edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Caps, Op, Page, Record, Support, Transient
from engine.store.tables import inbox
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told

LISTS_ONLY = Caps()
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class LateApp(MemoryApp):
    """Its lists show some records as they were; a look by id shows them as they are."""

    caps: Caps = LISTS_ONLY
    versioned: bool = True
    late: dict[str, Record] = field(default_factory=dict)
    tick: timedelta = timedelta(0)
    """How far its clock goes on with each change."""

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        for page in super().scan(obj, scope):
            yield Page([self.late.get(record.id, record) for record in page.records], page.cursor)

    def _record(self, record: str) -> Record:
        now, row = super()._record(record), self.rows[record]
        at = MORNING + self.tick * row.changed
        return replace(now, version=now.version if self.versioned else None, changed_at=at)

    def keep_showing(self, record: str) -> None:
        """Lists go on showing the record as it is now."""
        self.late[record] = self._record(record)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[[LateApp], World]]:
    worlds = []

    def build(late: LateApp) -> World:
        worlds.append(World(tmp_path, {"a": MemoryApp("a"), "b": late}))
        return worlds[-1]

    yield build
    for one in worlds:
        one.close()


@pytest.mark.parametrize("versioned", [True, False])
def test_what_was_seen_only_just_before_a_write_is_not_believed_later(
    world: Callable[[LateApp], World], versioned: bool
) -> None:
    """Its clock shows the day, so only that look tells which of the two is the former."""
    late = LateApp("b", versioned=versioned)
    it = world(late)
    a, b = it.apps["a"].add(name="x"), "b1"
    it.run()
    late.keep_showing(b)
    late.edit(b, place="Rome")
    seen = late._record(b)
    it.apps["a"].edit(a, note="bring maps")
    it.run()
    late.late[b] = seen
    assert told(it.run()) == 0
    late.late.clear()
    assert told(it.run()) == 0
    for app in it.apps.values():
        (data,) = app.live().values()
        assert (data["note"], data["place"]) == ("bring maps", "Rome")


def test_what_was_never_seen_and_is_older_is_not_believed_later(world: Callable[[LateApp], World]) -> None:
    late = LateApp("b", tick=timedelta(seconds=1))
    it = world(late)
    a, b = it.apps["a"].add(name="x", note="old"), "b1"
    it.run()
    late.edit(b, place="Rome")
    between = late._record(b)
    late.edit(b, note="new")
    with it.project.store.write() as connection:
        connection.execute(inbox.insert().values(sync="it", side="b", record=b, at=it.now.isoformat()))
    it.run()
    late.late[b] = between
    assert told(it.run()) == 0
    assert it.apps["a"].rows[a].data["note"] == "new"


def test_a_version_that_really_came_back_is_believed(world: Callable[[LateApp], World]) -> None:
    """Without versions a record that is put back looks like its former self: a look by id tells."""
    late = LateApp("b", versioned=False)
    it = world(late)
    a, b = it.apps["a"].add(name="x", note="old"), "b1"
    it.run()
    late.edit(b, note="new")
    it.run()
    late.edit(b, note="old")
    assert it.run().writes["a"][Op.UPDATE] == 1
    assert it.apps["a"].rows[a].data["note"] == "old"


def test_a_look_before_a_write_that_does_not_land_makes_nothing_doubtful(world: Callable[[LateApp], World]) -> None:
    late = LateApp("b", caps=replace(LISTS_ONLY, stamped=Support.YES))
    it = world(late)
    a, b = it.apps["a"].add(name="x"), "b1"
    it.run()
    late.keep_showing(b)
    late.edit(b, place="Rome")
    it.apps["a"].edit(a, note="bring maps")

    def cut(moment: str, what: str) -> None:
        if (moment, what) == ("before", Op.UPDATE):
            raise Transient("the line is cut")

    late.fault = cut
    it.run()
    late.fault = lambda _moment, _what: None
    late.late.clear()
    it.run()
    for app in it.apps.values():
        (data,) = app.live().values()
        assert (data["note"], data["place"]) == ("bring maps", "Rome")
