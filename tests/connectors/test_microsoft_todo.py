"""The To Do connector against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from connectors import connect
from connectors.hook import ANY, Forged, Hooked
from connectors.http import MockTransport, Response
from engine.contract import Failed, Invalid, Missing, Op, Record, Refused, Stale, Write
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.hook_receiver import call, receiver
from tests.sandbox.graph import Graph, at, rule, signed_in, slashed

__all__ = ["receiver"]
WEEKLY = rule({"type": "weekly", "daysOfWeek": ["monday"]})


class TestMicrosoftTodo(Conformance):
    """Everything every connector does."""

    app, obj = "microsoft_todo", "tasks"
    title, other = "title", "body"
    scope: ClassVar = {"list": "primary"}
    wrong_scope: ClassVar = {"list": "No such list 7"}
    text: ClassVar = "Zoë &amp; 東京 <b>bold</b> 👩‍👩‍👧 \u202bעברית\u202c; a, b\\n"

    def sample(self, **changes: Any) -> dict[str, Any]:
        return budget(**changes)


def budget(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Budget",
        "body": "<p>Ask <b>Ada</b></p>",
        "status": "inProgress",
        "importance": "high",
        "dueDateTime": "2026-11-23",
        "startDateTime": "2026-11-20",
        "reminderDateTime": {"dateTime": "2026-11-23T08:30:00.0000000", "timeZone": "UTC"},
        "categories": ["Red", "Work"],
    } | changes


class Account:
    """The connector, somebody in To Do, and the server's switches."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.settings = {"base_url": graph.url, "token": graph.token}
        self.desk = self.again()
        self.control = Control(graph.url)
        (tasks,) = graph.call("GET", "/me/todo/lists")["value"]
        self.tasks = f"/me/todo/lists/{quote(tasks['id'], safe='')}/tasks"

    def again(self, scope: dict[str, str] | None = None, **settings: str) -> Desk:
        connector = connect("microsoft_todo", self.settings | settings, sleep=lambda _: None)
        return Desk(connector, scope or {}, "tasks")

    def add(self, **body: Any) -> str:
        """The id of a task made in To Do."""
        return str(self.graph.call("POST", self.tasks, 201, json={"title": "Budget", **body})["id"])

    def patch(self, id: str, **body: Any) -> None:
        self.graph.call("PATCH", f"{self.tasks}/{quote(id, safe='')}", json=body)

    def seen(self, id: str) -> Record:
        (record,) = self.desk.get(id)
        return record


@pytest.fixture
def account() -> Iterator[Account]:
    with signed_in("microsoft_todo") as graph:
        yield Account(graph)


# --- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"])
def test_a_day_is_that_day_in_the_zone_of_the_account(account: Account, zone: str) -> None:
    desk = account.again(zone=zone)
    made = desk.create(budget(dueDateTime="2026-07-01"))
    assert made.data["dueDateTime"] == "2026-07-01"
    assert desk.update(made, dueDateTime=None).data["dueDateTime"] is None
    theirs = account.add(dueDateTime=at("2026-07-01T17:00:00", zone))
    (record,) = desk.get(theirs)
    assert record.data["dueDateTime"] == "2026-07-01"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_a_day_that_was_entered_elsewhere_is_the_day_that_was_meant(account: Account, zone: str) -> None:
    assert account.seen(account.add(dueDateTime=at("2026-11-23T00:00:00", zone))).data["dueDateTime"] == "2026-11-23"


def test_a_zone_that_is_none_is_refused(account: Account) -> None:
    with pytest.raises(Refused, match="Mars/Olympus"):
        account.again(zone="Mars/Olympus")


# --- notes, states, reminders --------------------------------------------------------------------------------------


def test_a_plain_note_is_shown_as_html(account: Account) -> None:
    task = account.add(body={"content": "a < b\nsecond  line", "contentType": "text"})
    assert account.seen(task).data["body"] == "a &lt; b<br>second&nbsp; line"


def test_completion_is_noted_and_taken_back(account: Account) -> None:
    made = account.desk.create(budget())
    done = account.desk.update(made, status="completed")
    assert done.data["completedDateTime"]["timeZone"] == "UTC"
    assert account.desk.update(done, "u2", status=None).data["completedDateTime"] is None
    error = account.desk.error(Write(op=Op.UPDATE, key="u3", id=made.id, data={"completedDateTime": None}))
    assert isinstance(error, Invalid) and error.field == "completedDateTime"


def test_a_reminder_that_is_switched_off_is_none(account: Account) -> None:
    made = account.desk.create(budget())
    assert made.data["reminderDateTime"] == budget()["reminderDateTime"]
    account.patch(made.id, isReminderOn=False)
    fresh = account.seen(made.id)
    assert fresh.data["reminderDateTime"] is None
    back = account.desk.update(fresh, reminderDateTime=budget()["reminderDateTime"])
    assert back.data["reminderDateTime"] == budget()["reminderDateTime"]


def test_writing_what_is_there_sends_nothing(account: Account) -> None:
    made = account.desk.create(budget())
    account.control.reset()
    page = "<html><body>\r\n<p>Ask <b>Ada</b></p>\r\n</body></html>"
    assert account.desk.update(made, **budget(body=page)) == made
    assert account.control.log()["writes"] == 0


