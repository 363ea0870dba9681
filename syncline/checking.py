"""Checks syncs and mappings: the files, the apps' real fields, the examples, and the proof of every row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project import Project, ProjectError
from syncline.exits import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.mapping import Mapping
    from engine.proof import Proof, Way
    from syncline.known import Known

Report = dict[str, Any]
UNJUDGED = "not judged, connect the accounts or add examples"


def check_all(project: Project, what: str | None, offline: bool) -> list[Report]:
    """One report per sync or mapping.

    `{"checked", "mapping", "judged", "problems", "examples", "asked", "rows", "unsafe", "notes", "tried"}`: sentences
    in `problems` and `notes`; `rows` are the ways that values go, `unsafe` what is wrong with some, pass by pass, and
    whether it stops a sync. Not `judged`: nothing is wrong as far as one can tell, and no value could be tried.
    """
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


def _sync(project: Project, name: str, offline: bool) -> Report:
    from engine.problem import MappingError
    from engine.yamlfile import located
    from syncline.known import known

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
    mapping = mapping.model_copy(update={"sides": {side: sync.side(mapping, side) for side in mapping.sides}})
    connections = {} if offline else {side: place.connection for side, place in sync.sides.items()}
    return _against(project, report, mapping, known(project, mapping, connections, name))


def _mapping_alone(project: Project, what: str, offline: bool) -> Report:
    """Against the fields of whichever connected account fits; without one, against what every account has."""
    from engine.problem import MappingError
    from syncline.known import known

    report = _report(what) | {"mapping": what}
    try:
        mapping = project.mapping(what)
    except MappingError as error:
        return {**report, "problems": [str(problem) for problem in error.problems]}
    by_app = {} if offline else {one.app: one.name for one in reversed(project.connections.all())}
    asked = {name: by_app[side.app] for name, side in mapping.sides.items() if side.app in by_app}
    found = known(project, mapping, asked)
    report["notes"] += _guessed(mapping, found)
    return _against(project, report, mapping, found)


def _guessed(mapping: Mapping, known: Known) -> list[str]:
    """Gives tables and files that nobody looked at the columns that the mapping names."""
    from connectors import load, names
    from syncline.columns import made_up

    free = [
        side
        for side, at in mapping.sides.items()
        if side not in known.schemas and at.app in names() and not load(at.app).fields
    ]
    known.schemas |= {side: made_up(mapping, side, known.schemas) for side in free}
    return [
        f"{side}: nobody looked at its columns; they are taken for those that the rows name, of the types of the other "
        "sides where columns have these, else texts"
        for side in free
    ]


def _report(checked: str) -> Report:
    lists: Report = {name: [] for name in ("problems", "asked", "rows", "unsafe", "notes")}
    return {"checked": checked, "mapping": "", "judged": False, "examples": 0, "tried": 0, **lists}


def _against(project: Project, report: Report, mapping: Mapping, known: Known) -> Report:
    """With the fields that the apps have; examples and proof need those of every side."""
    from engine.mapping_check import check_against
    from engine.yamlfile import located

    report |= {"asked": sorted(known.asked), "problems": list(known.problems)}
    if report["problems"]:
        return report
    file = project.mapping_file(report["mapping"])
    judged, left = _part(mapping, known)
    report["notes"] += left
    wrong = located(file, check_against(judged, known.schemas))
    report["problems"] += [str(problem) for problem in wrong]
    missing = [side for side in mapping.sides if side not in known.schemas]
    report["notes"] += [f"{side}: which fields it has, only the account itself can tell" for side in missing]
    if not wrong and not missing:
        _prove(file, report, judged, known, whole=judged is mapping)
    return report


def _part(mapping: Mapping, known: Known) -> tuple[Mapping, list[str]]:
    """Without the rows of fields that not every account has, where the account was not asked."""
    strange = {
        name: f"{side}.{native}"
        for name, row in mapping.fields.items()
        for side in row.sides
        for native in row.native(side)
        if side in known.schemas and side not in known.asked and native not in known.schemas[side].fields
    }
    rest = {name: row for name, row in mapping.fields.items() if name not in strange}
    if not strange or not rest:
        return mapping, []
    notes = [f"row '{row}' is not judged: not every account has {field}; ask it" for row, field in strange.items()]
    return mapping.model_copy(update={"fields": rest}), notes


def _prove(file: Path, report: Report, mapping: Mapping, known: Known, *, whole: bool) -> None:
    from engine.examples import failures
    from engine.problem import Problem
    from engine.proof import prove
    from engine.yamlfile import located

    if whole:
        report["problems"] += failures(mapping, known.schemas)
        report["examples"] = len(mapping.examples)
    proof = prove(mapping, known.schemas, known.samples)
    wrong = located(file, [Problem(one.text, one.path) for one in proof.findings])
    report["problems"] += [str(problem) for problem in wrong]
    report["notes"] += proof.notes
    report |= _told(proof) | {"judged": True}


def _told(proof: Proof) -> Report:
    unsafe = [
        {
            "trap": one.trap,
            "text": one.text,
            "path": list(one.path),
            "stops": one.stops,
            "passes": [{"side": side, "value": value} for side, value in one.passes],
        }
        for one in proof.findings
    ]
    return {"rows": [_way(way) for way in proof.ways], "unsafe": unsafe, "tried": proof.tried}


def _way(way: Way) -> Report:
    found = {"row": way.row, "from": way.source, "to": way.target, "class": way.klass, "how": way.how}
    return found | ({"note": way.note} if way.note else {})


def verdict(reports: list[Report]) -> Exit:
    """What `check` ends with."""
    if any(one["problems"] for one in reports):
        return Exit.ERROR
    return Exit.DONE if all(one["judged"] for one in reports) else Exit.WAITS


def shown(reports: list[Report]) -> RenderableType:
    """For people: the rows, then each problem on its line, then what was looked at."""
    from rich.console import Group

    if not reports:
        return "There is no sync to check yet. Next: syncline new NAME --mapping M --side ..."
    parts: list[RenderableType] = []
    for one in reports:
        if one["rows"]:
            parts.append(_table(one["rows"]))
        refused = [
            f"row '{way['row']}', {way['from']} -> {way['to']}: {way['note']}" for way in one["rows"] if "note" in way
        ]
        parts += [*(f"note: {note}" for note in [*one["notes"], *refused]), *one["problems"]]
        asked = f"fields of {', '.join(one['asked'])}" if one["asked"] else "without asking the apps"
        state = f"{len(one['problems'])} to put right" if one["problems"] else "ok" if one["judged"] else UNJUDGED
        tried = f"{one['examples']} examples run, {one['tried']} values sent round"
        parts.append(f"{one['checked']}: {state} ({asked}; {tried})")
    return Group(*parts)


def _table(ways: list[Report]) -> RenderableType:
    """A line for each row and pair of sides."""
    from engine.proof.proof import ORDER
    from syncline.output import table

    pairs: dict[tuple[str, ...], dict[str, Report]] = {}
    for way in ways:
        pairs.setdefault((way["row"], *sorted((way["from"], way["to"]))), {})[way["from"]] = way
    rows = []
    for (row, *_), both in pairs.items():
        there, *more = both.values()
        back = more[0] if more else {}
        worst = max(both.values(), key=lambda way: ORDER.index(way["class"]))
        sides = f"{there['from']} {'<->' if back else '->'} {there['to']}"
        rows.append([row, sides, there["class"], back.get("class"), worst["class"], worst["how"]])
    return table(("row", "sides", "there", "back", "class", "by"), rows)
