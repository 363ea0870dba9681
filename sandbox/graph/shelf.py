"""Folders and their items in memory, with the ids that Exchange would give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.clock import Clock
from sandbox.graph.errors import Refusal, not_found
from sandbox.graph.ids import change_key, item_id, read_id
from sandbox.table import Row, Table


@dataclass(frozen=True, slots=True)
class Folder:
    """A contact folder, a task list."""

    id: str
    name: str


class Shelf:
    """The first folder is the default one.

    A row's `data` is `{"folder": id, "props": {...}, "former": [ids of folders it was in]}`. `salt` tells mailboxes
    apart: ids of one mean nothing to another. `on_change(kind, row)` hears of each created | updated | deleted item.
    """

    def __init__(self, clock: Clock, salt: str, default: str) -> None:
        self.salt = salt
        self.table = Table(clock)
        self.folders: dict[str, Folder] = {}
        self.on_change: Callable[[str, Row], None] = lambda _, __: None
        self.add_folder(default)

    @property
    def default(self) -> Folder:
        return next(iter(self.folders.values()))

    def add_folder(self, name: str) -> Folder:
        """Make one; names are unique."""
        if any(each.name == name for each in self.folders.values()):
            raise Refusal(409, "ErrorFolderExists", f"A folder with the name '{name}' already exists.")
        folder = Folder(item_id(f"{self.salt}/folder", len(self.folders) + 1), name)
        self.folders[folder.id] = folder
        return folder

    def folder(self, name: str) -> Folder:
        """By id; Refusal (404)."""
        if name not in self.folders:
            raise not_found()
        return self.folders[name]

    def named(self, name: str) -> Folder:
        """By id or name, made where missing; "primary" is the default one."""
        if name in {"", "primary"}:
            return self.default
        found = (each for each in self.folders.values() if name in {each.id, each.name})
        return next(found, None) or self.add_folder(name)

    def id_of(self, row: Row, *, immutable: bool = False) -> str:
        """The id of an item, also of a deleted one."""
        place = f"{self.salt}/item" if immutable else f"{self.salt}/{row.data['folder'][-24:]}"
        return item_id(place, int(row.id), immutable=immutable)

    def find(self, text: str) -> Row:
        """The item of an id of either form; Refusal (400 or 404)."""
        immutable, number, _ = read_id(text)
        row = self.table.find(str(number))
        if row is None or self.id_of(row, immutable=immutable) != text:
            raise not_found()
        return row

    def inside(self, folder: str) -> Iterator[Row]:
        """The items of a folder, oldest first."""
        living = (row for row in self.table.living() if row.data["folder"] == folder)
        return iter(sorted(living, key=lambda row: int(row.id)))

    def add(self, folder: str, props: Mapping[str, Any]) -> Row:
        row = self.table.add({"folder": folder, "props": dict(props), "former": []})
        self.on_change("created", row)
        return row

    def change(self, row: Row, props: Mapping[str, Any]) -> Row:
        """These are its properties now."""
        self.table.change(row.id, {"props": dict(props)})
        self.on_change("updated", row)
        return row

    def remove(self, row: Row) -> None:
        self.table.remove(row.id)
        self.on_change("deleted", row)

    def move(self, row: Row, folder: str) -> Row:
        """Into another folder: the immutable id stays."""
        former = [*row.data["former"], row.data["folder"]]
        self.table.change(row.id, {"folder": folder, "former": former})
        self.on_change("updated", row)
        return row

    def state(self) -> dict[str, Any]:
        """As JSON."""
        folders = [asdict(each) for each in self.folders.values()]
        return {"salt": self.salt, "folders": folders, "items": self.table.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former `state()`."""
        self.salt = state["salt"]
        self.folders = {each["id"]: Folder(**each) for each in state["folders"]}
        self.table.load(state["items"])


def etag(row: Row) -> str:
    """The version as clients send it back."""
    return f'W/"{change_key(row.sequence)}"'
