"""How long, and how often, a caller may hold a line: also one that sends its request in drops, or none at all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from connectors.proofs import PROOFS
from studio import lines, receiver
from studio.lines import Line
from tests.hooks.reception import Reception, reception, serving

__all__ = ["reception"]
HEAD = b"GET /x HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"


class Timers:
    """An event loop whose timers are set off by hand; by how long they wait."""

    def __init__(self) -> None:
        self.set: dict[float, list[Callable[[], None]]] = {}

    def call_later(self, seconds: float, act: Callable[..., None], *given: Any) -> asyncio.Handle:
        self.set.setdefault(seconds, []).append(lambda: act(*given))
        return asyncio.Handle(act, given, asyncio.get_running_loop())

    def create_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)


class Wire(asyncio.Transport):
    """To a caller of whom we know only what was written to him."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Caller:
    """A caller's line to an app that answers all but `/stuck` at once."""

    def __init__(self) -> None:
        self.timers, self.wire, self.go = Timers(), Wire(), asyncio.Event()
        config = uvicorn.Config(self.app, log_config=None, interface="asgi3", timeout_keep_alive=1)
        self.line = Line(config, ServerState(), {}, _loop=self.timers)  # type: ignore[arg-type]
        self.line.connection_made(self.wire)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/stuck":
            await self.go.wait()
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def send(self, data: bytes) -> None:
        if data:
            self.line.data_received(data)
        for _ in range(5):
            await asyncio.sleep(0)

    def look(self) -> None:
        """Time passes."""
        for each in self.timers.set.pop(lines.PATIENCE, []):
            each()


@pytest.mark.parametrize(
    ("sent", "drop", "looks"),
    [
        (b"", b"", 1),
        (HEAD, b"", 1),
        (HEAD, b"A: b\r\n", 1),
        (HEAD + b"\r\n", b"", 2),
        (HEAD + b"\r\n" + HEAD, b"A: b\r\n", 2),
        (POST, b"", 2),
        (POST, b"drop", 2),
    ],
    ids=["nothing", "half a head", "drops", "idle", "drops of a second head", "no body", "a body in drops"],
)
def test_who_says_nothing_whole_is_hung_up_on(sent: bytes, drop: bytes, looks: int) -> None:
    async def play() -> None:
        caller = Caller()
        await caller.send(sent)
        for _ in range(looks):
            assert not caller.wire.closed
            await caller.send(drop)
            caller.look()
        assert caller.wire.closed

    asyncio.run(play())


def test_who_calls_again_and_again_is_not_hung_up_on() -> None:
    async def play() -> None:
        caller = Caller()
        for _ in range(5):
            await caller.send(HEAD + b"\r\n")
            caller.look()
        assert caller.wire.written.count(b" 404 ") == 5 and not caller.wire.closed

    asyncio.run(play())


def test_who_waits_for_our_answer_gets_it() -> None:
    async def play() -> None:
        caller = Caller()
        await caller.send(HEAD.replace(b"/x", b"/stuck") + b"\r\n")
        for _ in range(5):
            caller.look()
        assert not caller.wire.written and not caller.wire.closed
        caller.go.set()
        await caller.send(b"")
        caller.look()
        assert b" 404 " in caller.wire.written and not caller.wire.closed

    asyncio.run(play())


def test_the_receiver_hangs_up_on_drops_and_on_too_many(reception: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over sockets, as it is served."""
    there: Reception = reception("plain", PROOFS["plain"])
    monkeypatch.setattr(lines, "MOST", 2)
    with serving(receiver.app(there.project)) as url, ExitStack() as stack:

        def call() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 20))

        first, _, third = call(), call(), call()
        assert third.recv(100) == b""
        first.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
        monkeypatch.setattr(lines, "MOST", 3)
        monkeypatch.setattr(lines, "PATIENCE", 0)
        drops = call()
        with suppress(ConnectionError):  # where we have hung up already
            drops.sendall(HEAD)
            assert drops.recv(100) == b""
