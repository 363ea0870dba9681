"""What the core gives to a stand-in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.grants import Grants
from sandbox.hooks import Hooks
from sandbox.journal import Journal


class Reply(Exception):
    """Raised anywhere below a route to answer with `response` at once."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as bytes; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The parsed body; None when empty."""
        return json.loads(self.body) if self.body else None


Inner = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]


async def _unplugged(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    raise RuntimeError(f"{method} {target} of {len(headers)} headers and {len(body)} bytes: no shell around this app")


@dataclass(slots=True)
class World:
    """Clock, counters, faults, tokens and webhooks of one running stand-in."""

    clock: Clock
    journal: Journal
    faults: Faults
    grants: Grants
    hooks: Hooks
    call: Inner = field(default=_unplugged)
    """`await world.call(method, target, headers, body)`: one part of a batch, through faults, sign-in check and log."""


def new_world(token: str) -> World:
    """A fresh one, in which `token` is always accepted."""
    clock, faults = Clock(), Faults()
    return World(clock, Journal(), faults, Grants(clock, token), Hooks(faults))
