"""The Google Tasks connector against its stand-in: what every connector does, and what is Google's own."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from engine.contract import AppError, Failed, Invalid, Op, Refused, Stale, Transient, Write
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk

LISTS = "tasks/v1/users/@me/lists"
DEFAULT = "tasks/v1/lists/@default/tasks"


class Tasks(Conformance):
    """How Google spells it."""

    __test__ = False
    app, obj = "google_tasks", "tasks"
    title, other = "title", "notes"
    wrong_scope: ClassVar = {"list": "No such list"}

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"title": "Budget", "notes": "Room 1\nBring it", "due": "2026-11-23", "status": "needsAction"} | changes


class TestEveryConnector(Tasks):
    """The common suite."""

    __test__ = True

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        """A time is never forgotten."""
        _, cursor = desk.scan()
        control.fault("expire_cursor")
        assert desk.changes(cursor)[0] == {}


class TestEveryConnectorInAnotherList(TestEveryConnector):
    """The same in a list that is named by its title."""

    scope: ClassVar = {"list": "Work"}

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        Person(settings).json("POST", LISTS, title="Work")
        return self.scope


class Person:
    """Somebody who uses the tasks beside us, by the plain API."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._http = Client(settings["base_url"], Bearer(settings["token"]))

    def json(self, method: str, path: str, **body: Any) -> Any:
        return self._http.json(method, path, json=body or None)


