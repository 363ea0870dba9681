"""The To Do stand-in, driven by the vendor's own client library and by plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.graph import BERLIN, Graph, at, rule, signed_in
from tests.sandbox.graph_client import tell_at

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated.*:DeprecationWarning")
WEEKLY = rule({"type": "weekly", "daysOfWeek": ["monday"]})
STAMP = {"applicationName": "Syncline", "displayName": "Syncline", "externalId": "k'1"}


class Todo:
    """A signed-in client and the default list."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        (self.list,) = graph.call("GET", "/me/todo/lists")["value"]
        self.tasks = f"/me/todo/lists/{quote(self.list['id'], safe='')}/tasks"

    def make(self, **more: Any) -> Any:
        return self.graph.call("POST", self.tasks, 201, json={"title": "Budget", **more})

    def at(self, task: Any) -> str:
        return f"{self.tasks}/{quote(task['id'], safe='')}"

    def get(self, task: Any, query: str = "") -> Any:
        return self.graph.call("GET", self.at(task) + query)

    def patch(self, task: Any, **body: Any) -> Any:
        return self.graph.call("PATCH", self.at(task), json=body)

    def all(self) -> list[Any]:
        return list(self.graph.call("GET", self.tasks, params={"$top": 100})["value"])


@pytest.fixture
def todo() -> Iterator[Todo]:
    with signed_in("microsoft_todo") as graph:
        yield Todo(graph)


# --- the vendor's client -----------------------------------------------------------------------------------------


def test_a_task_is_made_read_changed_and_deleted_by_the_vendors_client() -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.importance import Importance
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.linked_resource import LinkedResource
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.task_status import TaskStatus
    from msgraph.generated.models.todo_task import TodoTask
    from msgraph.generated.models.wellknown_list_name import WellknownListName
    from msgraph.generated.users.item.todo.lists.item.tasks.item.todo_task_item_request_builder import (
        TodoTaskItemRequestBuilder,
    )

    async def story(client: Any) -> None:
        (only,) = (await client.me.todo.lists.get()).value
        assert only.wellknown_list_name == WellknownListName.DefaultList
        tasks = client.me.todo.lists.by_todo_task_list_id(only.id).tasks
        task = TodoTask(title="Budget", importance=Importance.High, categories=["Red"])
        task.body = ItemBody(content="Line 1\nLine 2", content_type=BodyType.Text)
        task.due_date_time = DateTimeTimeZone(date_time="2026-11-23T17:30:00", time_zone="UTC")
        task.linked_resources = [LinkedResource(display_name="Syncline", external_id="k1")]
        made = await tasks.post(task)
        assert made.due_date_time.date_time == "2026-11-23T00:00:00.0000000", "a day has no time"
        assert (made.body.content, made.body.content_type) == ("Line 1\r\nLine 2", BodyType.Text)
        one = tasks.by_todo_task_id(made.id)
        query = TodoTaskItemRequestBuilder.TodoTaskItemRequestBuilderGetQueryParameters(expand=["linkedResources"])
        seen = await one.get(request_configuration=RequestConfiguration(query_parameters=query))
        assert [link.external_id for link in seen.linked_resources] == ["k1"]
        assert [link.external_id for link in (await one.linked_resources.get()).value] == ["k1"]
        done = await one.patch(TodoTask(status=TaskStatus.Completed))
        assert (done.status, bool(done.completed_date_time)) == (TaskStatus.Completed, True)
        first = await tasks.delta.get()
        await one.delete()
        later = await tasks.delta.with_url(first.odata_delta_link).get()
        assert later.value[0].additional_data["@removed"] == {"reason": "deleted"}
        with pytest.raises(ODataError) as caught:
            await one.get()
        assert (caught.value.response_status_code, caught.value.error.code) == (404, "ErrorItemNotFound")

    tell_at("microsoft_todo", story)


# --- repeating tasks ---------------------------------------------------------------------------------------------


def test_completing_a_repeating_task_makes_the_next_one(todo: Todo) -> None:
    task = todo.make(recurrence=WEEKLY, linkedResources=[STAMP])
    assert task["dueDateTime"]["dateTime"][:10] == "2026-11-02"
    done = todo.patch(task, status="completed")
    assert "recurrence" not in done and done["id"] == task["id"]
    (new,) = [each for each in todo.all() if each["id"] != task["id"]]
    assert (new["dueDateTime"]["dateTime"][:10], new["status"]) == ("2026-11-09", "notStarted")
    assert new["recurrence"]["pattern"]["daysOfWeek"] == ["monday"]
    assert todo.get(new, "?$expand=linkedResources")["linkedResources"][0]["externalId"] == "k'1", "copied with it"


