"""What is wrong is told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine.contract import Failed, Invalid, Outcome, Transient, Write
from engine.store.lease import Lease
from engine.store.tables import connections
from flows.alerts import Alert, look, tell
from flows.project import Project
from flows.watch.alive import LEASE
from flows.wrong import wrong
from tests.sync.world import Make, World, make

__all__ = ["make"]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Post:
    """Takes the messages, or fails."""

    def __init__(self) -> None:
        self.said: list[Alert] = []
        self.down = False

    def __call__(self, alert: Alert) -> None:
        if self.down:
            raise ConnectionError("the mail server is away")
        self.said.append(alert)

    def subjects(self) -> list[str]:
        said, self.said = [alert.subject for alert in self.said], []
        return said


def told(project: Project, post: Post, now: datetime = NOW) -> list[str]:
    look(project, now)
    tell(project, post, now)
    return post.subjects()


def down(app: Any) -> None:
    def refuse(*_: Any) -> Iterator[Any]:
        raise Transient(f"{app.name} does not answer.", landed=False)
        yield

    app.changes = app.scan = refuse


def up(app: Any) -> None:
    del app.changes, app.scan


def test_an_app_that_is_down_is_told_after_the_second_run_and_once(make: Make) -> None:
    world, post = make("a", "b"), Post()
    world.run()
    assert told(world.project, post) == []
    down(world.apps["b"])
    world.run()
    assert told(world.project, post) == []
    world.run()
    assert told(world.project, post) == ["Syncline: side it/b"]
    world.run()
    assert told(world.project, post) == []
    up(world.apps["b"])
    world.run()
    assert told(world.project, post) == ["Syncline: side it/b is well again"]
    assert told(world.project, post) == [] and wrong(world.project, NOW) == {}


def test_what_waits_for_a_person_is_told_once_whatever_its_number(make: Make) -> None:
    world: World = make("a", "b", extra="conflicts: ask\n")
    post = Post()
    for name in ("Fair", "Talk"):
        world.apps["a"].add(name=name, note="1")
    world.run()
    for count, name in enumerate(("Fair", "Talk"), 1):
        for app in world.apps.values():
            (id_,) = (id_ for id_, data in app.live().items() if data["name"] == name)
            app.edit(id_, note=f"of {app.name}")
        world.run()
        assert f"{count} conflict" in look(world.project, NOW)["holds:it"]
        tell(world.project, post, NOW)
    assert post.subjects() == ["Syncline: holds it"]


def test_a_message_that_was_not_delivered_is_sent_at_the_next_look(make: Make) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    post.down = True
    assert told(world.project, post) == []
    post.down = False
    assert told(world.project, post) == ["Syncline: connection work"]
    world.project.connections.resume("work")
    post.down = True
    assert told(world.project, post) == []
    post.down = False
    assert told(world.project, post) == ["Syncline: connection work is well again"]
    assert told(world.project, post) == []


def test_what_is_over_before_anybody_heard_of_it_is_not_told(make: Make) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    look(world.project, NOW)
    world.project.connections.resume("work")
    assert told(world.project, post) == []


def test_two_processes_tell_it_once(make: Make) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    look(world.project, NOW)
    other = Project.at(world.root)

    def both(alert: Alert) -> None:
        assert tell(other, post, NOW) == []
        post(alert)

    tell(world.project, both, NOW)
    other.close()
    assert post.subjects() == ["Syncline: connection work"]


class Killed(BaseException):
    """The process ends here."""


def killed(_alert: Alert) -> None:
    raise Killed


@pytest.mark.parametrize("over", [False, True])
def test_what_a_killed_process_was_about_to_tell_is_told_by_another(make: Make, over: bool) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    if over:
        assert told(world.project, post) == ["Syncline: connection work"]
        world.project.connections.resume("work")
    look(world.project, NOW)
    with pytest.raises(Killed):
        tell(world.project, killed, NOW)
    for minutes in (-2, 9):  # it may live, and its clock be another one
        assert told(world.project, post, NOW + timedelta(minutes=minutes)) == []
    said = "Syncline: connection work" + " is well again" * over
    assert told(world.project, post, NOW + timedelta(minutes=10)) == [said]
    assert told(world.project, post, NOW + timedelta(days=1)) == []


def test_a_message_that_fails_when_it_is_over_is_not_sent_any_more(make: Make) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    look(world.project, NOW)

    def fails_late(_alert: Alert) -> None:
        world.project.connections.resume("work")
        look(world.project, NOW)
        raise ConnectionError("the mail server is away")

    tell(world.project, fails_late, NOW)
    assert told(world.project, post) == []


def test_what_is_wrong_again_while_people_hear_that_it_is_well_is_told_anew(make: Make) -> None:
    world, post = make("a", "b"), Post()
    paused(world.project, "signed out")
    assert told(world.project, post) == ["Syncline: connection work"]
    world.project.connections.resume("work")
    look(world.project, NOW)

    def wrong_again(alert: Alert) -> None:
        world.project.connections.pause("work", "signed out", NOW)
        look(world.project, NOW)
        post(alert)

    tell(world.project, wrong_again, NOW)
    assert post.subjects() == ["Syncline: connection work is well again"]
    assert told(world.project, post) == ["Syncline: connection work"]


@pytest.mark.parametrize(("life", "left", "told_of"), [(100, 20, False), (100, 13, True), (7, 7, False), (7, 2, True)])
def test_a_sign_in_that_ends_is_told_before(make: Make, life: int, left: int, told_of: bool) -> None:
    world, post = make("a", "b"), Post()
    ends(world.project, NOW + timedelta(days=left), life)
    assert told(world.project, post) == ["Syncline: expiry work"] * told_of


def test_one_that_lives_for_a_week_is_told_of_every_week(make: Make) -> None:
    world, post = make("a", "b"), Post()
    for week in range(2):
        signed_in = NOW + timedelta(weeks=week)
        ends(world.project, signed_in + timedelta(weeks=1), 7)
        assert told(world.project, post, signed_in) == ["Syncline: expiry work is well again"] * week
        assert told(world.project, post, signed_in + timedelta(days=6)) == ["Syncline: expiry work"]


def ends(project: Project, until: datetime, days: int) -> None:
    """The sign-in of `work` ends then, so many days after somebody has signed in."""
    since = (until - timedelta(days=days)).isoformat()
    paused(project, None, expires_at=until.isoformat(), created_at=since)


def test_records_that_cannot_be_written_are_told_until_they_can(make: Make) -> None:
    world, post = make("a", "b"), Post()
    bad, _ = world.apps["a"].add(name="Fair", note="no"), world.apps["a"].add(name="Talk")
    write = world.apps["b"]._apply

    def picky(one: Write) -> Outcome:
        return Failed(one.key, Invalid("no such note", field="note")) if one.data.get("note") == "no" else write(one)

    world.apps["b"]._apply = picky
    world.run()
    assert "1 record could not" in wrong(world.project, NOW)["failed:it"]
    assert told(world.project, post) == ["Syncline: failed it"]
    world.run()
    assert told(world.project, post) == []
    world.apps["a"].edit(bad, note="yes")
    world.run()
    assert told(world.project, post) == ["Syncline: failed it is well again"]


def test_a_sync_that_does_not_run_any_more_is_told(make: Make) -> None:
    world, post = make("a", "b"), Post()
    file = world.root / "deployments" / "it.yaml"
    file.write_text(file.read_text() + "schedule: {every: 10m}\n")
    world.run()
    assert told(world.project, post, world.now + timedelta(minutes=29)) == []
    assert told(world.project, post, world.now + timedelta(minutes=31)) == ["Syncline: late it"]
    file.write_text(file.read_text() + "paused: true\n")
    assert told(world.project, post, world.now + timedelta(minutes=32)) == ["Syncline: late it is well again"]


def test_a_sync_in_which_nothing_happens_is_not_late_where_somebody_watches(make: Make) -> None:
    world, post = make("a", "b"), Post()
    file = world.root / "deployments" / "it.yaml"
    file.write_text(file.read_text() + "schedule: {every: 10m}\n")
    world.run()
    lease = Lease.take(world.project.store, LEASE, lambda: datetime.now(UTC))
    assert told(world.project, post, world.now + timedelta(days=2)) == []
    lease.give_back()
    assert told(world.project, post, world.now + timedelta(days=2)) == ["Syncline: late it"]


def test_a_plan_says_nothing_of_a_side_that_fails(make: Make) -> None:
    world, post = make("a", "b"), Post()
    world.run()
    down(world.apps["b"])
    world.run()
    world.run()
    assert told(world.project, post) == ["Syncline: side it/b"]
    up(world.apps["b"])
    world.plan()
    assert told(world.project, post) == []


def test_a_sync_file_that_cannot_be_used_is_told(make: Make) -> None:
    world, post = make("a", "b"), Post()
    (world.root / "deployments" / "odd.yaml").write_text("sync: odd\nmapping: nowhere\nsides: 5\n")
    assert told(world.project, post) == ["Syncline: sync odd"]


def paused(project: Project, reason: str | None, **more: Any) -> None:
    """A connection of the name `work`; no connector is ever made of it."""
    project.connections.put("work", "caldav", {}, {}, account="ann", now=NOW)
    if reason:
        project.connections.pause("work", reason, NOW)
    if more:
        with project.store.write() as connection:
            connection.execute(update(connections).values(**more))


def test_the_command_lists_what_is_wrong(make: Make, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from syncline.cli import main

    world = make("a", "b")
    assert main(["alerts", "--project", str(world.root)]) == 0
    paused(world.project, "The sign-in was revoked.")
    assert main(["alerts", "--project", str(world.root)]) == 2
    assert "connection:work" in capsys.readouterr().out
    assert main(["alerts", "--test", "--project", str(world.root)]) == 1
    assert "SYNCLINE_NOTIFY" in capsys.readouterr().err
