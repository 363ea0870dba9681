"""The tasks stand-in, driven by Google's own client and its discovery document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import start
from sandbox.google_tasks.fields import IGNORED, WRITABLE
from sandbox.google_tasks.listing import ACCEPTED

ALL = {"showDeleted": True, "showHidden": True}


@dataclass
class Tasks:
    """Google's client at a stand-in of its own, and plain HTTP to it; calls are about one list."""

    api: Any
    http: httpx.Client
    list: str = "@default"

    def insert(self, title: str = "Call", **more: Any) -> Any:
        places = {name: more.pop(name) for name in ("parent", "previous") if name in more}
        return self.api.tasks().insert(tasklist=self.list, body={"title": title, **more}, **places).execute()

    def patch(self, task: str, etag: str = "", **fields: Any) -> Any:
        call = self.api.tasks().patch(tasklist=self.list, task=task, body=fields)
        if etag:
            call.headers["If-Match"] = etag
        return call.execute()

    def get(self, task: str) -> Any:
        return self.api.tasks().get(tasklist=self.list, task=task).execute()

    def delete(self, task: str) -> Any:
        return self.api.tasks().delete(tasklist=self.list, task=task).execute()

    def titles(self, **query: Any) -> list[str]:
        found = self.api.tasks().list(tasklist=self.list, **query).execute()
        return [task["title"] for task in found.get("items", [])]

    def own(self, path: str, **body: Any) -> None:
        assert self.http.post(path, json=body).status_code == 200

    def refusal(self, call: Callable[[], Any]) -> tuple[int, str]:
        from googleapiclient.errors import HttpError

        with pytest.raises(HttpError) as refused:
            call()
        return refused.value.status_code, refused.value.error_details[0]["reason"]


@pytest.fixture
def tasks() -> Iterator[Tasks]:
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    with start("google_tasks") as server:
        signed_in, options = Credentials(token=server.token), {"api_endpoint": f"{server.url}/"}
        api = build("tasks", "v1", credentials=signed_in, static_discovery=True, client_options=options)
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as http:
            yield Tasks(api, http)
        api.close()


def test_every_method_and_parameter_is_in_googles_discovery_document() -> None:
    import googleapiclient

    folder = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    known = json.loads((folder / "tasks.v1.json").read_text(encoding="utf-8"))
    for name, accepted in ACCEPTED.items():
        resource, _, method = name.partition(".")
        assert accepted <= set(known["resources"][resource]["methods"][method].get("parameters", {})), name
    assert set(known["schemas"]["Task"]["properties"]) == WRITABLE | IGNORED


def test_a_task_comes_back_as_google_spells_it(tasks: Tasks) -> None:
    made = tasks.insert(notes="Ask about Room 1", due="2026-11-23T17:30:00+01:00")
    assert made["due"] == "2026-11-23T00:00:00.000Z", "the time of day is dropped silently"
    assert (made["status"], made["kind"], made["position"]) == ("needsAction", "tasks#task", "0" * 20)
    assert not {"completed", "hidden", "deleted", "parent"} & set(made)
    assert tasks.get(made["id"]) == made
    done = tasks.patch(made["id"], status="completed", notes=None)
    assert done["completed"] and "notes" not in done and done["etag"] != made["etag"]
    opened = tasks.patch(made["id"], status="needsAction")
    assert "completed" not in opened
    body = {"id": made["id"], "title": "Other"}
    whole = tasks.api.tasks().update(tasklist="@default", task=made["id"], body=body).execute()
    assert whole["title"] == "Other" and "due" not in whole


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "x" * 1025},
        {"notes": "x" * 8193},
        {"notes": 5},
        {"due": "2026-11-23"},
        {"due": "2026-11-23T00:00:00"},
        {"status": "done"},
        {"priority": 1},
        {"parent": "none"},
        {"previous": "none"},
    ],
)
def test_refused_bodies(tasks: Tasks, fields: dict[str, Any]) -> None:
    status, reason = tasks.refusal(lambda: tasks.insert(**fields))
    assert status == 400 and reason == "invalid"
    assert tasks.titles() == []


def test_etags_guard_writes(tasks: Tasks) -> None:
    made = tasks.insert()
    changed = tasks.patch(made["id"], made["etag"], title="Other")
    assert tasks.refusal(lambda: tasks.patch(made["id"], made["etag"], title="Third")) == (412, "conditionNotMet")
    call = tasks.api.tasks().delete(tasklist="@default", task=made["id"])
    call.headers["If-Match"] = made["etag"]
    assert tasks.refusal(call.execute)[0] == 412
    assert tasks.patch(made["id"], changed["etag"], title="Third")["title"] == "Third"