# pytest collects inherited tests too, so the app's own tests only borrow the fixtures
class TestGoogle:
    """Google's own."""

    settings = Tasks.settings
    scope_of = Tasks.scope_of
    desk = Tasks.desk
    control = Tasks.control
    app, obj, scope, controlled = Tasks.app, Tasks.obj, Tasks.scope, True

    @pytest.fixture
    def person(self, settings: dict[str, str]) -> Person:
        return Person(settings)

    def sample(self, **changes: Any) -> dict[str, Any]:
        return Tasks().sample(**changes)

    def test_completing_and_opening_again(self, desk: Desk) -> None:
        made = desk.create(self.sample(status="completed"))
        assert made.data["completed"] and made.data["hidden"] is False
        opened = desk.update(made, status="needsAction")
        assert opened.data["completed"] is None and opened.data["status"] == "needsAction"
        assert desk.update(opened, key="u2", due=None).data["due"] is None
        assert desk.again(opened).data["title"] == "Budget"

    def test_a_task_completed_in_googles_apps_stays_in_sync(self, desk: Desk, person: Person) -> None:
        made = desk.create(self.sample())
        _, cursor = desk.scan()
        person.json("POST", "_tasks/tick", list="@default", task=made.id)
        seen = desk.changes(cursor)[0][made.id]
        assert (seen.data["status"], seen.data["hidden"]) == ("completed", True)
        assert desk.scan()[0] == {made.id: seen}
        assert desk.update(seen, status="needsAction").data["hidden"] is False

    def test_a_deleted_task_takes_no_changes(self, desk: Desk, person: Person) -> None:
        made = desk.create(self.sample())
        person.json("DELETE", f"{DEFAULT}/{made.id}")
        assert desk.again(made).gone
        outcome = desk.one(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"title": "Ghost"}))
        assert isinstance(outcome, Failed) and "no longer" in str(outcome.error)
        assert person.json("GET", f"{DEFAULT}/{made.id}")["title"] == "Budget"
        assert desk.delete(made).gone

    def test_a_task_moved_to_another_list_is_gone_from_this_one(self, desk: Desk, person: Person) -> None:
        made, kept = desk.create(self.sample()), desk.create(self.sample(), key="kept")
        other = person.json("POST", LISTS, title="Work")["id"]
        person.json("POST", f"{DEFAULT}/{made.id}/move?destinationTasklist={other}")
        assert desk.again(made).gone and set(desk.scan()[0]) == {kept.id}
        assert set(Desk(desk.connector, {"list": "Work"}, "tasks").scan()[0]) == {made.id}

    def test_a_look_back_over_several_pages_shows_nothing_twice(self, desk: Desk, person: Person) -> None:
        person.json("POST", "_control/fill", calendar="primary", count=250)
        found, cursor = desk.scan()
        assert len(found) == 250
        before = desk.connector.requests
        seen, after = desk.changes(cursor)
        assert seen == {} and desk.connector.requests - before == 3, "all were made within the overlap"
        child = person.json("POST", f"{DEFAULT}?parent={next(iter(found))}", title="Child")
        seen, _ = desk.changes(after)
        assert seen[child["id"]].data["parent"] == next(iter(found)) and len(seen) == 1

    def test_assigned_tasks_are_read_and_take_no_notes(self, desk: Desk, person: Person) -> None:
        task = person.json("POST", "_tasks/assign", list="@default", title="Review")
        (record,) = desk.scan()[0].values()
        assert record.id == task["id"]
        assert isinstance(desk.error(Write(op=Op.UPDATE, key="u", id=record.id, data={"notes": "x"})), Invalid)
        assert desk.update(record, title="Reviewed").data["title"] == "Reviewed"

    def test_the_list_is_named_once(self, desk: Desk, person: Person) -> None:
        person.json("POST", LISTS, title="Twice")
        twice = person.json("POST", LISTS, title="Twice")["id"]
        with pytest.raises(Refused, match="2 lists"):
            list(desk.connector.scan("tasks", {"list": "Twice"}))
        scope = {"list": twice}
        by_id = Desk(desk.connector, scope, "tasks")
        made = by_id.create(self.sample())
        found, cursor = by_id.scan()
        assert set(found) == {made.id} and desk.scan()[0] == {}
        person.json("DELETE", f"{LISTS}/{twice}")
        with pytest.raises(Refused, match="no longer shows"):
            by_id.changes(cursor)

    def test_an_edit_between_look_and_write_is_refused(self) -> None:
        task = {"id": "t1", "etag": '"1"', "updated": "2026-11-02T00:00:00Z"}
        refusal = {"error": {"code": 412, "errors": [{"reason": "conditionNotMet", "message": "No."}]}}
        desk = scripted({"GET": httpx.Response(200, json=task), "PATCH": httpx.Response(412, json=refusal)})
        update = Write(op=Op.UPDATE, key="u", id="t1", if_version='"1"', data={"title": "Ours"})
        assert isinstance(desk.error(update), Stale)

    @pytest.mark.parametrize(
        ("status", "reason", "error"),
        [
            (403, "rateLimitExceeded", Transient),
            (403, "quotaExceeded", Transient),
            (403, "insufficientPermissions", Refused),
            (403, "accessNotConfigured", Refused),
            (400, "invalid", Invalid),
            (503, "backendError", Transient),
        ],
    )
    def test_reasons_say_what_happens_next(self, status: int, reason: str, error: type[AppError]) -> None:
        body = {"error": {"code": status, "message": "No.", "errors": [{"reason": reason, "message": "No."}]}}
        desk = scripted({"POST": httpx.Response(status, json=body)})
        outcome = desk.one(Write(op=Op.CREATE, key="k", data=self.sample()))
        assert isinstance(outcome, Failed) and type(outcome.error) is error
        assert reason in str(outcome.error)

    def test_a_lost_answer_to_a_create_is_not_sent_again(self, desk: Desk, control: Control) -> None:
        control.fault("drop_after_commit", method="POST")
        error = desk.error(Write(op=Op.CREATE, key="k", data=self.sample()))
        assert isinstance(error, Transient) and error.landed is None
        assert len(desk.scan()[0]) == 1


def scripted(answers: dict[str, httpx.Response]) -> Desk:
    """A connector at a server with these answers by method."""
    transport = httpx.MockTransport(lambda request: answers[request.method])
    connector = connect("google_tasks", {"token": "t"}, transport=transport, sleep=lambda _: None)
    return Desk(connector, {}, "tasks")
