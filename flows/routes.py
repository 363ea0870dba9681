"""Where an app's pings go: every side of every sync, and what of it one webhook tells of."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.canonical import dumps
from engine.problem import MappingError
from flows.project import Project, ProjectError, Stamp, stamp

if TYPE_CHECKING:
    from engine.deployment import Deployment
    from engine.mapping import Mapping as MappingModel

log = logging.getLogger("flows")


@dataclass(frozen=True, slots=True)
class Route:
    """One side of one sync."""

    sync: str
    side: str
    connection: str
    app: str
    object: str
    scope: Mapping[str, Any]

    def place(self, covers: str) -> Place:
        """What a hook of this connection has to tell of, by what one of its app `covers` (scope, object, account)."""
        obj = "" if covers == "account" else self.object
        return Place(self.connection, obj, dumps(dict(self.scope) if covers == "scope" else {}))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What one hook tells of: two syncs with the same place share it."""

    connection: str
    object: str
    """"": all objects of the account."""
    scope: str
    """As canonical JSON; `{}` also where the hook tells of the whole object."""

    @property
    def conditions(self) -> dict[str, Any]:
        """The scope as a connector takes it."""
        return dict(json.loads(self.scope))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of one sync file while its stamps were these."""

    stamps: tuple[Stamp, ...]
    mapping: Path | None
    routes: tuple[Route, ...]
    broken: bool = False


_known: dict[Path, _Known] = {}


def routes(project: Project) -> list[Route]:
    """Of all syncs that run by themselves; those that are paused or broken are left out. Reads only changed files."""
    return [route for name in project.syncs() for route in _of(project, name).routes]


def broken(project: Project) -> list[str]:
    """The syncs whose files cannot be used as they are: nobody knows where they want to listen."""
    return [name for name in project.syncs() if _of(project, name).broken]


def _of(project: Project, name: str) -> _Known:
    file = project.root / "deployments" / f"{name}.yaml"
    held = _known.get(file)
    if held is None or held.stamps != _stamps(project, file, *([held.mapping] if held.mapping else [])):
        held = _known[file] = _read(project, name, file)
    return held


def _read(project: Project, name: str, file: Path) -> _Known:
    mapping, stamps = None, _stamps(project, file)
    try:
        sync = project.deployment(name)
        mapping = project.mapping_file(sync.mapping)
        stamps += (stamp(mapping),)
        return _Known(stamps, mapping, _sides(sync, project.mapping(sync.mapping)))
    except (MappingError, ProjectError) as error:
        log.warning("%s is passed over: %s", name, error)
        return _Known(stamps, mapping, (), broken=True)


def _sides(sync: Deployment, mapping: MappingModel) -> tuple[Route, ...]:
    if problems := sync.check_sides(mapping):
        raise MappingError(problems)
    if sync.paused:
        return ()
    return tuple(
        Route(sync.sync, name, sync.sides[name].connection, side.app, side.object, dict(side.scope))
        for name in mapping.sides
        for side in [sync.side(mapping, name)]
    )


def _stamps(project: Project, file: Path, *mapping: Path) -> tuple[Stamp, ...]:
    """A mapping of the project's own may come to stand before one of the library: its folder counts, too."""
    return tuple(stamp(path) for path in (file, project.root / "mappings", *mapping))
