"""A project with two syncs between two accounts, and webhooks of one of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi import FastAPI

from connectors.hook import Call, Hook
from engine.canonical import dumps
from engine.store.outside import calls, deliveries, hooks
from engine.store.tables import inbox
from flows import pings
from flows.hookbook import Entry, HookBook
from flows.pings import Taken
from flows.project import Project
from flows.routes import Place
from studio.receiver import server
from tests.hooks.senders import AT, SECRET

PUBLIC = "https://sync.example.com"
KEY = "a-key-that-nobody-guesses"
MAPPING = """\
name: {name}
about: The same in both.
sides:
  left:  {{app: {app}, object: {object}, scope: {scope}}}
  right: {{app: csv, object: rows}}
match: [[title]]
fields:
  title: {{left: {field}, right: title}}
"""


@dataclass
class Reception:
    """`first` is about the object `obj` of the account `left`, in the place `here`; `second` about another place."""

    root: Path
    app: str
    hook: Hook
    patch: pytest.MonkeyPatch
    obj: str = "things"
    state: str = ""
    """Empty: a SQLite file of its own."""
    project: Project = field(init=False)
    others: dict[str, Hook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(parents=True)
        for sync, place in (("first", "here"), ("second", "there")):
            text = MAPPING.format(name=sync, app="csv", object=self.obj, scope=f"{{place: {place}}}", field="title")
            (self.root / "mappings" / f"{sync}.yaml").write_text(text)
            self.sync(sync)
        state = f"SYNCLINE_STATE_URL={self.state}\n" if self.state else ""
        (self.root / ".env").write_text(f"SYNCLINE_PUBLIC_URL={PUBLIC}/\n{state}")
        self.project = Project.at(self.root)
        given = {self.hook.secret: SECRET} if self.hook.secret else {}
        for name in ("left", "right"):
            self.project.connections.put(name, "csv", {}, given, account="me", now=AT)
        self.patch.setattr(pings, "hook_of", lambda app: self.others.get(app, self.hook))
        self.add()

    def sync(self, name: str, left: str = "left") -> None:
        """Other ones are as the first."""
        mapping = name if name in ("first", "second") else "first"
        sides = f"  left: {{connection: {left}}}\n  right: {{connection: right}}\n"
        (self.root / "deployments" / f"{name}.yaml").write_text(f"sync: {name}\nmapping: {mapping}\nsides:\n{sides}")

    def add(self, key: str = KEY, secret: str = SECRET, account: str = "left") -> None:
        """A hook, as it is after it was made."""
        covers = self.hook.covers
        scope = dumps({"place": "here"}) if covers == "scope" else "{}"
        place = Place(account, "" if covers == "account" else self.obj, scope)
        sealed = HookBook(self.project).vault.seal({"secret": secret})
        with self.project.store.write() as connection:
            HookBook.add(connection, Entry(key, place, sealed, AT - timedelta(days=1), "subscription"))

    def belongs(self, key: str, app: str, hook: Hook) -> None:
        """An address of another app: of a connection that is called as the app is."""
        given = {hook.secret: SECRET} if hook.secret else {}
        self.project.connections.put(app, app, {}, given, account="me", now=AT)
        self.others[app] = hook
        self.add(key, account=app)

    def take(self, call: Call, key: str = KEY) -> Taken:
        return pings.take(self.project, key, call)

    @property
    def inbox(self) -> list[tuple[str, str, str | None]]:
        rows = self.project.store.all(inbox)
        return sorted(((row["sync"], row["side"], row["record"]) for row in rows), key=str)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        return {(row["hook"], row["outcome"]): row["count"] for row in self.project.store.all(calls)}

    @property
    def deliveries(self) -> int:
        return len(self.project.store.all(deliveries))

    @property
    def row(self) -> dict[str, Any]:
        (found,) = self.project.store.all(hooks, hooks.c.key == KEY)
        return found


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Over a socket, as `syncline` serves it; the address."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        made = server(app, "127.0.0.1", 0)
        thread = Thread(target=made.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            made.should_exit = True
            thread.join()


@pytest.fixture
def reception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made: list[Reception] = []

    def build(app: str, hook: Hook, obj: str = "things") -> Reception:
        made.append(Reception(tmp_path / str(len(made)), app, hook, monkeypatch, obj))
        return made[-1]

    yield build
    for each in made:
        each.project.close()
