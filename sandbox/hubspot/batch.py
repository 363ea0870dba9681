"""`/batch/{read,create,update,upsert,archive}`: up to 100 inputs; what is refused alone is refused whole, unless the
inputs carry trace ids (create), or records are just not there (read, update)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.hubspot import errors
from sandbox.hubspot.portal import Kind, Portal, stamp
from sandbox.hubspot.showing import named, shown
from sandbox.table import Row
from sandbox.world import Reply

MOST = 100
TRACE = "objectWriteTraceId"


def run(portal: Portal, kind: Kind, action: str, body: Mapping[str, Any], *, archived: bool) -> Response:
    """The answer to one batch. Raises what refuses it whole."""
    inputs = list(body.get("inputs") or [])
    if len(inputs) > MOST:
        raise errors.bad_request(f"The maximum batch size is {MOST}, this one has {len(inputs)}.")
    if action == "read":
        return _read(portal, kind, inputs, body, archived=archived)
    if action == "create":
        return _create(portal, kind, inputs)
    if action == "update":
        return _update(portal, kind, inputs)
    if action == "upsert":
        return _upsert(portal, kind, inputs)
    for each in inputs:
        portal.archive(kind, str(each["id"]))
    return Response(status_code=204)


def _read(
    portal: Portal, kind: Kind, inputs: Sequence[Mapping[str, Any]], body: Mapping[str, Any], *, archived: bool
) -> Response:
    """What is not there is named in one error. A merged id gives the record that has taken its place."""
    by, names = body.get("idProperty"), list(body.get("properties") or [])
    if by and not (by in kind.defined and kind.tells_apart(by)):
        raise errors.bad_request(f"Property '{by}' is not a unique property of this object")
    rows: dict[str, Row] = {}
    lost = []
    for each in inputs:
        row = _wanted(kind, str(each["id"]), by, archived=archived)
        if row is None:
            lost.append(str(each["id"]))
        else:
            rows[row.id] = row
    results = [shown(portal, kind, row, names) for row in rows.values()]
    if not lost:
        return _reply(portal, results)
    message = "Could not get some objects, they may be deleted or not exist. Check that ids are valid."
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": lost}}
    return _reply(portal, results, [error | {"errors": [], "links": {}}])


def _wanted(kind: Kind, id: str, by: str | None, *, archived: bool) -> Row | None:
    if archived:
        binned = (row for row in kind.table.rows.values() if row.gone)
        return next((row for row in binned if (row.data.get(by) if by else row.id) == id), None)
    if by:
        return kind.having(by, id.strip().lower() if by == "email" else id)
    try:
        return kind.find(id)
    except Reply:
        return None


def _create(portal: Portal, kind: Kind, inputs: Sequence[Mapping[str, Any]]) -> Response:
    traced = [str(each[TRACE]) for each in inputs if each.get(TRACE)]
    if len(traced) < len(inputs):
        return _reply(portal, _all_or_none(portal, kind, inputs), status=201)
    if len(set(traced)) < len(traced):
        raise errors.bad_request(f"{TRACE} must be unique within a batch")
    results, problems = [], []
    for each in inputs:
        try:
            row = portal.create(kind, each.get("properties") or {}, each.get("associations") or ())
            results.append(shown(portal, kind, row, named(kind, each)) | {TRACE: each[TRACE]})
        except Reply as refused:
            problems.append(errors.part(refused, **{TRACE: [str(each[TRACE])]}))
    return _reply(portal, results, problems, status=201)


def _all_or_none(portal: Portal, kind: Kind, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    made: list[Row] = []
    try:
        for each in inputs:
            made.append(portal.create(kind, each.get("properties") or {}, each.get("associations") or ()))  # noqa: PERF401 - those made are kept
    except Reply:
        for row in made:
            portal.erase(kind, row.id)
        raise
    pairs = zip(made, inputs, strict=True)
    return [shown(portal, kind, row, named(kind, each)) for row, each in pairs]


def _update(portal: Portal, kind: Kind, inputs: Sequence[Mapping[str, Any]]) -> Response:
    """A wrong value refuses all of them; a record that is not there only itself."""
    if len({str(each["id"]) for each in inputs}) < len(inputs):
        raise errors.bad_request("Duplicate IDs found in batch input")
    there: list[tuple[Row, Mapping[str, Any]]] = []
    lost = []
    for each in inputs:
        row = _wanted(kind, str(each["id"]), each.get("idProperty"), archived=False)
        if row is None:
            lost.append(str(each["id"]))
        else:
            there.append((row, each))
    before = [(row, dict(row.data)) for row, _ in there]
    try:
        results = [_updated(portal, kind, row, each) for row, each in there]
    except Reply:
        for row, data in before:
            row.data = data
        raise
    message = "Could not update some objects, they may be deleted or not exist."
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": lost}}
    return _reply(portal, results, [error | {"errors": [], "links": {}}] if lost else [])


def _updated(portal: Portal, kind: Kind, row: Row, each: Mapping[str, Any]) -> dict[str, Any]:
    return shown(portal, kind, portal.update(kind, row.id, each.get("properties") or {}), named(kind, each))


def _upsert(portal: Portal, kind: Kind, inputs: Sequence[Mapping[str, Any]]) -> Response:
    results = []
    for each in inputs:
        by, id = str(each.get("idProperty") or ""), str(each["id"])
        known = _wanted(kind, id, by, archived=False)
        given = {**(each.get("properties") or {}), by: id}
        row = portal.update(kind, known.id, given) if known else portal.create(kind, given)
        results.append(shown(portal, kind, row, named(kind, each)) | {"new": known is None})
    return _reply(portal, results)


def _reply(
    portal: Portal, results: Sequence[Mapping[str, Any]], problems: Sequence[Mapping[str, Any]] = (), status: int = 200
) -> Response:
    at = stamp(portal.clock.now().isoformat(timespec="milliseconds"))
    body: dict[str, Any] = {"status": "COMPLETE", "results": list(results), "startedAt": at, "completedAt": at}
    if problems:
        body |= {"numErrors": len(problems), "errors": list(problems)}
    return JSONResponse(body, status_code=207 if problems else status)
