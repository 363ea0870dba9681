"""Starting and stopping stand-ins: each is a uvicorn server in a thread of its own, on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import APPS
from sandbox.app import Shell, StandIn
from sandbox.world import new_world

STARTUP = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """A stand-in that is being served. `url` is the root for the connector's `base_url`, without a final slash."""

    app: str
    url: str
    token: str


class StateFile:
    """One JSON file with the state of several stand-ins by name; written whole, by renaming."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def load(self, app: str) -> Any:
        """The saved state of one, or None."""
        return self._read().get(app)

    def save(self, app: str, state: Any) -> None:
        """Keep one's state, and the others' as they were; nothing where there is no file."""
        if self._path is None:
            return
        with self._lock:
            text = json.dumps(self._read() | {app: state})
            fresh = self._path.with_suffix(self._path.suffix + ".new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self._path)

    def _read(self) -> dict[str, Any]:
        if self._path is None or not self._path.exists():
            return {}
        loaded: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return loaded


class _Protocol(H11Protocol):
    """Lets the shell hang up: the transport is in the scope's extensions."""

    def connection_made(self, transport: Any) -> None:
        """Remember whom we talk to."""
        super().connection_made(transport)
        self.app = _with_transport(self.app, transport)


def _with_transport(app: Any, transport: Any) -> Any:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {})["sandbox.transport"] = transport
        await app(scope, receive, send)

    return wrapped


class _Server(uvicorn.Server):
    """Tells when it is ready, and ends at once when asked: uvicorn's own looks only ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._asked: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Wait to be stopped."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._asked = partial(loop.call_soon_threadsafe, stop.set)
        if not self.should_exit:
            await stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything; requests under way are answered first."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.002)

    def stop(self) -> None:
        """From any thread."""
        self.should_exit = True
        self._asked()


def load_class(app: str) -> Any:
    """The stand-in's class; KeyError for an unknown app."""
    module, _, name = APPS[app].partition(":")
    return getattr(import_module(module), name)


@contextmanager
def start(
    app: str, *, port: int = 0, state: StateFile | None = None, seeds: list[tuple[str, str]] | None = None
) -> Iterator[Running]:
    """Serve one stand-in until the block ends. `seeds`: (calendar, iCalendar text), used where no state was saved."""
    token = f"{app.replace('_', '-')}-token"
    world = new_world(token)
    standin: StandIn = load_class(app)(world)
    file = state or StateFile(None)
    if saved := file.load(app):
        standin.load(saved)
    else:
        for calendar, text in seeds or []:
            standin.seed(calendar, text)

    def save() -> None:
        file.save(app, dict(standin.state()))

    try:
        with _served(Shell(standin, world, save), port) as url:
            yield Running(app, url, token)
        save()
    finally:
        world.hooks.close()


@contextmanager
def _served(shell: Shell, port: int) -> Iterator[str]:
    listener = _listen(port)
    server = _Server(
        uvicorn.Config(shell, http=_Protocol, ws="none", lifespan="off", log_level="critical", date_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="sandbox")
    thread.start()
    try:
        if not server.ready.wait(STARTUP):
            raise RuntimeError("the stand-in did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join()
        listener.close()


def _listen(port: int) -> socket.socket:
    """Protocol named, because asyncio turns Nagle's delay (40 ms an answer) off only for sockets that name it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener
