"""How the Admin API refuses: as top-level `errors` in an answer with status 200, or as `userErrors` of a mutation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError
from starlette.responses import JSONResponse, Response

_INVALID = re.compile(r"Variable '\$\w+' has invalid value(?: at (?P<path>[^:]+))?: (?P<why>.*)", re.DOTALL)
_GENERAL = {
    401: "[API] Invalid API key or access token (unrecognized login or wrong password)",
    403: "[API] This action requires merchant approval for read_products scope.",
    404: "Not Found",
    405: "Method Not Allowed",
}


class UserError(Exception):
    """To be raised below a mutation: it becomes its only entry of `userErrors`."""

    def __init__(self, message: str, *field: str, code: str | None = None) -> None:
        super().__init__(message)
        self.entry: dict[str, Any] = {"field": list(field) or None, "message": message, "code": code}


def general(status: int, retry_after: float | None) -> Response:
    """The shell's own. Too fast is status 200, and how long to wait is to be worked out from the bucket."""
    if status == 429:
        wait = retry_after or 1.0
        bucket = {"maximumAvailable": 2000.0, "currentlyAvailable": 0.0, "restoreRate": 100.0}
        return JSONResponse(throttled(int(100 * wait), bucket))
    if status == 403:
        return JSONResponse({"errors": [denied("products", "read_products")], "data": None})
    return JSONResponse({"errors": _GENERAL.get(status, "Internal Server Error")}, status_code=status)


def throttled(points: int, bucket: Mapping[str, float]) -> dict[str, Any]:
    """The answer to a query for which there are not enough points."""
    cost = {"requestedQueryCost": points, "actualQueryCost": None, "throttleStatus": dict(bucket)}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": "rate-limits"}}]
    return {"errors": errors, "extensions": {"cost": cost}}


def too_dear(points: int, most: int) -> dict[str, Any]:
    """The answer to a query that is never run."""
    said = f"Query cost is {points}, which exceeds the single query max cost limit ({most})."
    return {"errors": [{"message": said, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": points, "maxCost": most}}]}


def denied(field: str, scope: str) -> dict[str, Any]:
    """An entry of `errors` for a scope that the token lacks."""
    said = f"Access denied for {field} field. Required access: `{scope}` access scope."
    more = {"code": "ACCESS_DENIED", "requiredAccess": f"`{scope}` access scope."}
    return {"message": said, "path": [field], "extensions": more}


def shown(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """What the query language itself refuses. A variable of the wrong shape has its `problems` by path."""
    return [_shown(error) for error in errors]


def _shown(error: GraphQLError) -> dict[str, Any]:
    found = _INVALID.match(error.message)
    said: dict[str, Any] = {"message": error.message}
    if error.locations:
        said["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if found:
        path = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", found["path"] or "")]
        said["extensions"] = {"code": "INVALID_VARIABLE", "problems": [{"path": path, "explanation": found["why"]}]}
    return said | ({"path": list(error.path)} if error.path else {})
