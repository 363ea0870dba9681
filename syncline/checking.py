"""Checks syncs and mappings: the files, the apps' real fields, the examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project import Project, ProjectError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.contract import Schema
    from engine.mapping import Mapping


def check_all(project: Project, what: str | None, offline: bool) -> list[dict[str, Any]]:
    """One report per sync or mapping: `{"checked", "mapping", "problems", "examples", "asked"}`."""
    if what is None:
        return [_sync(project, name, offline) for name in project.syncs()]
    if what.endswith((".yaml", ".yml")) and Path(what).parent.name != "deployments":
        return [_mapping_alone(project, what, offline)]
    name = Path(what).stem if what.endswith((".yaml", ".yml")) else what
    if name not in project.syncs() and _has_mapping(project, name):
        return [_mapping_alone(project, name, offline)]
    return [_sync(project, name, offline)]


def _has_mapping(project: Project, name: str) -> bool:
    try:
        return project.mapping_file(name).exists()
    except ProjectError:
        return False


def _sync(project: Project, name: str, offline: bool) -> dict[str, Any]:
    from engine.problem import MappingError
    from engine.yamlfile import located

    report = _report(name)
    try:
        sync = project.deployment(name)
        report["mapping"] = sync.mapping
        mapping = project.mapping(sync.mapping)
    except MappingError as error:
        return {**report, "problems": [str(problem) for problem in error.problems]}
    wrong = located(project.deployment_file(name), sync.check_sides(mapping))
    if wrong:
        return {**report, "problems": [str(problem) for problem in wrong]}
    connections = {side: place.connection for side, place in sync.sides.items()}
    return _against(project, report, mapping, {} if offline else connections)


def _mapping_alone(project: Project, what: str, offline: bool) -> dict[str, Any]:
    """A mapping without a sync: any connection to the app of a side will do to ask for its fields."""
    from engine.problem import MappingError

    report = _report(what) | {"mapping": what}
    try:
        mapping = project.mapping(what)
    except MappingError as error:
        return {**report, "problems": [str(problem) for problem in error.problems]}
    by_app = {} if offline else {one.app: one.name for one in reversed(project.connections.all())}
    found = {name: by_app[side.app] for name, side in mapping.sides.items() if side.app in by_app}
    return _against(project, report, mapping, found)


def _report(checked: str) -> dict[str, Any]:
    return {"checked": checked, "mapping": "", "problems": [], "examples": 0, "asked": []}


def _against(project: Project, report: dict[str, Any], mapping: Mapping, sides: dict[str, str]) -> dict[str, Any]:
    """With the fields that the apps have; the examples need those of every side."""
    from engine.mapping_check import check_against
    from engine.yamlfile import located

    schemas: dict[str, Schema] = {}
    for side, connection in sides.items():
        found = _schema(project, mapping, side, connection)
        if isinstance(found, str):
            report["problems"].append(found)
        else:
            schemas[side] = found
    report["asked"] = sorted(schemas)
    wrong = located(project.mapping_file(report["mapping"]), check_against(mapping, schemas))
    report["problems"] += [str(problem) for problem in wrong]
    if not report["problems"] and set(schemas) == set(mapping.sides):
        from engine.examples import failures

        report["problems"] += failures(mapping, schemas)
        report["examples"] = len(mapping.examples)
    return report


def _schema(project: Project, mapping: Mapping, side: str, connection: str) -> Schema | str:
    """The live schema, or why there is none."""
    from engine.contract import AppError
    from flows.secrets import SecretsError

    try:
        return project.connector(connection).schema(mapping.sides[side].object)
    except (AppError, ProjectError, SecretsError) as error:
        return f"{side}: {error}"


def shown(reports: list[dict[str, Any]]) -> RenderableType:
    """For people: each problem on its line, then what was looked at."""
    if not reports:
        return "There is no sync to check yet. Next: syncline new NAME --mapping M --side ..."
    lines = []
    for one in reports:
        lines += one["problems"]
        asked = f"fields of {', '.join(one['asked'])}" if one["asked"] else "without asking the apps"
        state = f"{len(one['problems'])} to put right" if one["problems"] else "ok"
        lines.append(f"{one['checked']}: {state} ({asked}; {one['examples']} examples run)")
    return "\n".join(lines)
