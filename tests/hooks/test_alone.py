"""A receiver alone, as `syncline hooks serve` has it, with Google and Graph calling over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from threading import Event

import pytest

from connectors import connect
from engine.store.outside import hooks
from engine.store.tables import inbox
from flows.hooks import Hooks
from flows.project import Project
from sandbox import start
from syncline.receiving import received
from tests.connectors.control import Control
from tests.connectors.outlook import Outlook
from tests.hooks.office import MAPPING
from tests.hooks.senders import AT

APPS = {"a": "google_calendar", "b": "outlook_calendar"}
SYNC = "sync: it\nmapping: m\nsides:\n  a: {connection: a}\n  b: {connection: b}\n"
EVENT = "BEGIN:VEVENT\nUID:1\nSUMMARY:New\nDTSTART:20261102T090000Z\nDTEND:20261102T100000Z\nEND:VEVENT"
Scene = tuple[Project, Queue[frozenset[str]], dict[str, str]]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A project that is listening, what it hears, and where the apps are."""
    for folder, name, text in (
        ("mappings", "m", MAPPING.format(name="m", a=APPS["a"], obj="events")),
        ("deployments", "it", SYNC),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", str(port))
    monkeypatch.setenv("SYNCLINE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    project, heard = Project.at(tmp_path), Queue[frozenset[str]]()
    with ExitStack() as stack:
        stack.callback(project.close)
        stack.enter_context(received(project, heard.put, Event()))
        apps = {name: stack.enter_context(start(app)) for name, app in APPS.items()}
        for name, app in APPS.items():
            given = {"base_url": apps[name].url, "token": apps[name].token}
            project.save_connection(name, app, given, connect(app, given).check(), AT)
        yield project, heard, {name: one.url for name, one in apps.items()}


def test_hooks_are_made_heard_and_ended(scene: Scene) -> None:
    project, heard, urls = scene
    keeper = Hooks(project, project.settings.public_url)
    keeper.tend()
    assert [row["error"] for row in project.store.all(hooks)] == [None, None]
    Control(urls["a"]).seed("primary", f"BEGIN:VCALENDAR\n{EVENT}\nEND:VCALENDAR")
    assert heard.get(timeout=20) == {"it"}
    Outlook(urls["b"], "outlook-calendar-token").add()
    assert heard.get(timeout=20) == {"it"}
    assert {(row["sync"], row["side"], row["record"]) for row in project.store.all(inbox)} == {
        ("it", "a", None),
        ("it", "b", None),
    }
    assert all(row["heard_at"] for row in project.store.all(hooks))
    assert keeper.end() == [] and project.store.all(hooks) == []
