"""Makes a sync without a mapping: looks at the accounts, proposes the mapping, and writes both files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import load
from engine.row import RESERVED
from flows.project import LIBRARY, VOCABULARY, Project
from syncline.draft import DraftError, scopes, unused

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.contract import Json
    from engine.propose import Draft, Proposal, Seen

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Of a side."""
SAMPLES = 50
"""Records of a side that are looked at; none is kept."""
Report = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A side as `--side` names it."""

    connection: str
    app: str
    object: str
    """Empty: whatever is of the same kind as the other sides."""


def propose_sync(project: Project, name: str, given: Sequence[str], scope: Sequence[str], *, dry: bool) -> Report:
    """What was proposed, and written unless `dry`. Raises DraftError, ProjectError, AppError, MappingError.

    `{"sync", "file", "mapping", "text", "kind", "rows", "doubtful", "left", "match", "warnings"}`; `file` and `mapping`
    are empty where nothing was written.
    """
    from engine.propose import load_vocabulary, propose, text

    path = unused(project, name)
    mapping = project.root / "mappings" / path.name
    for place in (mapping, LIBRARY / path.name):
        if place.exists() and place.stem != VOCABULARY:
            raise DraftError(
                f"There is a mapping {name!r} already: {place}. Choose another name, or use --mapping {name}."
            )
    asked = _with_objects(_sides(project, given))
    where = scopes({side: one.connection for side, one in asked.items()}, scope)
    _apart(asked, where)
    seen = {side: _seen(project, one, where.get(side, {})) for side, one in asked.items()}
    found = propose(seen, load_vocabulary(LIBRARY / f"{VOCABULARY}.yaml"))
    if not found.rows:
        places = " and ".join(f"{one.app} {one.object}" for one in asked.values())
        raise DraftError(f"{places} have no field in common that could be kept the same. Write a mapping by hand.")
    written = text(found, name)
    if not dry:
        _write(mapping, path, name, written, asked, where)
    return _report(found, name, written, "" if dry else str(path), "" if dry else str(mapping))


def _sides(project: Project, given: Sequence[str]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for item in given:
        side, equals, place = item.partition("=")
        connection, colon, obj = place.partition(":")
        if not equals or not connection or (colon and not obj):
            raise DraftError(f"--side takes side=CONNECTION or side=CONNECTION:OBJECT, not {item!r}.")
        if side in found:
            raise DraftError(f"--side names {side!r} twice.")
        if side in RESERVED or not NAME.fullmatch(side):
            raise DraftError(f"A side cannot be called {side!r}: take letters and digits, and no word of a mapping.")
        found[side] = Asked(connection, project.connection(connection).app, obj)
    if len(found) < 2:
        raise DraftError("A sync needs two sides or more: --side a=CONNECTION --side b=CONNECTION.")
    return found


def _apart(asked: Mapping[str, Asked], where: Mapping[str, Json]) -> None:
    """No place twice: it would be kept the same as itself."""
    places = [(one.connection, one.object, where.get(side)) for side, one in asked.items()]
    if any(place in places[:number] for number, place in enumerate(places)):
        raise DraftError("Two sides are the same place. Name another object, or another part with --scope.")


def _with_objects(asked: Mapping[str, Asked]) -> dict[str, Asked]:
    """Each side with its object: what was said, else the only ones that are of the same kind."""
    choices = {side: _objects(one) for side, one in asked.items()}
    fitting = [found for found in product(*choices.values()) if _one_kind([kind for _, kind in found])]
    if len(fitting) == 1:
        return {
            side: Asked(one.connection, one.app, obj)
            for (side, one), (obj, _) in zip(asked.items(), fitting[0], strict=True)
        }
    shown = "; ".join(f"{side} ({one.app}) has {_listed(choices[side])}" for side, one in asked.items())
    example = " ".join(
        f"--side {side}={one.connection}:{one.object or (choices[side] or [('OBJECT', '')])[0][0]}"
        for side, one in asked.items()
    )
    if fitting:
        raise DraftError(f"Several things could be kept the same: {shown}. Say which, such as: {example}")
    raise DraftError(
        f"These have no kind of thing in common: {shown}. Say which objects correspond, such as: {example}"
    )


def _objects(asked: Asked) -> list[tuple[str, str]]:
    """(object, kind) that a side may be; a kind that only the account itself can tell is empty."""
    from engine.propose import kinds

    known = {obj: next(iter(kinds(fields)), "") for obj, fields in load(asked.app).fields.items()}
    if asked.object:
        return [(asked.object, known.get(asked.object, ""))]
    return [(obj, kind) for obj, kind in known.items() if kind]


def _one_kind(found: Sequence[str]) -> bool:
    return len(set(found) - {""}) <= 1


def _listed(objects: Sequence[tuple[str, str]]) -> str:
    return ", ".join(obj for obj, _ in objects) or "nothing that is known beforehand: name a table or a file"


def _seen(project: Project, asked: Asked, scope: Json) -> Seen:
    from engine.propose import Seen

    connector = project.connector(asked.connection)
    schema = connector.schema(asked.object)
    page = next(iter(connector.scan(asked.object, scope)), None)
    records = [one for one in (page.records if page else ()) if not one.gone][:SAMPLES]
    dated = not records or any(one.changed_at for one in records)
    return Seen(asked.app, asked.object, schema, [one.data for one in records], dated)


def _write(
    mapping: Path, sync: Path, name: str, text: str, asked: Mapping[str, Asked], where: Mapping[str, dict[str, Any]]
) -> None:
    """Both files, or none."""
    from engine.deployment import Deployment, Place
    from engine.yamlfile import load_mapping, save_deployment

    places = {
        side: Place(connection=one.connection, scope=where[side]) if side in where else Place(connection=one.connection)
        for side, one in asked.items()
    }
    mapping.parent.mkdir(parents=True, exist_ok=True)
    draft = mapping.with_name(f".{mapping.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        load_mapping(draft)
        save_deployment(sync, Deployment(sync=name, mapping=name, sides=places))
        draft.replace(mapping)
    finally:
        draft.unlink(missing_ok=True)


def _report(found: Proposal, name: str, text: str, file: str, mapping: str) -> Report:
    return {
        "sync": name,
        "file": file,
        "mapping": mapping,
        "text": text,
        "kind": found.kind,
        "rows": [{**_row(row), "reason": row.reason} for row in found.rows],
        "doubtful": [{**_row(row), "reason": row.doubt} for row in found.doubtful],
        "left": [{"side": one.side, "field": one.native, "reason": one.why} for one in found.left],
        "match": [list(rule) for rule in found.match],
        "warnings": list(found.warnings),
    }


def _row(row: Draft) -> dict[str, Any]:
    shown = row.yaml()
    options: Report = {key: shown[key] for key in ("via", "each", "to") if key in shown}
    return {"row": row.name, "sides": {side: shown[side] for side in row.sides}, **options}


def shown(report: Report) -> RenderableType:
    """For people: the rows with their reasons, the doubtful ones, what is left out, and what to look at."""
    from rich.console import Group

    parts: list[RenderableType] = [_table(report["rows"], "")]
    if report["doubtful"]:
        parts.append(_table(report["doubtful"], "Doubtful, written as comments:"))
    parts += [f"left out: {one['side']}.{one['field']} - {one['reason']}" for one in report["left"]]
    parts += [f"LOOK AT THIS: {one}" for one in report["warnings"]]
    if report["file"]:
        parts.append(f"Wrote {report['mapping']} and {report['file']}.\nNext: syncline check {report['sync']}")
    else:
        parts += ["", report["text"], "Nothing is written: without --dry-run it is."]
    return Group(*parts)


def _table(rows: list[Report], title: str) -> RenderableType:
    from syncline.output import table

    sides = list(dict.fromkeys(side for row in rows for side in row["sides"]))
    cells = [[row["row"], *(_native(row, side) for side in sides), _goes(row), row["reason"]] for row in rows]
    return table(("row", *sides, "goes", "why"), cells, title=title)


def _native(row: Report, side: str) -> str:
    names = row["sides"].get(side, "")
    return names if isinstance(names, str) else ", ".join(names)


def _goes(row: Report) -> str:
    to = row.get("to")
    return "all ways" if to is None else f"to {to}" if isinstance(to, str) else f"to {', '.join(to)}"
