"""The receiver over HTTP: who is heard, who is refused, and that nobody learns anything by asking."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from connectors.hook import Call
from connectors.proofs import PROOFS
from engine.store.outside import hooks
from flows.pings import Pings
from studio import receiver
from studio.desk import Desk
from tests.hooks.reception import KEY, PUBLIC, Reception, reception, serving
from tests.hooks.senders import AT, SECRET, SENDERS, made

__all__ = ["reception"]
ADDRESS = f"{PUBLIC}/hooks/{KEY}"


class Line:
    """HTTP to the receiver, without a network."""

    def __init__(self, there: Reception, heard: Callable[[frozenset[str]], None], desk: Desk | None) -> None:
        self.app = receiver.app(there.project, heard, lambda: AT, desk)

    def send(self, *calls: Call, path: str | None = None) -> list[httpx.Response]:
        return asyncio.run(self._send(calls, path))

    async def _send(self, calls: tuple[Call, ...], path: str | None) -> list[httpx.Response]:
        async with self.app.router.lifespan_context(self.app), self.client() as client:
            return [await self.one(client, call, path) for call in calls]

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1:8788")

    async def one(self, client: httpx.AsyncClient, call: Call, path: str | None = None) -> httpx.Response:
        target = path or call.url.removeprefix(PUBLIC)
        return await client.request(call.method, target, headers=dict(call.headers), content=call.body)


@pytest.fixture
def line() -> Callable[..., Line]:
    def build(there: Reception, heard: Callable[[frozenset[str]], None] = lambda _: None, desk: Any = None) -> Line:
        return Line(there, heard, desk)

    return build


@pytest.mark.parametrize("app", SENDERS)
def test_a_call_of_each_app(reception: Any, line: Any, app: str) -> None:
    """HubSpot signs the public address, which a proxy has made another of."""
    sender = SENDERS[app]
    there: Reception = reception(app, sender.hook, next(iter(sender.look)) or "things")
    heard: list[frozenset[str]] = []
    good, forged = line(there, heard.append).send(sender.call(url=ADDRESS), sender.call("b3RoZXI=", url=ADDRESS))
    assert good.status_code in (200, 202) and (good.content, forged.status_code, forged.content) == (b"", 401, b"")
    assert len(heard) == 1 and {"first"} <= heard[0] and {sync for sync, _, _ in there.inbox} == heard[0]
    assert there.counts == {(KEY, "heard"): 1, (KEY, "forged"): 1}


def test_a_handshake_is_answered_in_plain_text(reception: Any, line: Any) -> None:
    there: Reception = reception("outlook_calendar", SENDERS["outlook_calendar"].hook)
    (reply,) = line(there).send(made({}, b"", f"{ADDRESS}?validationToken=%3Cscript%3E%20a%2Bb"))
    assert (reply.status_code, reply.text) == (200, "<script> a+b")
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 404) for path in ("/", "/docs", "/redoc", "/openapi.json", "/hooks", "/hooks/", "/hooks/a/b")),
        *((method, f"/hooks/{KEY}", 405) for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")),
        *((method, "/hooks/unknown", 404) for method in ("GET", "HEAD", "POST")),
        *((method, f"/hooks/{KEY}", 401) for method in ("GET", "HEAD", "POST")),
        ("GET", f"/hooks/{KEY}/", 404),
    ],
)
def test_refusals_say_nothing(reception: Any, line: Any, method: str, path: str, status: int) -> None:
    (reply,) = line(reception("plain", PROOFS["plain"])).send(made({}, b"", ADDRESS, method=method), path=path)
    assert (reply.status_code, reply.content) == (status, b"")
    assert not {"server", "x-powered-by", "set-cookie"} & set(reply.headers)


def test_somebody_is_there(reception: Any, line: Any) -> None:
    (reply,) = line(reception("plain", PROOFS["plain"])).send(made({}, b"", method="GET"), path="/healthz")
    assert (reply.status_code, reply.text) == (200, "ok")


# --- large, slow, and broken off -----------------------------------------------------------------------------------


async def by_hand(app: Any, headers: dict[str, str], chunks: Iterator[bytes]) -> tuple[int, int]:
    """Sends a body piece by piece; the status, and how much was taken."""
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        chunk = next(chunks, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    path = f"/hooks/{KEY}"
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    return sent[0]["status"], taken


@pytest.mark.parametrize("length", ["10000000", "9" * 400, ""])
def test_ten_megabytes_are_not_read(reception: Any, line: Any, length: str) -> None:
    """Also where the length is not told before."""
    there: Reception = reception("plain", PROOFS["plain"])
    headers = {"content-length": length} if length else {}
    status, taken = asyncio.run(by_hand(line(there).app, headers, iter([b"x" * 65_536] * 160)))
    assert (status, taken) == (413, 0 if length else 16 * 65_536)
    assert (there.counts, there.inbox) == ({(KEY, "oversized"): 1}, [])


@pytest.mark.parametrize("app", SENDERS)
def test_ten_megabytes_of_any_app_are_not_judged(reception: Any, line: Any, app: str) -> None:
    """Whatever its proof."""
    there: Reception = reception(app, SENDERS[app].hook)
    headers = {**SENDERS[app].call(url=ADDRESS).headers, "content-length": "10000000"}
    status, taken = asyncio.run(by_hand(line(there).app, headers, iter([b"x" * 65_536] * 160)))
    assert (status, taken, there.counts) == (413, 0, {(KEY, "oversized"): 1})
    assert (there.inbox, there.deliveries, there.row["heard_at"]) == ([], 0, None)


def test_a_body_that_does_not_come_is_not_waited_for(
    reception: Any, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: Reception = reception("plain", PROOFS["plain"])
    monkeypatch.setattr(receiver, "SECONDS", 0)
    never = asyncio.Event()

    async def stuck(_: Any) -> bytes:
        await never.wait()
        return b""

    monkeypatch.setattr(receiver, "_body", stuck)
    assert asyncio.run(by_hand(line(there).app, {}, iter([])))[0] == 408
    assert there.counts == {(KEY, "slow"): 1}


def test_one_that_breaks_off_is_forgotten(reception: Any, line: Any) -> None:
    there: Reception = reception("plain", PROOFS["plain"])
    assert asyncio.run(by_hand(line(there).app, {"content-length": "100"}, iter([b"half"])))[0] == 400
    assert (there.counts, there.inbox) == ({}, [])


# --- a state that is busy ------------------------------------------------------------------------------------------


def test_a_run_that_holds_the_state_does_not_hold_the_answer(reception: Any, line: Any) -> None:
    """503, so that the app sends it again; it is stored all the same, and then it is known."""
    there: Reception = reception("google_calendar", SENDERS["google_calendar"].hook)
    desk = Desk(Pings(there.project), patience=0)
    wire, call = line(there, desk=desk), SENDERS["google_calendar"].call(url=ADDRESS)
    told: list[frozenset[str]] = []
    desk.heard = told.append

    async def play() -> list[int]:
        async with wire.app.router.lifespan_context(wire.app), wire.client() as client:
            with there.project.store.write():
                busy = await wire.one(client, call)
            desk._patience = 60
            return [busy.status_code, (await wire.one(client, call)).status_code]

    assert asyncio.run(play()) == [503, 200]
    assert there.counts == {(KEY, "busy"): 1, (KEY, "heard"): 1, (KEY, "repeated"): 1}
    assert there.inbox == [("first", "left", None)]
    assert told == [frozenset({"first"})], "also where the answer was 503"


def batches(desk: Desk) -> list[Any]:
    """What is being stored together, as it begins."""
    begun: list[Any] = []
    keep = desk._pings.keep

    def noted(pings: Any) -> Any:
        begun.append(pings)
        return keep(pings)

    desk._pings.keep = noted  # type: ignore[method-assign]
    return begun


def test_calls_that_come_together_are_stored_together(reception: Any, line: Any) -> None:
    there: Reception = reception("shopify", SENDERS["shopify"].hook, "products")
    desk = Desk(Pings(there.project), patience=60)
    wire = line(there, desk=desk)
    calls = [SENDERS["shopify"].call(id=str(number), url=ADDRESS) for number in range(40)]
    begun, storing = 0, batches(desk)
    write = there.project.store.write

    @contextmanager
    def counted() -> Iterator[Any]:
        nonlocal begun
        begun += 1
        with write() as connection:
            yield connection

    async def play() -> list[int]:
        async with wire.app.router.lifespan_context(wire.app), wire.client() as client:
            with write():
                sent = [asyncio.create_task(wire.one(client, calls[0]))]
                while not storing:
                    await asyncio.sleep(0)
                sent += [asyncio.create_task(wire.one(client, call)) for call in calls[1:]]
                while desk._waiting.qsize() < 39:
                    await asyncio.sleep(0)
            return [reply.status_code for reply in await asyncio.gather(*sent)]

    there.project.store.write = counted  # type: ignore[method-assign]
    assert asyncio.run(play()) == [200] * 40
    assert len(there.inbox) == 80 and begun <= 4, "the first, the others, the counts"


def test_more_than_there_is_room_for_are_told_to_come_again(reception: Any, line: Any) -> None:
    there: Reception = reception("shopify", SENDERS["shopify"].hook, "products")
    desk = Desk(Pings(there.project), patience=60, room=1)
    storing = batches(desk)
    wire = line(there, desk=desk)
    calls = [SENDERS["shopify"].call(id=str(number), url=ADDRESS) for number in range(5)]

    async def play() -> list[int]:
        async with wire.app.router.lifespan_context(wire.app), wire.client() as client:
            with there.project.store.write():
                sent = [asyncio.create_task(wire.one(client, calls[0]))]
                while not storing:
                    await asyncio.sleep(0)
                sent += [asyncio.create_task(wire.one(client, call)) for call in calls[1:]]
                while sum(task.done() for task in sent) < 3:
                    await asyncio.sleep(0)
            return sorted(reply.status_code for reply in await asyncio.gather(*sent))

    assert asyncio.run(play()) == [200, 200, 503, 503, 503]
    assert there.counts == {(KEY, "busy"): 3, (KEY, "heard"): 2}


# --- over a socket -------------------------------------------------------------------------------------------------


def test_ten_megabytes_over_a_socket(reception: Any) -> None:
    """The answer is there before the body is, and then the line is closed."""
    there: Reception = reception("plain", PROOFS["plain"])
    with (
        serving(receiver.app(there.project, clock=lambda: AT)) as url,
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 10) as wire,
    ):
        wire.sendall(f"POST /hooks/{KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n".encode())
        reply = b""
        while part := wire.recv(4096):
            reply += part
    assert reply.startswith(b"HTTP/1.1 413 ") and b"server:" not in reply.lower()
    assert there.counts == {(KEY, "oversized"): 1}


def test_secrets_are_in_no_log(reception: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
    there: Reception = reception("mailchimp", SENDERS["mailchimp"].hook, "members")
    with serving(receiver.app(there.project, clock=lambda: AT)) as url:
        for secret in (SECRET, "another"):
            call = SENDERS["mailchimp"].call(secret)
            httpx.post(f"{url}/hooks/{KEY}", params=dict(call.query), content=call.body)
        httpx.post(f"{url}/hooks/{KEY}", content=b"x" * 2_000_000, headers={"Content-Length": "2000000"})
    said = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]  # the caller's
    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in said)
    assert SECRET not in text and KEY not in text and "another" not in text


def described(app: Any, keys: Sequence[str], headers: Iterable[str]) -> dict[str, Any]:
    """The receiver's own description, which nobody is shown, with all that an app sends."""
    said: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    text = {"type": "string"}
    for operation in said["paths"]["/hooks/{key}"].values():
        (key,) = operation["parameters"]
        key["schema"] = {"type": "string", "enum": list(keys)}
        operation["parameters"] += [
            {"name": name, "in": "header", "schema": text, "required": True} for name in headers
        ]
        operation["parameters"] += [{"name": name, "in": "query", "schema": text} for name in ("secret", "x")]
        body = {"schema": {"anyOf": [text, {"type": "object"}, {"type": "array", "items": {"type": "object"}}]}}
        operation["requestBody"] = {"content": {"application/json": body, "text/plain": {"schema": text}}}
    return said


