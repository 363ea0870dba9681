"""The batch endpoint: multipart/mixed, each part an HTTP request of its own."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser, HeaderParser
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from sandbox.google_calendar.errors import invalid
from sandbox.world import Answer, World

LIMIT = 50
BOUNDARY = "batch_sandbox"


async def run(request: Request, world: World) -> Response:
    """Run the parts in their order; answer in the reverse one, because no order is promised."""
    kind = request.headers.get("content-type", "")
    parsed = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + await request.body())
    if not parsed.is_multipart():
        raise invalid("Failed to parse batch request, error: no multipart body.", reason="badRequest")
    parts: list[Message] = list(parsed.walk())[1:]
    if len(parts) > LIMIT:
        raise invalid(f"The batch request could not be processed. More than {LIMIT} calls.", reason="badRequest")
    shared = {"authorization": request.headers.get("authorization", "")}
    answers = [(part, await _run_part(part, shared, world)) for part in parts]
    body = "".join(_written(part, answer) for part, answer in reversed(answers)) + f"--{BOUNDARY}--\r\n"
    return Response(body.encode(), media_type=f"multipart/mixed; boundary={BOUNDARY}")


async def _run_part(part: Message, shared: dict[str, str], world: World) -> Answer:
    raw = part.get_payload(decode=True)
    text = (raw if isinstance(raw, bytes) else b"").decode().replace("\r\n", "\n").lstrip("\n")
    head, _, body = text.partition("\n\n")
    line, _, header_text = head.partition("\n")
    words = line.split()
    if len(words) < 2:
        raise invalid("Failed to parse batch request, error: a part is no HTTP request.", reason="badRequest")
    headers = {name.lower(): value for name, value in HeaderParser().parsestr(header_text + "\n\n").items()}
    return await world.call(words[0], _path(words[1]), shared | headers, body.encode())


def _path(target: str) -> str:
    """Path and query of what may be a whole address."""
    return "/" + target.split("://", 1)[1].partition("/")[2] if "://" in target else target


def _written(part: Message, answer: Answer) -> str:
    content_id = (part.get("Content-ID") or "").strip()
    named = f"Content-ID: <response-{content_id.removeprefix('<')}\r\n" if content_id else ""
    kept = "".join(f"{name}: {value}\r\n" for name, value in ({"content-length": "0"} | dict(answer.headers)).items())
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
    return f"--{BOUNDARY}\r\nContent-Type: application/http\r\n{named}\r\n{status}{kept}\r\n{answer.body.decode()}\r\n"
