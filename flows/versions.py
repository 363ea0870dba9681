"""The versions of a sync's mapping: every one that ever ran, with the text of its file while this machine has it."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.store.tables import mappings, runs
from flows.project import LIBRARY, Project, ProjectError

if TYPE_CHECKING:
    from flows.session import Session

Doc = dict[str, Any]


def remember(session: Session) -> None:
    """Keeps the text of the mapping's file, comments and all, for a later revert. Where that fails the keys remain."""
    with suppress(OSError, ProjectError):
        file = _kept(session.project, session.sync, session.fingerprint[1])
        if not file.exists():
            text = session.project.mapping_file(session.deployment.mapping).read_bytes()
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_bytes(text)


def _kept(project: Project, sync: str, digest: str) -> Path:
    return project.state / "mappings" / sync / f"{digest}.yaml"


def versions(project: Project, sync: str) -> list[Doc]:
    """`{"version", "at", "runs", "now", "comments", "digest"}`, the newest first; `now`: what the file says today."""
    from flows.session import Session

    counted = select(func.count()).where(runs.c.sync == mappings.c.sync, runs.c.mapping == mappings.c.version)
    query = select(mappings.c.version, mappings.c.at, mappings.c.digest, counted.scalar_subquery().label("runs"))
    rows = project.store.rows(query.where(mappings.c.sync == sync).order_by(mappings.c.version.desc()))
    today = Session(project, sync).fingerprint[1]
    latest = next((row["version"] for row in rows if row["digest"] == today), None)
    return [
        {**row, "now": row["version"] == latest, "comments": _kept(project, sync, row["digest"]).exists()}
        for row in rows
    ]


def document(project: Project, sync: str, version: int) -> Doc:
    """The mapping of a version, by its keys. Raises ProjectError."""
    rows = project.store.all(mappings, mappings.c.sync == sync, mappings.c.version == version)
    if not rows:
        raise ProjectError(f"{sync} has no version {version}. There are: syncline mapping versions {sync}")
    found: Doc = rows[0]["text"]
    return found


def last_run(project: Project, sync: str) -> int | None:
    """The version that wrote last; plans do not count."""
    where = (runs.c.sync == sync, runs.c.kind.in_(("sync", "apply", "backfill")))
    rows = project.store.rows(select(runs.c.mapping).where(*where).order_by(runs.c.started_at.desc()).limit(1))
    return rows[0]["mapping"] if rows else None


def differences(before: Doc, after: Doc) -> list[Doc]:
    """`{"key", "before", "after"}`: each row as `fields.NAME`, and every other key of the file, that is not alike."""
    found = []
    for key in dict.fromkeys([*before, *after]):
        if key == "fields":
            rows = dict.fromkeys([*before["fields"], *after["fields"]])
            pairs = [(f"fields.{row}", before["fields"].get(row), after["fields"].get(row)) for row in rows]
        else:
            pairs = [(key, before.get(key), after.get(key))]
        found += [{"key": name, "before": was, "after": now} for name, was, now in pairs if was != now]
    return found


def revert(project: Project, sync: str, version: int | None) -> Doc:
    """Writes a former version back into the mapping's file; a mapping of the library is written into the project.

    What the file said is kept beside it. Without a version, the last one that is not what the file says now. Gives
    `{"version", "file", "kept", "comments"}`. Raises ProjectError.
    """
    known = versions(project, sync)
    former = next((row["version"] for row in known if not row["now"]), None) if version is None else version
    if former is None:
        raise ProjectError(f"{sync} has no former version of its mapping to go back to.")
    doc = document(project, sync, former)
    digest = next(row["digest"] for row in known if row["version"] == former)
    file = project.mapping_file(project.deployment(sync).mapping)
    if file.is_relative_to(LIBRARY):
        file = project.root / "mappings" / file.name
        file.parent.mkdir(exist_ok=True)
    beside = file.with_suffix(".yaml.before") if file.exists() else None
    if beside:
        beside.write_bytes(file.read_bytes())
    kept = _kept(project, sync, digest)
    text = kept.read_text(encoding="utf-8") if kept.exists() else _written(doc)
    fresh = file.with_suffix(".yaml.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
    return {"version": former, "file": str(file), "kept": beside and str(beside), "comments": kept.exists()}


def _written(doc: Doc) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(_said(doc), text)
    return text.getvalue()


AS_IT_IS = ("via", "examples", "scope")
"""Keys below which an empty value is a value."""


def _said(doc: Doc) -> Doc:
    """Without the keys that nobody gave; a test for empty (`is: null`) is the only one of its rule."""
    found: Doc = {}
    for key, value in doc.items():
        if key in AS_IT_IS:
            found |= {key: value} if value else {}
        elif isinstance(value, dict):
            found |= {key: _said(value)} if value else {}
        elif isinstance(value, list):
            found[key] = [_said(one) if isinstance(one, dict) else one for one in value]
        elif value is not None:
            found[key] = value
    return {**found, "is": None} if "field" in found and len(found) == 1 else found
