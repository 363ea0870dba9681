"""The receiver of webhooks: `/hooks/KEY`, and nothing else that tells anybody anything.

It trusts nobody: what a call says is only ever where to look. Refusals are empty, calls are not logged (an address and
its query hold secrets), what is too large is not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from connectors.hook import Call
from flows.pings import Pings, Taken
from flows.project import Project
from flows.session import utc_now
from studio.desk import Desk, OnHeard
from studio.lines import Line

LARGEST = 1_000_000
"""Bytes of a body; the largest that any app sends are Shopify's products."""
SECONDS = 10.0
"""How long a body may take to come."""
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class TooLarge(Exception):
    """The body is larger than `LARGEST`; the rest is not read."""


def app(
    project: Project,
    heard: OnHeard = lambda _: None,
    clock: Callable[[], datetime] = utc_now,
    desk: Desk | None = None,
) -> FastAPI:
    """`heard` is given the syncs that have something to look at, in the event loop: it must not wait for anything."""
    desk = desk or Desk(Pings(project))
    desk.heard = heard
    base = project.settings.public_url.rstrip("/")

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with desk.open():
            yield

    made = FastAPI(lifespan=life, openapi_url=None, redirect_slashes=False)
    made.add_exception_handler(HTTPException, _nothing)

    @made.get("/hooks/{key}")
    @made.head("/hooks/{key}")
    @made.post("/hooks/{key}")
    async def hook(key: str, request: Request) -> Response:
        """A call of an app."""
        try:
            async with asyncio.timeout(SECONDS):
                body = await _body(request)
        except TooLarge:
            await desk.refuse(key, "oversized")
            return _answer(Taken(413, headers={"Connection": "close"}))
        except TimeoutError:
            await desk.refuse(key, "slow")
            return _answer(Taken(408, headers={"Connection": "close"}))
        except ClientDisconnect:
            return _answer(Taken(400))
        return _answer(await desk.take(key, _call(request, base, body, clock())))

    @made.get("/healthz")
    @made.head("/healthz")
    async def healthz() -> Response:
        """Somebody is there."""
        return Response("ok", media_type="text/plain", headers=SAFE)

    return made


def server(made: FastAPI, host: str, port: int) -> uvicorn.Server:
    """To be run; with limits, and silent, since addresses are secrets."""
    return uvicorn.Server(
        uvicorn.Config(
            made,
            host=host,
            port=port,
            http=Line,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="error",  # nobody may fill the log by calling
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=32_768,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=10,
        )
    )


async def _body(request: Request) -> bytes:
    """Raises TooLarge, where possible before anything is read, and ClientDisconnect."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:12]) > LARGEST:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge
    return bytes(body)


def _call(request: Request, base: str, body: bytes, at: datetime) -> Call:
    """Behind a proxy the app knows another address: what was asked for, under the public one."""
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return Call(
        method=request.method,
        url=f"{base or str(request.base_url).rstrip('/')}{path}{'?' + query if query else ''}",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=body,
        at=at,
    )


def _answer(taken: Taken) -> Response:
    headers: Mapping[str, str] = {**SAFE, **taken.headers}
    return Response(taken.answer, taken.status, headers, "text/plain")


async def _nothing(_: Request, error: Exception) -> Response:
    """Another address, another method."""
    assert isinstance(error, HTTPException)
    return Response(status_code=error.status_code, headers={**SAFE, **(error.headers or {})})
