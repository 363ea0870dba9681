"""A state that is lost, set back or damaged is rebuilt: nothing is deleted, nothing doubled, the next run is idle."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from engine import holds
from engine.accounting import explain
from engine.audit import audit
from engine.contract import Caps, Op, Support, Transient
from engine.history import query
from engine.store.tables import changes, links, runs
from flows import rebuild
from flows.project import Project, ProjectError
from flows.rebuild import RebuildReport
from flows.session import Session
from tests.sync.memory import Crash
from tests.sync.world import Make, World, make, told

__all__ = ["make"]
KEYLESS = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES)


def state(world: World) -> Path:
    return world.root / ".syncline" / "state.db"


def reopen(world: World) -> None:
    world.close()
    world.project = Project.at(world.root)


def lose(world: World) -> None:
    """The state file is not there any more."""
    world.close()
    for path in state(world).parent.glob("state.db*"):
        path.unlink()
    reopen(world)


def backup(world: World) -> Path:
    kept = world.root / "backup.db"
    with closing(sqlite3.connect(state(world))) as source, closing(sqlite3.connect(kept)) as target:
        source.backup(target)
    return kept


def restore(world: World, kept: Path) -> None:
    lose(world)
    shutil.copy(kept, state(world))


def mended(world: World, **options: Any) -> RebuildReport:
    session = Session(world.project, "it", lambda: world.now, dict(world.apps))  # its first commits find the damage
    return rebuild.run(world.project, "it", session=session, **options)


def shows(world: World) -> dict[str, Counter[tuple[Any, ...]]]:
    """Side -> the records it has, as people see them."""
    return {
        side: Counter((row["name"], row["note"], row["place"]) for row in app.live().values())
        for side, app in world.apps.items()
    }


def idle(world: World) -> None:
    """The next run writes nothing, and everything is in sync."""
    assert told(world.run()) == 0
    for side, counts in world.status().items():
        assert counts["in_sync"] == counts["total"], (side, explain(world.project.store, "it"))
    assert [one for one in audit(world.project.store, now=world.now.isoformat()) if one.damaged] == []


def fill(world: World, count: int = 12) -> None:
    for number in range(count):
        world.apps["a"].add(name=f"Thing {number}", note=f"note {number}")
    world.apps["b"].add(name="Of b", place="Room 4")
    world.run()


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_a_lost_state_is_linked_anew(make: Make, sides: str) -> None:
    world = make(*sides)
    fill(world)
    before = shows(world)
    lose(world)
    report = mended(world)
    assert told(report.run) == 0
    assert (report.about["linked"], report.about["unmatched"]) == (13, 0)
    assert shows(world) == before
    idle(world)


def test_stamps_tell_apart_what_the_keys_cannot(make: Make) -> None:
    world = make("a", "b", "c")
    for number in range(6):
        world.apps["a"].add(name="Standup", note=f"note {number}")
    world.run()
    before = shows(world)
    lose(world)
    report = mended(world)
    assert (told(report.run), report.run.holds, report.about["stamped"]) == (0, 0, 18)
    assert shows(world) == before
    idle(world)


def test_without_stamps_what_is_ambiguous_is_asked_and_not_created(make: Make) -> None:
    world = make("a", "b", caps=KEYLESS)
    for number in range(3):
        world.apps["a"].add(name="Standup", note=f"note {number}")
    world.apps["a"].add(name="Other")
    world.run()
    lose(world)
    report = mended(world)
    assert (told(report.run), report.run.holds) == (0, 1)
    assert [len(app.live()) for app in world.apps.values()] == [4, 4]
    assert world.status()["a"]["ambiguous"] == 3


def test_values_that_differ_are_merged_without_a_base_and_the_loser_is_kept(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="T", note="old")
    world.run()
    lose(world)
    world.apps["a"].edit(first, note="mine")
    world.apps["b"].edit("b1", note="yours", place="Room 4")
    world.apps["b"].rows["b1"].changed = 1000
    mended(world)
    assert [next(iter(app.live().values()))["note"] for app in world.apps.values()] == ["yours", "yours"]
    assert [next(iter(app.live().values()))["place"] for app in world.apps.values()] == ["Room 4", "Room 4"]
    lost = [row["before"] for row in query(world.project.store, "it") if row["event"] == "lost"]
    assert lost == ["mine"]
    idle(world)


@pytest.mark.parametrize("delta", [Support.YES, Support.NO])
def test_an_old_backup_catches_up(make: Make, delta: Support) -> None:
    caps = Caps(delta=delta, tombstones=delta, guarded=Support.YES, stamped=Support.YES)
    world = make("a", "b", caps=caps)
    fill(world, 20)
    kept = backup(world)
    records = sorted(world.apps["a"].live())
    world.apps["a"].edit(records[0], note="edited since", name="Called otherwise")
    world.apps["a"].remove(records[1])
    for number in range(5):
        world.apps["b"].add(name="Standup", note=f"made since {number}")
    world.run()
    world.run()
    before = shows(world)
    restore(world, kept)
    report = mended(world)
    assert told(report.run) == 0
    assert shows(world) == before
    world.run()
    idle(world)
    assert shows(world) == before


def busy(_moment: str, what: str) -> None:
    if what == "delete":
        raise Transient("too many requests", landed=False)


def test_a_rebuild_deletes_nothing_and_the_next_run_does(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    first, second, *_ = sorted(world.apps["a"].live())
    world.apps["a"].remove(first)
    world.apps["b"].fault = busy
    world.run()
    kept = backup(world)
    world.apps["b"].fault = lambda _moment, _what: None
    world.apps["a"].remove(second)
    restore(world, kept)
    report = mended(world, force=True)
    assert (told(report.run), report.about["deletes"]) == (0, 1)
    assert len(world.apps["b"].live()) == 13
    world.run()
    world.run()
    assert len(world.apps["b"].live()) == 11
    idle(world)


def test_links_that_somebody_emptied_are_made_again(make: Make) -> None:
    world = make("a", "b", "c")
    fill(world)
    before = shows(world)
    world.close()
    with closing(sqlite3.connect(state(world))) as connection, connection:
        connection.execute("delete from links")
    reopen(world)
    assert [one.count for one in audit(world.project.store, "it")] == [39]
    report = mended(world)
    assert (told(report.run), report.about["mended"]) == (0, 39)
    assert shows(world) == before
    idle(world)


@pytest.mark.parametrize(
    "harm",
    [
        "update copies set link = (select min(id) from links)",
        "update links set ended = '2026-11-23'",
        "update changes set state = 'sent', link = 'nowhere'",
        "insert into holds (id, sync, kind, link, reason, detail, digest, state, opened_at) "
        "values ('h', 'it', 'loop', 'nowhere', '', '{}', '', 'open', '')",
    ],
)
def test_what_does_not_hang_together_is_found_and_mended(make: Make, harm: str) -> None:
    world = make("a", "b")
    fill(world)
    before = shows(world)
    world.close()
    with closing(sqlite3.connect(state(world))) as connection, connection:
        connection.execute(harm)
    reopen(world)
    findings = audit(world.project.store, "it")
    assert findings
    assert all("rebuild" in one.todo for one in findings)
    assert told(mended(world).run) == 0
    assert shows(world) == before
    idle(world)


def test_a_healthy_state_is_left_as_it_is(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    with pytest.raises(ProjectError, match="healthy"):
        mended(world)
    assert told(mended(world, force=True).run) == 0
    assert told(mended(world, force=True).run) == 0
    idle(world)


def test_many_records_without_a_like_wait_until_a_person_has_seen_them(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    lose(world)
    world.apps["b"].rows.clear()
    report = mended(world)
    assert (told(report.run), report.run.holds) == (0, 1)
    assert {name: count for name, count in world.status()["a"].items() if count} == {
        "held": 12,
        "excluded": 1,  # made from one of b that is not there any more
        "total": 13,
    }
    assert told(world.run()) == told(world.run()) == 0
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"value": "release"}, world.now.isoformat())
    assert world.run().writes["b"]["create"] == 12
    assert told(world.run()) == 0
    for number in range(10):
        world.apps["a"].add(name=f"Later {number}")
    assert world.run().writes["b"]["create"] == 10, "from then on the sync's own brakes hold"


def test_a_few_records_without_a_like_are_made(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    lose(world)
    world.apps["a"].add(name="Made since")
    assert mended(world).run.writes["b"]["create"] == 1
    idle(world)


def test_a_copy_whose_original_is_gone_is_left_alone_until_somebody_edits_it(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    lose(world)
    first = next(record for record, row in world.apps["a"].live().items() if row["name"] == "Thing 0")
    copy = next(record for record, row in world.apps["b"].live().items() if row["name"] == "Thing 0")
    world.apps["a"].remove(first)
    report = mended(world)
    assert (told(report.run), report.about["alone"]) == (0, 1)
    assert told(world.run()) == 0
    (row,) = explain(world.project.store, "it", "excluded")
    assert (row["side"], row["id"]) == ("b", copy)
    assert "made from is nowhere" in row["reason"]
    world.apps["b"].edit(copy, note="still wanted")
    assert world.run().writes["a"]["create"] == 1
    idle(world)


def test_a_record_that_somebody_copied_with_its_stamp_is_no_second_link(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    lose(world)
    made = next(record for record, row in world.apps["b"].live().items() if row["name"] == "Thing 0")
    again = world.apps["b"].add(name="Thing 0 (copy)")
    world.apps["b"].rows[again].key = world.apps["b"].rows[made].key
    mended(world)
    world.run()
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 14


def test_a_dry_run_writes_nothing_anywhere(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    lose(world)
    world.apps["a"].add(name="Made since")
    before = shows(world)
    report = mended(world, dry_run=True)
    assert [(change["op"], change["title"]) for change in report.changes] == [("create", "Made since")]
    assert (report.about["linked"], shows(world)) == (13, before)
    assert world.project.store.all(links) == world.project.store.all(runs) == []
    assert mended(world).run.writes["b"]["create"] == 1


@pytest.mark.parametrize("moment", range(12))
def test_a_rebuild_that_is_killed_is_taken_up_again(make: Make, moment: int) -> None:
    world = make("a", "b", "c")
    fill(world, 5)
    before = shows(world)
    lose(world)
    world.apps["a"].edit(sorted(world.apps["a"].live())[0], place="Room 9")
    count = [0]

    def kill(_moment: str, _what: str) -> None:
        count[0] += 1
        if count[0] == moment:
            raise Crash

    for app in world.apps.values():
        app.fault = kill
    with suppress(Crash):
        mended(world)
    for app in world.apps.values():
        app.fault = lambda _moment, _what: None
    mended(world, force=True)
    world.run()
    idle(world)
    assert {side: sum(found.values()) for side, found in shows(world).items()} == dict.fromkeys("abc", 6)
    assert all(len(set(found)) == 6 for found in before.values())
    sent = world.project.store.all(changes, changes.c.op == Op.CREATE.value)
    assert sent == []


def test_a_run_that_was_killed_is_closed_by_the_next(make: Make) -> None:
    world = make("a", "b")
    fill(world)
    with world.project.store.write() as connection:
        lost = {"id": "lost", "sync": "it", "kind": "sync", "status": "running", "mapping": 1, "report": {}}
        connection.execute(runs.insert().values(**lost, started_at="2026-11-23T11:00:00+00:00"))
    assert [one.what for one in audit(world.project.store, now=world.now.isoformat())] == [
        "runs that broke off and were not closed"
    ]
    world.run()
    assert world.project.store.all(runs, runs.c.id == "lost")[0]["status"] == "failed"
    idle(world)
