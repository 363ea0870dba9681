"""Writes the file of a new sync, checked before it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project import Project

if TYPE_CHECKING:
    from engine.mapping import Mapping as MappingModel


class DraftError(Exception):
    """A sync that cannot be made as asked."""


def draft(project: Project, name: str, mapping: str, sides: Sequence[str], given_scopes: Sequence[str]) -> Path:
    """The file written. Raises DraftError, MappingError, ProjectError; then no file is written."""
    from engine.deployment import Deployment, Place
    from engine.yamlfile import save_deployment

    path = unused(project, name)
    model = project.mapping(mapping)
    chosen = _sides(model, mapping, sides)
    for side, connection in chosen.items():
        _check_app(project, model, side, connection)
    extra = scopes(chosen, given_scopes)
    places = {side: _place(Place, connection, extra.get(side)) for side, connection in chosen.items()}
    save_deployment(path, Deployment(sync=name, mapping=mapping, sides=places))
    return path


def unused(project: Project, name: str) -> Path:
    """The file of a sync that is not there yet."""
    path = project.deployment_file(name)
    if name in project.syncs():
        raise DraftError(f"There is a sync {name!r} already: {path}. Choose another name.")
    return path


def _place(place: Any, connection: str, scope: dict[str, Any] | None) -> Any:
    return place(connection=connection, scope=scope) if scope else place(connection=connection)


def _sides(model: MappingModel, mapping: str, given: Sequence[str]) -> dict[str, str]:
    """Side -> connection, complete and in the mapping's order."""
    found: dict[str, str] = {}
    for item in given:
        side, equals, connection = item.partition("=")
        if not equals or not connection:
            raise DraftError(f"--side takes side=CONNECTION, not {item!r}.")
        if side not in model.sides:
            raise DraftError(f"The mapping {mapping!r} has no side {side!r}; it has {', '.join(model.sides)}.")
        if side in found:
            raise DraftError(f"--side names {side!r} twice.")
        found[side] = connection
    missing = [side for side in model.sides if side not in found]
    if missing:
        rest = " ".join(f"--side {side}=CONNECTION" for side in missing)
        raise DraftError(f"The mapping {mapping!r} has a side that got no connection. Add: {rest}")
    return {side: found[side] for side in model.sides}


def _check_app(project: Project, model: MappingModel, side: str, connection: str) -> None:
    wanted = model.sides[side].app
    found = project.connection(connection)
    if found.app != wanted:
        fitting = [one.name for one in project.connections.all() if one.app == wanted]
        hint = f"Connections to {wanted}: {', '.join(fitting)}." if fitting else f"Make one: syncline connect {wanted}"
        raise DraftError(f"The side {side!r} needs {wanted}, but {connection!r} is a connection to {found.app}. {hint}")


def scopes(sides: Mapping[str, str], given: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Side -> scope, from side.key=VALUE; true and false are booleans."""
    found: dict[str, dict[str, Any]] = {}
    for item in given:
        place, equals, value = item.partition("=")
        side, dot, key = place.partition(".")
        if not equals or not dot or not key:
            raise DraftError(f"--scope takes side.key=VALUE, such as google.calendar=Work, not {item!r}.")
        if side not in sides:
            raise DraftError(f"--scope names the side {side!r}; the sides are {', '.join(sides)}.")
        found.setdefault(side, {})[key] = {"true": True, "false": False}.get(value, value)
    return found
