"""What a receiver alone hears becomes events of Prefect, where there is a server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from queue import Queue

import pytest
from sqlalchemy import delete

from engine.store import put
from engine.store.lease import Lease
from engine.store.tables import inbox
from flows import changed
from flows.project import Project
from flows.session import utc_now
from flows.unanswered import Unanswered
from flows.watch.alive import LEASE
from tests.hooks.office import Office, office

__all__ = ["office"]
PATIENCE = 60
Sent = Queue[tuple[str, dict[str, str]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What Prefect is told."""
    told = Sent()
    monkeypatch.setattr("prefect.events.emit_event", lambda name, resource: told.put((name, resource)))
    monkeypatch.setattr(changed, "_server", lambda _: True)
    return told


def event(sync: str) -> tuple[str, dict[str, str]]:
    return "syncline.changed", {"prefect.resource.id": f"syncline.sync.{sync}"}


def ping(project: Project, sync: str = "work", second: int = 0) -> None:
    at = datetime(2026, 11, 23, 12, 0, second, tzinfo=UTC).isoformat()
    with project.store.write() as connection:
        put(connection, inbox, [{"sync": sync, "side": "a", "record": None, "at": at}])


def test_each_sync_is_told_once_for_all_that_came_together(office: Office, sent: Sent) -> None:
    with changed.events(office.project) as heard:
        for syncs in ({"work"}, {"work", "home"}, {"work"}):
            heard(frozenset(syncs))
    assert [sent.get_nowait() for _ in range(sent.qsize())] == [event("home"), event("work")]


def test_what_a_former_process_has_stored_and_not_told_is_told(office: Office, sent: Sent) -> None:
    ping(office.project)
    with changed.events(office.project):
        assert sent.get(timeout=PATIENCE) == event("work")


def test_what_prefect_was_told_in_vain_is_told_again(
    office: Office, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed, "AGAIN", 0.01)
    monkeypatch.setattr("flows.unanswered.FIRST", 0.01)
    emit: list[Callable[[], None]] = [lambda: 1 / 0]  # type: ignore[list-item, return-value]

    def down(name: str, resource: dict[str, str]) -> None:
        if emit:
            emit.pop()()
        sent.put((name, resource))

    monkeypatch.setattr("prefect.events.emit_event", down)
    with changed.events(office.project) as heard:
        ping(office.project)
        heard(frozenset({"work"}))
        for _ in range(3):
            assert sent.get(timeout=PATIENCE) == event("work")
    assert emit == []


def test_a_ping_that_stays_is_told_ever_more_rarely(office: Office) -> None:
    project = office.project
    left = Unanswered(project.store)
    assert left.look(0) == frozenset()
    ping(project)
    told = [second for second in range(5, 7300, 5) if left.look(second)]
    assert told == [65, 125, 245, 485, 965, 1925, 3845]
    ping(project, second=1)
    assert [second for second in range(7300, 7400, 5) if left.look(second)] == [7360]
    with project.store.write() as connection:
        connection.execute(delete(inbox))
    assert not any(left.look(second) for second in range(7400, 20000, 60))


@pytest.mark.parametrize("who", ["work", LEASE])
def test_nobody_is_told_of_a_sync_that_runs_or_is_watched(office: Office, who: str) -> None:
    left = Unanswered(office.project.store)
    ping(office.project)
    lease = Lease.take(office.project.store, who, utc_now)
    assert left.look(0) == frozenset()
    lease.give_back()
    assert left.look(0) == {"work"}


def test_without_a_server_nothing_is_sent_and_prefect_is_not_needed(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(office.root / "no-prefect"))
    monkeypatch.setitem(__import__("sys").modules, "prefect.events", None)
    with changed.events(office.project) as heard:
        heard(frozenset({"work"}))
    assert caplog.records == []