def test_whatever_comes_is_answered_and_nothing_is_stored(reception: Any) -> None:
    """Schemathesis makes requests of all kinds for each app, also such as are against the description."""
    there: Reception = reception("plain", PROOFS["plain"])
    for app, sender in SENDERS.items():
        there.belongs(f"key of {app}", app, sender.hook)
    with serving(receiver.app(there.project, clock=lambda: AT)) as url:
        for app in SENDERS:
            statuses = called(there, url, [f"key of {app}"], SENDERS[app].call().headers)
            assert 401 in statuses, app
            assert all(200 <= status < 300 or 400 <= status < 500 for status in statuses), (app, statuses)
        assert 404 in called(there, url, ["another", "%00", "..", "🦜"], ["x-syncline-signature"])
    assert (there.inbox, there.deliveries) == ([], 0)
    assert not [row for row in there.project.store.all(hooks) if row["heard_at"]]
    assert {f"key of {app}" for app in SENDERS} <= {key for key, outcome in there.counts if outcome == "forged"}


def called(there: Reception, url: str, keys: Sequence[str], headers: Iterable[str]) -> set[int]:
    """What was answered."""
    schema = schemathesis.openapi.from_dict(described(receiver.app(there.project), keys, headers))
    statuses: set[int] = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE))
        def play(case: Any) -> None:
            statuses.add(case.call(base_url=url).status_code)

        play()
    return statuses


def test_the_whole_of_it_in_time(reception: Any, line: Any) -> None:
    """A message older than five minutes comes too late, whatever is signed."""
    there: Reception = reception("stripe", SENDERS["stripe"].hook, "customers")
    old = SENDERS["stripe"].call(url=ADDRESS, at=AT - timedelta(minutes=6))
    (reply,) = line(there).send(old)
    assert (reply.status_code, there.inbox) == (401, [])
