"""Google's sign-in endpoints, the same for each of its apps."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.world import World

OPEN_PATHS = ("/token", "/o/oauth2/")
"""Served without a token."""


def routes(world: World) -> list[BaseRoute]:
    """The consent page, which consents at once, and the token endpoint."""

    async def authorize(request: Request) -> Response:
        try:
            return RedirectResponse(world.grants.authorize(request.query_params), status_code=302)
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)

    async def token(request: Request) -> Response:
        form = await request.form()
        try:
            return JSONResponse(world.grants.exchange({name: str(value) for name, value in form.items()}))
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)

    return [Route("/token", token, methods=["POST"]), Route("/o/oauth2/v2/auth", authorize, methods=["GET"])]