def test_deleting_marks_a_task_and_its_subtasks(tasks: Tasks) -> None:
    made, kept = tasks.insert("Parent"), tasks.insert("Kept")
    tasks.insert("Child", parent=made["id"])
    tasks.delete(made["id"])
    assert tasks.titles() == ["Kept"]
    assert sorted(tasks.titles(showDeleted=True)) == ["Child", "Kept", "Parent"]
    assert tasks.get(made["id"])["deleted"] is True
    assert tasks.refusal(lambda: tasks.delete(made["id"])) == (404, "notFound")
    assert tasks.refusal(lambda: tasks.get("nothing")) == (404, "notFound")
    assert tasks.patch(made["id"], deleted=False)["id"] == made["id"] and "Parent" in tasks.titles()
    assert kept["position"] == "0" * 20


def test_what_is_completed_may_be_hidden(tasks: Tasks) -> None:
    first, second = tasks.insert("First"), tasks.insert("Second")
    tasks.patch(first["id"], status="completed")
    assert tasks.titles() == ["Second", "First"] and tasks.titles(showCompleted=False) == ["Second"]
    tasks.api.tasks().clear(tasklist="@default").execute()
    assert tasks.titles() == ["Second"] and tasks.get(first["id"])["hidden"] is True
    tasks.own("/_tasks/tick", list="@default", task=second["id"])
    assert tasks.titles() == [] and sorted(tasks.titles(showHidden=True)) == ["First", "Second"]
    assert "hidden" not in tasks.patch(first["id"], status="needsAction")
    tasks.own("/_tasks/assign", list="@default", title="Review")
    assert tasks.titles() == ["First"] and tasks.titles(showAssigned=True) == ["Review", "First"]


def test_a_list_by_time_of_change_is_inclusive(tasks: Tasks) -> None:
    tasks.own("/_control/now", now="2026-11-02T00:00:00Z")
    old = tasks.insert("Old")
    tasks.own("/_control/now", now="2026-11-03T00:00:00Z")
    new = tasks.insert("New", due="2026-11-09T00:00:00Z")
    assert tasks.titles(updatedMin=new["updated"]) == ["New"]
    assert tasks.titles(updatedMin=old["updated"]) == ["New", "Old"], "a position that moved is no change"
    tasks.delete(old["id"])
    assert tasks.titles(updatedMin="2026-11-03T00:00:00.001Z", **ALL) == ["Old"]
    assert tasks.titles(dueMin="2026-11-09T00:00:00Z", dueMax="2026-11-10T00:00:00Z") == ["New"]
    assert tasks.refusal(lambda: tasks.titles(updatedMin="yesterday"))[0] == 400


def test_pages(tasks: Tasks) -> None:
    tasks.own("/_control/fill", calendar="primary", count=25)
    api = tasks.api.tasks()
    first = api.list(tasklist="@default")
    page = first.execute()
    rest = api.list_next(first, page).execute()
    assert (len(page["items"]), len(rest["items"]), "nextPageToken" in rest) == (20, 5, False)
    assert [task["title"] for task in page["items"][:2]] == ["Task 0", "Task 1"]
    assert tasks.refusal(lambda: tasks.titles(maxResults=101))[0] == 400


def test_moving(tasks: Tasks) -> None:
    lists, api = tasks.api.tasklists(), tasks.api.tasks()
    other = lists.insert(body={"title": "Other"}).execute()["id"]
    one, two = tasks.insert("One"), tasks.insert("Two")
    assert tasks.titles() == ["Two", "One"]
    api.move(tasklist="@default", task=one["id"]).execute()
    assert tasks.titles() == ["One", "Two"]
    moved = api.move(tasklist="@default", task=two["id"], parent=one["id"]).execute()
    assert moved["parent"] == one["id"] and moved["updated"] > two["updated"]
    away = api.move(tasklist="@default", task=two["id"], destinationTasklist=other).execute()
    assert away["id"] == two["id"] and "parent" not in away
    assert tasks.titles(**ALL) == ["One"], "nothing tells that it was here"
    assert tasks.refusal(lambda: tasks.get(two["id"])) == (404, "notFound")


def test_lists(tasks: Tasks) -> None:
    lists = tasks.api.tasklists()
    made = lists.insert(body={"title": "Work"}).execute()
    assert lists.patch(tasklist=made["id"], body={"title": "Job"}).execute()["etag"] != made["etag"]
    assert [each["title"] for each in lists.list().execute()["items"]] == ["My Tasks", "Job"]
    assert tasks.refusal(lists.delete(tasklist="@default").execute)[0] == 400
    lists.delete(tasklist=made["id"]).execute()
    assert tasks.refusal(lists.get(tasklist=made["id"]).execute) == (404, "notFound")


def test_the_state_outlives_a_restart(tasks: Tasks) -> None:
    from sandbox.google_tasks import Server
    from sandbox.world import new_world

    first, second = Server(new_world("t")), Server(new_world("t"))
    first.fill("Work", 3)
    second.load(json.loads(json.dumps(first.state())))
    assert second.state() == first.state()
    assert [found.title for found in second.account.lists.values()] == ["My Tasks", "Work"]
    second.fill("Work", 1)
    assert len(second.account.lists[list(second.account.lists)[1]].table.rows) == 4