def test_the_last_of_a_series_has_no_next(todo: Todo) -> None:
    last = rule({"type": "daily"}, type="numbered", numberOfOccurrences=1)
    todo.patch(todo.make(recurrence=last), status="completed")
    assert len(todo.all()) == 1


def test_another_due_day_of_a_repeating_task_becomes_another_task(todo: Todo) -> None:
    task = todo.make(recurrence=WEEKLY)
    same = todo.patch(task, dueDateTime=at("2026-11-05T00:00:00", "UTC"))
    assert same["dueDateTime"] == task["dueDateTime"]
    assert sorted(each["dueDateTime"]["dateTime"][:10] for each in todo.all()) == ["2026-11-02", "2026-11-05"]


# --- values ------------------------------------------------------------------------------------------------------


def test_days_are_told_in_utc_whatever_zone_they_were_sent_in(todo: Todo) -> None:
    task = todo.make(dueDateTime=at("2026-11-23T10:00:00"), reminderDateTime=at("2026-11-23T08:30:00", BERLIN))
    assert task["dueDateTime"] == {"dateTime": "2026-11-22T23:00:00.0000000", "timeZone": "UTC"}
    assert task["reminderDateTime"]["dateTime"] == "2026-11-23T07:30:00.0000000"
    assert "dueDateTime" not in todo.patch(task, dueDateTime=None)


def test_a_body_is_text_or_a_page_of_html(todo: Todo) -> None:
    assert todo.make(body={"content": "a < b", "contentType": "text"})["body"] == {
        "content": "a < b",
        "contentType": "text",
    }
    html = todo.make(body={"content": "<p>Hi</p><script>x</script>", "contentType": "html"})["body"]
    assert html["contentType"] == "html" and "<body>\r\n<p>Hi</p>\r\n</body>" in html["content"]


@pytest.mark.parametrize(
    "body", [{"status": "cancelled"}, {"importance": "urgent"}, {"title": "x" * 256}, {"categories": "Red"}]
)
def test_what_does_not_fit_is_refused_by_the_name_of_the_property(todo: Todo, body: dict[str, Any]) -> None:
    error = todo.graph.call("POST", todo.tasks, 400, json={"title": "Budget", **body})["error"]
    assert error["code"] == "ErrorPropertyValidationFailure" and f"'{next(iter(body))}'" in error["message"]


def test_a_task_needs_a_title_and_links_change_apart(todo: Todo) -> None:
    assert todo.graph.refused("POST", todo.tasks, 400, json={"status": "notStarted"})
    task = todo.make()
    assert todo.graph.refused("PATCH", todo.at(task), 400, json={"linkedResources": [STAMP]})
    todo.graph.call("POST", f"{todo.at(task)}/linkedResources", 201, json=STAMP)
    look = {"$filter": "linkedResources/any(l:l/externalId eq 'k''1')", "$expand": "linkedResources"}
    (found,) = todo.graph.call("GET", todo.tasks, params=look)["value"]
    assert found["id"] == task["id"] and found["linkedResources"][0]["applicationName"] == "Syncline"


# --- versions, moves, state --------------------------------------------------------------------------------------


def test_a_stale_version_is_refused(todo: Todo) -> None:
    task = todo.make()
    todo.patch(task, title="Other")
    for method in ("PATCH", "DELETE"):
        refused = todo.graph.refused(method, todo.at(task), 412, json={}, headers={"If-Match": task["@odata.etag"]})
        assert refused == "ErrorIrresolvableConflict"


def test_a_task_in_another_list_is_another_task(todo: Todo) -> None:
    task = todo.make()
    home = todo.graph.call("POST", "/me/todo/lists", 201, json={"displayName": "Home"})
    tasks = f"/me/todo/lists/{quote(home['id'], safe='')}/tasks"
    _, here = todo.graph.delta(f"{todo.tasks}/delta?$expand=linkedResources")
    moved = todo.graph.call("POST", "/_outlook/move", json={"list": "Tasks", "id": task["id"], "to": "Home"})
    assert moved["id"] != task["id"]
    assert todo.graph.delta(here)[0] == [{"id": task["id"], "@removed": {"reason": "deleted"}}]
    assert [each["id"] for each in todo.graph.call("GET", tasks)["value"]] == [moved["id"]]
    todo.graph.call("GET", f"{todo.tasks}/{quote(moved['id'], safe='')}", 404)


def test_state_survives_a_restart() -> None:
    from sandbox.microsoft_todo import Server
    from sandbox.world import new_world

    first, second = Server(new_world("t")), Server(new_world("t"))
    first.seed("Home", '[{"title": "Ada", "id": "x", "recurrence": null}]')
    first.fill("primary", 2)
    second.load(dict(first.state()))
    assert second.state() == first.state()