@pytest.mark.parametrize("op", [Op.CREATE, Op.UPDATE])
def test_a_task_needs_a_title(account: Account, op: Op) -> None:
    id = account.add() if op is Op.UPDATE else None
    error = account.desk.error(Write(op=op, key="k", id=id, data={"title": None, "status": "deferred"}))
    assert isinstance(error, Invalid) and error.field == "title"


def test_a_refusal_names_the_field(account: Account) -> None:
    error = account.desk.error(Write(op=Op.CREATE, key="k", data=budget(status="cancelled")))
    assert isinstance(error, Invalid) and error.field == "status"


# --- repeating tasks -----------------------------------------------------------------------------------------------


def test_completing_a_repeating_task_gives_a_new_one(account: Account) -> None:
    task = account.seen(account.add(recurrence=WEEKLY))
    _, cursor = account.desk.scan()
    done = account.desk.update(task, status="completed")
    seen, _ = account.desk.changes(cursor)
    (new,) = [record for id, record in seen.items() if id != done.id]
    assert seen[done.id] == done and new.data["status"] == "notStarted"
    assert (done.data["dueDateTime"], new.data["dueDateTime"]) == ("2026-11-02", "2026-11-09")


def test_the_day_of_a_repeating_task_is_not_written(account: Account) -> None:
    task = account.seen(account.add(recurrence=WEEKLY))
    write = Write(op=Op.UPDATE, key="u", id=task.id, data={"title": "Other", "dueDateTime": "2026-11-05"})
    error = account.desk.error(write)
    assert isinstance(error, Invalid) and error.field == "dueDateTime"
    assert account.desk.scan()[0] == {task.id: task}
    assert account.desk.update(task, title="Other", dueDateTime="2026-11-02").data["title"] == "Other"


def test_the_key_leads_to_the_first_task_that_has_it(account: Account) -> None:
    """To Do copies what we keep on a repeating task to the next one."""
    first = account.desk.create(budget(dueDateTime="2026-11-02"), "same")
    account.patch(first.id, recurrence=WEEKLY)
    account.patch(first.id, status="completed")
    assert [record.stamp for record in account.desk.scan()[0].values()] == ["same", "same"]
    assert account.desk.create(budget(), "same").id == first.id


# --- lists ---------------------------------------------------------------------------------------------------------


def test_a_moved_task_is_gone_here_and_new_there(account: Account) -> None:
    account.graph.call("POST", "/me/todo/lists", 201, json={"displayName": "Home"})
    home = account.again({"list": "home"})
    made = account.desk.create(budget())
    (_, here), (_, there) = account.desk.scan(), home.scan()
    moved = account.graph.call("POST", "/_outlook/move", json={"list": "Tasks", "id": made.id, "to": "Home"})
    assert account.desk.changes(here)[0][made.id].gone and account.desk.again(made).gone
    assert [record.data for record in home.changes(there)[0].values()] == [made.data]
    assert account.seen(moved["id"]).gone, "asked for in the wrong list"
    error = account.desk.error(Write(op=Op.UPDATE, key="u", id=moved["id"], data={"title": "X"}))
    assert isinstance(error, Missing)


# --- a server that misbehaves --------------------------------------------------------------------------------------


def test_a_create_whose_answer_was_lost_is_found_at_once(account: Account) -> None:
    account.control.fault("drop_after_commit", method="POST", path="/tasks")
    made = account.desk.create(budget())
    assert made.stamp == "key-1" and account.desk.scan()[0] == {made.id: made}


def test_a_server_that_ignores_versions_is_compared_with(account: Account) -> None:
    """Whether To Do minds If-Match is not known: what is stale is found by reading first."""
    made = account.desk.create(budget())
    account.patch(made.id, title="Theirs")
    sent: list[str] = []

    def answer(request: Any) -> Response:
        sent.append(request.method)
        lists = {"id": "x", "displayName": "Tasks", "wellknownListName": "defaultList"}
        task = {"id": made.id, "@odata.etag": "newer", "title": "Theirs"}
        return Response(200, json={"value": [lists]} if request.url.path.endswith("lists") else task)

    desk = account.again()
    desk.connector = connect("microsoft_todo", account.settings, transport=MockTransport(answer))
    for op in (Op.UPDATE, Op.DELETE):
        data = {"title": "Ours"} if op is Op.UPDATE else {}
        outcome = desk.one(Write(op=op, key=op, id=made.id, if_version=made.version, data=data))
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Stale)
    assert set(sent) == {"GET"}


# --- webhooks ------------------------------------------------------------------------------------------------------


def test_a_subscription_pings_for_its_list(account: Account, receiver: Any) -> None:
    url, told = receiver
    desk = account.again({"list": slashed(account.graph, "/me/todo/lists")["displayName"]})
    connector = desk.connector
    assert isinstance(connector, Hooked)
    connector.subscribe("tasks", desk.scope, url, "first-secret")
    made = connector.subscribe("tasks", desk.scope, url, "secret")
    again = connector.renew(made.id, "tasks", desk.scope, url, "secret")
    assert made.until and again.until and again.until >= made.until and again.id == made.id
    account.add()
    desk.create(budget())
    body = told.get(timeout=10)
    assert connector.hook.judge(call(body=body), "secret").look == ANY and told.empty()
    with pytest.raises(Forged):
        connector.hook.judge(call(body=body.replace(b"secret", b"guess!")), "secret")
    connector.unsubscribe(made.id)
    with pytest.raises(Missing):
        connector.renew(made.id, "tasks", desk.scope, url, "secret")
