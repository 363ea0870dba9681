"""The control plane under `/_control/`: faults, counters, seeding, the clock. No sign-in; loopback only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.app import StandIn


def control_routes(standin: StandIn, world: World, save: Callable[[], None]) -> list[BaseRoute]:
    """Its routes; each body is a JSON object, each refusal a 400 with `{"error": sentence}`."""
    control = _Control(world)
    table: list[tuple[str, str, Callable[[Any], None]]] = [
        ("/_control/faults", "POST", lambda body: world.faults.add(Fault(**body))),
        ("/_control/faults", "DELETE", lambda _: world.faults.clear()),
        ("/_control/reset_log", "POST", lambda _: world.journal.reset()),
        ("/_control/seed", "POST", lambda body: standin.seed(body["calendar"], body["ics"])),
        ("/_control/fill", "POST", lambda body: standin.fill(body["calendar"], int(body["count"]))),
        ("/_control/revoke", "POST", lambda _: world.grants.revoke_all()),
        ("/_control/save", "POST", lambda _: save()),
        ("/_control/now", "POST", control.set_now),
    ]
    routes: list[BaseRoute] = [Route(path, _endpoint(act), methods=[method]) for path, method, act in table]
    routes.append(Route("/_control/now", control.now, methods=["GET"]))
    routes.append(Route("/_control/log", control.log, methods=["GET"]))
    routes.append(Route("/_control/faults", control.faults, methods=["GET"]))
    return routes


def _endpoint(act: Callable[[Any], None]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            act(await request.json() if raw else {})
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)
        return JSONResponse({"ok": True})

    return endpoint


class _Control:
    """The answers that are more than an acknowledgement."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def log(self, _: Request) -> Response:
        """Counters and the last requests."""
        return JSONResponse(self._world.journal.as_json())

    async def faults(self, _: Request) -> Response:
        """The failures still to come; one is taken when the request that it hits comes in."""
        return JSONResponse({"pending": [asdict(fault) for fault in self._world.faults.pending]})

    async def now(self, _: Request) -> Response:
        """The server's present."""
        return JSONResponse({"now": self._world.clock.now().isoformat()})

    def set_now(self, body: dict[str, Any]) -> None:
        """`{"now": ISO time with offset | null}` or `{"advance": seconds}`."""
        if "advance" in body:
            self._world.clock.advance(timedelta(seconds=float(body["advance"])))
            return
        moment = datetime.fromisoformat(body["now"]) if body["now"] else None
        if moment and moment.tzinfo is None:
            raise ValueError("now needs an offset")
        self._world.clock.set(moment)
