"""`POST /$batch`: up to twenty requests in one, answered in an order of the server's choosing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.graph.asking import ROOT, Answering, Asking
from sandbox.graph.errors import bad_request
from sandbox.world import World

MOST = 20


class Batch:
    """Runs the parts one after the other and tells the last answer first, so that nobody relies on their order."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, asking: Asking) -> Answering:
        """200 whatever the parts say."""
        parts = _checked(asking.json())
        answers: dict[str, dict[str, Any]] = {}
        for part in parts:
            failed = any(answers[name]["status"] >= 400 for name in part.get("dependsOn") or [])
            answers[str(part["id"])] = _failed_dependency(part) if failed else await self._part(asking, part)
        return Answering({"responses": list(reversed(answers.values()))})

    async def _part(self, asking: Asking, part: Mapping[str, Any]) -> dict[str, Any]:
        own = {name.lower(): str(value) for name, value in (part.get("headers") or {}).items()}
        passed = {name: asking.headers[name] for name in ("authorization", "host") if name in asking.headers}
        body = json.dumps(part["body"]).encode() if "body" in part else b""
        answer = await self._world.call(part["method"], _target(str(part["url"])), passed | own, body)
        found = {"id": str(part["id"]), "status": answer.status, "headers": _spelled(answer.headers)}
        return found | ({"body": answer.json()} if answer.body else {})


def _target(url: str) -> str:
    """A part's url is relative to the root of the API; the vendor's Python client sends whole addresses."""
    _, _, relative = url.rpartition(f"{ROOT}/")
    return f"{ROOT}/{relative.lstrip('/')}"


def _spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items() if name != "content-length"}


def _checked(body: Any) -> list[dict[str, Any]]:
    """The parts; Refusal (400) of the whole batch for what the service does not even begin."""
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(parts) > MOST:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MOST}.", "MaximumValueExceeded")
    seen: set[str] = set()
    for part in parts:
        _check(part, seen)
        seen.add(str(part["id"]))
    return parts


def _check(part: Any, seen: set[str]) -> None:
    if not isinstance(part, dict) or not all(part.get(name) for name in ("id", "method", "url")):
        raise bad_request("Each request of a batch needs an id, a method and a url.", "BadRequest")
    if str(part["id"]) in seen:
        raise bad_request(f"Request id {part['id']} occurs twice.", "BadRequest")
    if not seen.issuperset(map(str, part.get("dependsOn") or [])):
        raise bad_request(f"Request {part['id']} depends on one that does not come before it.", "BadRequest")
    headers = {name.lower() for name in part.get("headers") or {}}
    if "body" in part and "content-type" not in headers:
        raise bad_request(f"Write request id {part['id']} does not contain a Content-Type header.", "BadRequest")


def _failed_dependency(part: Mapping[str, Any]) -> dict[str, Any]:
    error = {"code": "FailedDependency", "message": "A request that this one depends on has failed."}
    return {"id": str(part["id"]), "status": 424, "headers": {}, "body": {"error": error}}
