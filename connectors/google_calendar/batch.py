"""Several calls in one request: multipart/mixed with a small HTTP message per part, up to 50 of them.

Each part counts against the quota as a call of its own. Google does not promise an order within a batch, so calls that
depend on each other go in batches one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import urlencode

from connectors.google_calendar.errors import classify
from connectors.http import Client, Request, Response, decode
from engine.contract import AppError, AuthExpired, Transient

PATH = "batch/calendar/v3"
LIMIT = 50
BOUNDARY = "syncline-part"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, alone or as a part of a batch. Safe to send twice: inserts carry their id, the rest is a state."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    etag: str | None = None
    """Only if the record still has it."""

    @property
    def headers(self) -> dict[str, str]:
        return {"If-Match": self.etag} if self.etag else {}


def each(http: Client, calls: Sequence[Call]) -> list[Any]:
    """For each call its JSON (None where the answer is empty) or its AppError, in the order of the calls."""
    if len(calls) == 1:
        return [_alone(http, calls[0])]
    answers: list[Any] = []
    for begin in range(0, len(calls), LIMIT):
        answers.extend(_together(http, calls[begin : begin + LIMIT]))
    return answers


def _alone(http: Client, call: Call) -> Any:
    try:
        return http.json(
            call.method, call.path, params=call.params, json=call.body, headers=call.headers, idempotent=True
        )
    except AppError as error:
        return error


def _together(http: Client, calls: Sequence[Call]) -> list[Any]:
    """One batch. A part that may succeed later is sent again on its own, by the layer that knows how to wait."""
    headers = {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}
    try:
        reply = http.request("POST", PATH, content=_written(calls), headers=headers, idempotent=True)
        replies = dict(_read(reply))
    except AppError as error:
        return [error] * len(calls)
    return [_settled(http, call, replies.get(index)) for index, call in enumerate(calls)]


def _settled(http: Client, call: Call, reply: Response | None) -> Any:
    if reply is None:  # the answer to this part is missing from the batch
        return _alone(http, call)
    reply.request = Request(call.method, f"{http.base_url}{call.path}", params=dict(call.params))
    error = classify(reply)
    if isinstance(error, Transient):
        http.told(error)
    if isinstance(error, Transient | AuthExpired):
        return _alone(http, call)
    return error or (decode(reply) if reply.content.strip() else None)


def _written(calls: Sequence[Call]) -> bytes:
    parts = [_part(index, call) for index, call in enumerate(calls)]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def _part(index: int, call: Call) -> str:
    query = f"?{urlencode(call.params)}" if call.params else ""
    body = "" if call.body is None else json.dumps(call.body)
    lines = [
        f"--{BOUNDARY}",
        "Content-Type: application/http",
        f"Content-ID: <part-{index}>",
        "",
        f"{call.method} /{call.path}{query} HTTP/1.1",
        "Content-Type: application/json",
        *(f"{name}: {value}" for name, value in call.headers.items()),
        f"Content-Length: {len(body)}",
        "",
        body,
        "",
    ]
    return "\r\n".join(lines)


def _read(reply: Response) -> Iterator[tuple[int, Response]]:
    """Index of the call and its answer, found by the echoed Content-ID (`<response-part-3>`)."""
    kind = reply.headers.get("content-type", "")
    whole = message_from_bytes(b"Content-Type: " + kind.encode("ascii", "ignore") + b"\r\n\r\n" + reply.content)
    for part in whole.walk():
        if part.get_content_type() == "application/http":
            index = str(part.get("Content-ID", "")).rpartition("-")[2].rstrip(">")
            if index.isdigit():
                yield int(index), _inner(part)


def _inner(part: Message) -> Response:
    payload = part.get_payload(decode=True)
    head, _, body = (payload if isinstance(payload, bytes) else b"").replace(b"\r\n", b"\n").partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    headers = [tuple(each.strip() for each in line.split(":", 1)) for line in lines if ":" in line]
    kept = [(name, value) for name, value in headers if name.lower() not in {"content-length", "content-encoding"}]
    words = status.split()
    code = int(words[1]) if len(words) > 1 and words[1].isdigit() else 502
    return Response(code, headers=kept, content=body)
