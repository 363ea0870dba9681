"""The signed-in person's task lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.google_calendar.errors import invalid, not_found, precondition_failed
from sandbox.google_tasks.fields import clean
from sandbox.table import Row, Table

DEFAULT = "MDU3ZGVmYXVsdA"
STEP = 1 << 20


@dataclass(slots=True)
class TaskList:
    """One list: its title, and its tasks by id. Deleted tasks stay, marked."""

    id: str
    title: str
    table: Table
    updated: str
    etag: int = 1
    order: dict[str, list[str]] = field(default_factory=dict)
    """Parent (empty: top level) -> its tasks, first to last."""

    def find(self, id: str) -> Row:
        """Deleted ones too; 404."""
        if id not in self.table.rows:
            raise not_found()
        return self.table.rows[id]

    def insert(self, body: Mapping[str, Any], parent: str | None, previous: str | None) -> Row:
        """A new task, first among its siblings unless one is named to come before it."""
        data = clean(body, {}, self.table.clock)
        self._check(parent, previous)
        row = self.table.add({"title": "", "status": "needsAction", **data, **({"parent": parent} if parent else {})})
        self.place(row, parent, previous)
        return row

    def change(self, id: str, body: Mapping[str, Any], guard: str | None, *, whole: bool = False) -> Row:
        """Merge into a task, or (`whole`) replace what can be written."""
        row = self._guarded(id, guard)
        empty = {"title": "", "notes": None, "due": None, "status": "needsAction"} if whole else {}
        data = clean({**empty, **body}, row.data, self.table.clock)
        self.table.change(id, data)
        row.data = {name: value for name, value in row.data.items() if value is not None}
        return row

    def remove(self, id: str, guard: str | None) -> None:
        """Marks it and its subtasks as deleted; a deleted one is not found."""
        if self._guarded(id, guard).data.get("deleted"):
            raise not_found()
        for one in [id, *self.order.pop(id, [])]:
            self.table.change(one, {"deleted": True})
        self.order = {parent: [each for each in ids if each != id] for parent, ids in self.order.items()}

    def clear(self) -> None:
        """Hides what is completed."""
        for row in list(self.table.rows.values()):
            if row.data["status"] == "completed" and not row.data.get("hidden"):
                self.table.change(row.id, {"hidden": True})

    def move(self, id: str, target: TaskList, parent: str | None, previous: str | None) -> Row:
        """To another place or list, where it keeps its id; of the old list nothing tells that it was there."""
        row = self.find(id)
        target._check(parent, previous)
        self.order = {at: [each for each in ids if each != id] for at, ids in self.order.items()}
        row.data = {name: value for name, value in row.data.items() if name != "parent"}
        if target is not self:
            del self.table.rows[id]
            row = target.table.add(row.data, id)
        if parent:
            row.data["parent"] = parent
        target.place(row, parent, previous)
        return target.table.touch(row)

    def place(self, row: Row, parent: str | None, previous: str | None) -> None:
        """Among its siblings; their positions move without counting as changes."""
        siblings = self.order.setdefault(parent or "", [])
        siblings.insert(siblings.index(previous) + 1 if previous else 0, row.id)
        for number, id in enumerate(siblings):
            self.table.rows[id].data["position"] = f"{number * STEP:020}"

    def _check(self, parent: str | None, previous: str | None) -> None:
        """400 for a place that is not there."""
        if parent and (parent not in self.table.rows or self.table.rows[parent].data.get("deleted")):
            raise invalid("Invalid parent.", "parent")
        if previous and previous not in self.order.get(parent or "", []):
            raise invalid("Invalid previous task.", "previous")

    def _guarded(self, id: str, guard: str | None) -> Row:
        row = self.find(id)
        if guard not in {None, "*", etag(row)}:
            raise precondition_failed()
        return row


class Account:
    """Lists by id; `@default` is the first one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made = 0
        self.lists: dict[str, TaskList] = {}
        self.create("My Tasks", DEFAULT)

    def list(self, id: str) -> TaskList:
        """By id or alias; 404."""
        found = self.lists.get(DEFAULT if id == "@default" else id)
        if found is None:
            raise not_found()
        return found

    def create(self, title: str, id: str = "") -> TaskList:
        """An empty list."""
        self._made += 1
        made = TaskList(id or f"MDU3bGlzd{self._made:04}", title, self._table(self._made), self._now())
        self.lists[made.id] = made
        return made

    def rename(self, id: str, title: str) -> TaskList:
        """Another title."""
        found = self.list(id)
        found.title, found.updated, found.etag = title, self._now(), found.etag + 1
        return found

    def remove(self, id: str) -> None:
        """With its tasks; not the default one."""
        if self.list(id).id == DEFAULT:
            raise invalid("The default task list cannot be deleted.")
        del self.lists[id]

    def state(self) -> dict[str, Any]:
        """As JSON."""
        lists = [asdict(each) | {"table": each.table.state()} for each in self.lists.values()]
        return {"made": self._made, "lists": lists}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self._made, self.lists = state["made"], {}
        for number, each in enumerate(state["lists"]):
            found = TaskList(**{**each, "table": self._table(number)})
            found.table.load(each["table"])
            self.lists[found.id] = found

    def _table(self, number: int) -> Table:
        return Table(self._clock, lambda count: f"VGFzaw{number:03}{count:06}")

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def etag(row: Row) -> str:
    """With its quotes, as the header has them."""
    return f'"{row.id[-9:]}.{row.version}"'
