"""Where webhooks go in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.hook import Call

ADDRESS = "https://sync.example.com/hooks/key"


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[bytes]]]:
    """An address that answers Graph's handshake and keeps what it is told."""
    told: Queue[bytes] = Queue()
    with listening(lambda _, body: told.put(body)) as address:
        yield address, told


@pytest.fixture
def letters() -> Iterator[tuple[str, Queue[tuple[dict[str, str], bytes]]]]:
    """An address that keeps headers and bodies."""
    told: Queue[tuple[dict[str, str], bytes]] = Queue()
    with listening(lambda headers, body: told.put((headers, body))) as address:
        yield address, told


def call(
    headers: Mapping[str, str] = {},
    body: bytes = b"",
    *,
    method: str = "POST",
    query: str = "",
    at: datetime | None = None,
) -> Call:
    """As the receiver gives it to a connector."""
    named = {name.lower(): value for name, value in headers.items()}
    url = f"{ADDRESS}?{query}" if query else ADDRESS
    read = {name: values[0] for name, values in parse_qs(query).items()}
    return Call(method=method, url=url, headers=named, query=read, body=body, at=at or datetime.now(UTC))


@contextmanager
def listening(tell: Callable[[dict[str, str], bytes], None]) -> Iterator[str]:
    """A server on this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(token.encode())
            if not token:
                tell(dict(self.headers), body)

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()
