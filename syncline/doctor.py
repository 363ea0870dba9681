"""Looks at the whole set-up and says of each part whether it works."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.project import Project
from syncline.errors import explain

Finding = dict[str, Any]
"""`{"what", "ok": True | False | None (does not matter), "detail"}`."""
LITTLE_DISK = 200 * 2**20
SKEW = timedelta(minutes=5)
"""Clocks may be so far apart."""


def examine(folder: Path | None) -> list[Finding]:
    """Goes on after what is wrong, as far as it can."""
    found = [_python(), _packages()]
    try:
        project = Project.at(folder) if folder is not None else Project.find()
    except Exception as error:  # noqa: BLE001 - every error is a finding
        return [*found, _finding("project", False, explain(error))]
    found.append(_finding("project", True, str(project.root)))
    try:
        found += [finding for part in PARTS for finding in _tried(part, project)]
    finally:
        project.close()
    return found


def _tried(part: Callable[[Project], Iterator[Finding]], project: Project) -> list[Finding]:
    try:
        return list(part(project))
    except Exception as error:  # noqa: BLE001 - every error is a finding
        return [_finding(part.__name__.strip("_"), False, explain(error))]


def _finding(what: str, ok: bool | None, detail: str) -> Finding:
    return {"what": what, "ok": ok, "detail": detail}


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return _finding("Python", sys.version_info >= (3, 11), found)


def _packages() -> Finding:
    """Prefect 3.8 fails at import with FastAPI 0.155 and later, and schedules nothing with SQLAlchemy 2.1."""
    found = {name: version(name) for name in ("prefect", "fastapi", "sqlalchemy")}
    limits = {"fastapi": (0, 155), "sqlalchemy": (2, 1)}
    wrong = [name for name, limit in limits.items() if tuple(map(int, found[name].split(".")[:2])) >= limit]
    shown = ", ".join(f"{name} {number}" for name, number in found.items())
    hint = f"; too new for Prefect: {', '.join(wrong)}. Run: pip install -r requirements.lock" if wrong else ""
    return _finding("packages", not wrong, shown + hint)


def _settings(project: Project) -> Iterator[Finding]:
    from sqlalchemy.engine import make_url

    shown = make_url(project.settings.state_url).render_as_string(hide_password=True)
    yield _finding("settings", True, f"state {shown}")


def _snapshots(project: Project) -> Iterator[Finding]:
    """Whether the place of the snapshots can be written to."""
    from engine.snapshot import shown
    from flows.place import prove

    prove(project.settings.snapshots)
    yield _finding("snapshots", True, shown(project.settings.snapshots))


def _state(project: Project) -> Iterator[Finding]:
    from engine.store.tables import links

    yield _finding("state", True, f"{len(project.store.all(links))} links")


def _audit(project: Project) -> Iterator[Finding]:
    """Whether the state hangs together."""
    from engine.audit import audit

    found = audit(project.store, now=datetime.now(UTC).isoformat())
    for one in found:
        where = f"state of {one.sync}" if one.sync else "state"
        counted = f"{one.count} " if one.sync and one.what[0].islower() else ""
        yield _finding(where, False if one.damaged else None, f"{counted}{one.what}. What to do: {one.todo}")
    if not any(one.damaged for one in found):
        yield _finding("links", True, "one to one; the journal, cursors, keys and holds fit them")


def _leases(project: Project) -> Iterator[Finding]:
    """Who runs what now."""
    from engine.store.tables import leases

    for row in project.store.all(leases, leases.c.until > datetime.now(UTC).isoformat()):
        yield _finding(f"lease of {row['sync']}", None, f"being run by {row['holder']} until {row['until'][:19]} UTC")


def _clock(project: Project) -> Iterator[Finding]:
    """This machine's clock against the latest times in the state: of our runs, and of the apps' own records."""
    from sqlalchemy import func, select

    from engine.store.tables import copies, runs

    limit = (datetime.now(UTC) + SKEW).isoformat()
    run = project.store.rows(select(func.max(runs.c.started_at).label("at")))[0]["at"]
    ahead = project.store.rows(
        select(copies.c.side, func.max(copies.c.changed_at).label("at"))
        .where(copies.c.changed_at > limit)
        .group_by(copies.c.side)
    )
    if run and run > limit:
        said = f"this clock is behind: the last run began at {run[:19]} UTC. Set the clock right before the next run"
        yield _finding("clock", False, said)
    for row in ahead:
        said = f"{row['side']} says that a record was changed at {row['at'][:19]} UTC, which is still to come here. "
        yield _finding("clock", False, said + "Its clock or this one is wrong; 'newest wins' cannot be relied on")
    if not ahead and not (run and run > limit):
        yield _finding("clock", True, "not behind the runs and the apps")


def _key(project: Project) -> Iterator[Finding]:
    file = project.state / "key"
    if project.settings.key.get_secret_value():
        yield _finding("key", True, "from SYNCLINE_KEY")
    elif not file.exists():
        yield _finding("key", None, "none yet; one is made when the first account is connected")
    else:
        private = file.stat().st_mode & 0o077 == 0
        yield _finding("key", private, f"{file}" + ("" if private else f" can be read by others: chmod 600 {file}"))


def _accounts(project: Project) -> Iterator[Finding]:
    for one in project.connections.all():
        try:
            yield _finding(
                f"account {one.name}", True, f"{one.app}: {project.connector(one.name, anyway=True).check()}"
            )
        except Exception as error:  # noqa: BLE001 - every error is a finding
            yield _finding(f"account {one.name}", False, explain(error))


def _syncs(project: Project) -> Iterator[Finding]:
    from syncline.checking import check_all

    for one in check_all(project, None, offline=True):
        yield _finding(f"sync {one['checked']}", not one["problems"], "; ".join(one["problems"]) or one["mapping"])


def _webhooks(project: Project) -> Iterator[Finding]:
    from flows.hookcare import findings
    from flows.hooks import Hooks

    hooks = Hooks(project, project.settings.public_url)
    for entry, well, said in findings(hooks):
        yield _finding(f"webhook {entry.place.connection} {entry.place.object}".rstrip(), well, said)
    if not hooks.public_url:
        yield _finding("webhooks", None, "none: SYNCLINE_PUBLIC_URL is not set, so changes are found by looking")


def _prefect(project: Project) -> Iterator[Finding]:
    from flows.server import Server, Worker, configured, healthy

    url = configured(os.environ)
    own = Server(project.state / "prefect").page()
    if url:
        yield _finding(
            "Prefect", healthy(url), f"configured: {url}" + ("" if healthy(url) else ", which does not answer")
        )
    elif own:
        worker = "a worker runs" if Worker(project.state / "prefect").running() else "no worker: syncline up --worker"
        yield _finding("Prefect", True, f"of this project: {own}, {worker}")
    else:
        yield _finding("Prefect", None, "not running; started by the first run, or by: syncline up")


def _disk(project: Project) -> Iterator[Finding]:
    free = shutil.disk_usage(project.root).free
    yield _finding("disk", free > LITTLE_DISK, f"{free / 2**30:.1f} GiB free")


PARTS = (_settings, _snapshots, _state, _audit, _leases, _clock, _key, _accounts, _syncs, _webhooks, _prefect, _disk)
