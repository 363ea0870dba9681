"""What happens to a sync as events of Prefect, for automations: ours, and those that people make themselves."""

from __future__ import annotations

from collections import Counter

from prefect.events import emit_event
from sqlalchemy import select

from engine.store.tables import holds, runs
from flows.project import Project
from flows.report import RunReport

CHANGED = "syncline.changed"
"""Sent by others: something has changed at a side. It starts `on-change`."""
HOLDS = "syncline.holds"
"""A run has found something that waits for a person. Payload: `run`, `count`, `kinds` (kind -> count), `text`."""


def resource(sync: str) -> dict[str, str]:
    """What events of a sync are about."""
    return {"prefect.resource.id": f"syncline.sync.{sync}"}


def announce(project: Project, sync: str, report: RunReport) -> None:
    """Sends what newly waits for a person since the run began."""
    began = select(runs.c.started_at).where(runs.c.id == report.run).scalar_subquery()
    since = select(holds.c.kind).where(holds.c.sync == sync, holds.c.state == "open", holds.c.opened_at >= began)
    kinds = Counter(row["kind"] for row in project.store.rows(since)) if report.holds else Counter()
    if not kinds:
        return
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    text = f"{sync}: {said}. Look with: syncline holds {sync}"
    payload = {"run": report.run, "count": kinds.total(), "kinds": dict(kinds), "text": text}
    emit_event(HOLDS, {**resource(sync), "prefect.resource.name": sync}, payload=payload)
