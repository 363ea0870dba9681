"""A user's own mapping, made ready to be rehearsed: its fields as the apps have them, its values as they were seen."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from connectors import load
from engine.bound import Bound
from engine.canonical import same
from engine.contract import AppError, Caps, Schema
from engine.lens import Refusal
from engine.mapping import Mapping as MappingModel
from engine.mapping import check_against
from engine.problem import MappingError
from engine.store.tables import copies, sides
from flows.project import Project, ProjectError
from flows.session import Session
from syncline.columns import made_up
from syncline.rehearsal.habits import Habits
from syncline.rehearsal.pen import Pen
from syncline.rehearsal.setting import Place, Setting, draw

Native = dict[str, Any]
RECORDED = 200
"""Records of a side that values are drawn from."""


@dataclass(frozen=True)
class OwnSetting:
    """Calling it with a seed gives the setting of that history: habits are drawn, the rest is fixed."""

    mapping: MappingModel
    schemas: Mapping[str, Schema]
    caps: Mapping[str, Caps]
    recorded: Mapping[str, Sequence[Native]]
    marker: str
    notes: tuple[str, ...] = ()
    """What the rehearsal leaves out, in sentences."""

    def __call__(self, seed: int) -> Setting:
        rng = random.Random(f"own {seed}")
        places = {side: Place(self.schemas[side], self.caps[side], _habits(rng)) for side in self.mapping.sides}
        names = tuple(self.mapping.sides)
        filtered = sorted(self.mapping.only)
        private = rng.choice(filtered) if filtered and rng.random() < 0.3 else ""
        return Setting(self.mapping, places, self.marker, draw, names, private, self.recorded)


def setting_of(project: Project, what: str) -> OwnSetting:
    """`what`: a sync, or a mapping of the project or the library, by name or path. Raises ProjectError, MappingError.

    Fields are those stored by the last run of the sync, else those the accounts have now, else the connectors' own.
    """
    if what in project.syncs():
        session = Session(project, what)
        mapping, sync = session.mapping, what
        connections = {side: place.connection for side, place in session.deployment.sides.items()}
    else:
        mapping, sync = project.mapping(what), ""
        by_app = {one.app: one.name for one in reversed(project.connections.all())}
        connections = {side: by_app[at.app] for side, at in mapping.sides.items() if at.app in by_app}
    stored = _stored(project, sync)
    asked = {
        side: stored.get(side) or _asked(project, connections.get(side), at.app, at.object)
        for side, at in mapping.sides.items()
    }
    known = {side: schema for side, schema in asked.items() if schema is not None}
    schemas = {side: known.get(side) or made_up(mapping, side, known) for side in mapping.sides}
    if problems := check_against(mapping, schemas):
        raise MappingError(problems)
    return _made(mapping, schemas, _recorded(project, sync, mapping))


def _made(mapping: MappingModel, schemas: Mapping[str, Schema], recorded: Mapping[str, Sequence[Native]]) -> OwnSetting:
    bound = Bound(mapping, schemas)
    marker = _marker(bound)
    caps = {side: load(at.app).caps for side, at in mapping.sides.items()}
    left = Pen(bound, marker, recorded, lambda: 0).left_alone()
    notes = tuple(
        f"No value can be made up for '{row}' ({kind}) and none was recorded, so nobody edits it in the rehearsal."
        for row, kind in left
    )
    return OwnSetting(mapping, schemas, caps, recorded, marker, notes)


def _marker(bound: Bound) -> str:
    """The row that tells which thing a record is: text on every side, in both directions."""
    for name, row in bound.rows.items():
        whole = set(bound.names) == set(row.cells) == set(row.sources) == set(row.targets)
        if whole and not row.many and all(_is_text(bound, side, name) for side in bound.names):
            return name
    raise ProjectError(
        f"The mapping {bound.mapping.name} has no field that is text on every side and goes in both directions. "
        "A rehearsal needs one, to tell the records apart. Rehearse without a mapping, or add such a field to a copy."
    )


def _is_text(bound: Bound, side: str, name: str) -> bool:
    cell = bound.rows[name].cells[side]
    if bound.sides[side].schema.fields[cell.name].type != "text":
        return False
    try:
        fields, _ = bound.put(side, {name: "t1 ab"}, {}, [name])
    except Refusal:
        return False
    return same(str(bound.get(side, fields).get(name)).casefold(), "t1 ab") and isinstance(fields[cell.name], str)


def _habits(rng: random.Random) -> Habits:
    return Habits(minutes=rng.random() < 0.3, pings=rng.random() < 0.3, dated=rng.random() < 0.8)


def _stored(project: Project, sync: str) -> dict[str, Schema]:
    """The schemas that a sync has read."""
    rows = project.store.all(sides, sides.c.sync == sync) if sync else []
    session = Session(project, sync)
    return {row["side"]: session.schema(row["side"], row["schema"]) for row in rows if row["schema"]}


def _asked(project: Project, connection: str | None, app: str, obj: str) -> Schema | None:
    """The fields that the account has now; without an account, those that every account of the app has.

    None where these are not known: tables and files differ.
    """
    from flows.secrets import SecretsError

    cls = load(app)
    if connection is not None:
        try:
            return project.connector(connection).schema(obj)
        except (AppError, SecretsError) as error:
            raise ProjectError(f"The fields of {connection} could not be read: {error}") from error
    if not cls.fields:
        return None
    if obj not in cls.objects:
        raise ProjectError(f"{cls.title} has no object {obj!r}. There are: {', '.join(cls.objects)}.")
    return Schema(cls.fields[obj])


def _recorded(project: Project, sync: str, mapping: MappingModel) -> dict[str, list[Native]]:
    """Records as the sync has seen them, and those of the mapping's examples."""
    found: dict[str, list[Native]] = {side: [] for side in mapping.sides}
    for example in mapping.examples:
        for part in (example.given, example.expect):
            for side, native in part.items():
                found[side].append(native)
    for side in mapping.sides if sync else ():
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.present == "yes")
        query = select(copies.c.observed).where(*where).order_by(copies.c.id).limit(RECORDED)
        found[side] += [row["observed"] for row in project.store.rows(query)]
    return found
