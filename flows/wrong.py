"""What is wrong in a project now, as a function of its state: every alert has a key that stays while it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from engine.deployment import Deployment
from engine.mapping import MappingError
from engine.store.outside import hooks
from engine.store.tables import copies, holds, links, runs
from flows.project import Project, ProjectError
from flows.watch.alive import at_work

Wrong = Iterator[tuple[str, str]]
"""(key, reason) pairs."""
TWICE = 2
"""What the next run mends by itself is told of only when it did not."""
SOON = timedelta(days=14)
"""A sign-in that ends is told of so long before; one that lives for a week, say, when a third of that is left."""
MISSED = 3
"""Runs of the schedule that may be missing before it is told."""
LEAST = timedelta(minutes=15)
"""A sync is not called late before so long."""
_LATEST = (
    select(runs).where(runs.c.status != "running", runs.c.kind != "plan").order_by(runs.c.started_at.desc(), runs.c.id)
)
_REFUSED = (
    select(links.c.sync, func.count().label("count"))
    .where(links.c.sync.in_(bindparam("all", expanding=True)), links.c.open.is_(True), links.c.ended.is_(None))
    .where(links.c.failed.is_(True))
    .group_by(links.c.sync)
)
_UNREAD = select(copies.c.sync, func.count().label("count")).where(copies.c.failed.is_not(None)).group_by(copies.c.sync)
_OPEN = select(holds.c.sync, holds.c.kind, func.count().label("count")).where(holds.c.state == "open")


def wrong(project: Project, now: datetime) -> dict[str, str]:
    """Key -> why, in a sentence and what to do. `now` is aware."""
    found = {**dict(_accounts(project, now)), **dict(_hooks(project)), **dict(_failed(project))}
    waiting: dict[str, Counter[str]] = {}
    for row in project.store.rows(_OPEN.group_by(holds.c.sync, holds.c.kind)):
        waiting.setdefault(row["sync"], Counter())[row["kind"]] += row["count"]
    for sync in project.syncs():
        found |= dict(_sync(project, sync, now))
        found |= dict(_waiting(sync, waiting.get(sync, Counter())))
    return found


def _accounts(project: Project, now: datetime) -> Wrong:
    for one in project.connections.all():
        again = f"Sign in again with: syncline connect {one.app} --name {one.name}"
        if one.paused:
            yield f"connection:{one.name}", f"{one.paused} Nothing is asked of this account until then. {again}"
        elif one.expires_at and _ends_soon(datetime.fromisoformat(one.expires_at), one.created_at, now):
            yield f"expiry:{one.name}", f"The sign-in ends on {one.expires_at[:16].replace('T', ' ')} UTC. {again}"


def _ends_soon(until: datetime, since: str, now: datetime) -> bool:
    """Where sign-ins live for a week only, two weeks before would be always, and so told once and never again."""
    return until - now < min(SOON, (until - datetime.fromisoformat(since)) / 3)


def _failed(project: Project) -> Wrong:
    """Records that no run will get across before somebody changes them, or what refuses them."""
    names = project.syncs()
    counts = Counter[str]()
    for row in [*project.store.rows(_REFUSED, all=names), *project.store.rows(_UNREAD)]:
        counts[row["sync"]] += row["count"]
    for sync in counts.keys() & set(names):
        said = "1 record" if counts[sync] == 1 else f"{counts[sync]} records"
        look = f"syncline status {sync} --explain failed"
        yield f"failed:{sync}", f"{said} could not be read or written. Which, and why: {look}"


def _hooks(project: Project) -> Wrong:
    for row in project.store.all(hooks, hooks.c.error.is_not(None)):
        what = f"{row['connection']}/{row['object']}".rstrip("/")
        yield f"hook:{what}", f"Its webhook does not work: {row['error']} Changes are found by asking, so later."


def _sync(project: Project, sync: str, now: datetime) -> Wrong:
    try:
        deployment = project.deployment(sync)
    except (ProjectError, MappingError, OSError) as error:
        yield f"sync:{sync}", f"Its file cannot be used: {error}"
        return
    latest = project.store.rows(_LATEST.where(runs.c.sync == sync).limit(TWICE))
    yield from _late(deployment, latest, now, watched=at_work(project.store) is not None)
    if len(latest) < TWICE or any(run["status"] != "failed" for run in latest):
        return
    errors = [run["report"].get("errors") or {} for run in latest]
    paused = {one.name for one in project.connections.all() if one.paused}
    for part in errors[0].keys() & errors[1].keys():
        place = deployment.sides.get(part)
        if place is None or place.connection not in paused:
            yield f"sync:{sync}" if part == "run" else f"side:{sync}/{part}", errors[0][part]
    if not any(errors):
        yield f"sync:{sync}", "Its runs break off. The log of the last one says why: syncline runs " + sync


def _late(sync: Deployment, latest: list[dict[str, Any]], now: datetime, *, watched: bool) -> Wrong:
    """Where somebody watches, a sync in which nothing happens is not run."""
    every = sync.schedule.interval if sync.schedule else None
    if every is None or sync.paused or not latest or watched:
        return
    ended = datetime.fromisoformat(latest[0]["ended_at"])
    if now - ended > max(MISSED * every, LEAST):
        yield (
            f"late:{sync.sync}",
            f"It should run every {sync.schedule.every if sync.schedule else ''}, and its last run ended at "
            f"{ended:%Y-%m-%d %H:%M} UTC. Is the worker or the watcher running? Look with: syncline doctor",
        )


def _waiting(sync: str, kinds: Counter[str]) -> Wrong:
    """A brake stops work that somebody may wait for; the other holds concern single records."""
    look = f"Look with: syncline holds {sync}"
    stops = kinds.pop("brake", 0) + kinds.pop("outage", 0)
    if stops:
        yield f"brake:{sync}", f"A brake has stopped changes until somebody looks at them. {look}"
    if kinds:
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield f"holds:{sync}", f"Something waits for a person: {said}. {look}"
