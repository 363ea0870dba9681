"""What a run shows on Prefect's page: its log, how far it is, its report."""

from __future__ import annotations

import logging
import re
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler
from sqlalchemy import func, select

from engine.canonical import dumps
from engine.holds import listed
from engine.store import Store
from engine.store.tables import changes, links
from flows.direct import Progress, planned
from flows.logs import OURS
from flows.project import Project
from flows.report import OPS, PlanReport, RunReport
from flows.work import Work

watcher: ContextVar[Progress] = ContextVar("watcher", default=lambda _side, _done, _all: None)
"""Who also wants to know how far the run is: the command that called it. Threads inherit it, other processes do not."""
MOST = 20
"""Records listed in a report; the commands list the rest."""
WIDEST = 60
"""Characters of a value in a table."""


def show_logs() -> None:
    """Sends our log lines to the run that they belong to, whatever the environment says.

    They come from the standard library's loggers; without a level of their own nothing would get through.
    """
    for name in OURS:
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() > logging.INFO or logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            logger.addHandler(_handler())


def _handler() -> logging.Handler:
    handler = APILogHandler()
    handler.addFilter(lambda _: bool(FlowRunContext.get() or TaskRunContext.get()))  # between runs it is nobody's
    return handler


@dataclass(frozen=True)
class Bar:
    """The progress artifact of a run. Tasks on other machines move it too: how far a run is, its journal says."""

    run: str
    id: UUID | None = None
    """None: there is so little to write that it is shown at the end only, and nothing waits for the page."""

    @classmethod
    def of(cls, sync: str, run: str, store: Store) -> Bar:
        """A new one, as far as the run is."""
        far = _percent(_written(store, run))
        made = create_progress_artifact(far, key=f"progress-{slug(sync)}", description=f"Changes of run {run} written")
        assert isinstance(made, UUID)
        return cls(run, made)

    def move(self, store: Store) -> None:
        """To the share of the run's changes that have been dealt with."""
        found = _written(store, self.run)
        if self.id is not None:
            update_progress_artifact(self.id, progress=_percent(found))
        for side, done, every in found:
            watcher.get()(side, done, every)


def _written(store: Store, run: str) -> list[tuple[str, int, int]]:
    """(side, changes dealt with, all of them)."""
    open_ = func.count().filter(changes.c.state.in_(("planned", "sent")))
    query = select(changes.c.side, func.count().label("all"), open_.label("open")).group_by(changes.c.side)
    rows = store.rows(query.where(changes.c.run == run, changes.c.state != "held"))
    return [(row["side"], row["all"] - row["open"], row["all"]) for row in rows]


def _percent(found: list[tuple[str, int, int]]) -> float:
    every = sum(count for _, _, count in found)
    return round(100.0 * sum(done for _, done, _ in found) / every, 1) if every else 100.0


def show_report(project: Project, sync: str, report: RunReport) -> None:
    """The report as a Markdown artifact; Prefect keeps the former ones of the sync."""
    parts = [report.markdown(sync), *_waiting(project.store, sync, report), *_failed(project.store, sync, report)]
    create_markdown_artifact("\n".join(parts), key=f"report-{slug(sync)}", description=f"Run {report.run}")


def show_plan(work: Work, what: str) -> Counter[str]:
    """The plan of a dry run as a Markdown artifact, field by field; its changes by operation."""
    plan, sync = planned(work), work.session.sync
    ops = Counter((change["side"], change["op"]) for change in plan.changes)
    sides = [
        f"| {side} | " + " | ".join(str(ops[side, op]) for op in OPS) + " |" for side in work.session.mapping.sides
    ]
    head = [f"# {sync}: dry run", "", f"This is what a backfill ({what}) would write. Nothing was written.", ""]
    table = ["| side | create | update | delete |", "|---|---:|---:|---:|", *sides, ""]
    text = "\n".join([*head, *table, *_changes(plan.changes), *_next(plan)])
    create_markdown_artifact(text, key=f"plan-{slug(sync)}", description=f"Plan {plan.plan}: nothing was written")
    return Counter(change["op"] for change in plan.changes)


def _changes(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["There is nothing to write: all sides agree."]
    lines = ["| side | change | record | field | before | after |", "|---|---|---|---|---|---|"]
    for change in found[:MOST]:
        at = f"| {change['side']} | {change['op']} | {_cell(str(change['title'] or change['record'] or ''))} |"
        each = change["fields"] if change["op"] == "update" else []
        fields = [f"{at} {one['field']} | {_value(one['before'])} | {_value(one['after'])} |" for one in each]
        lines += fields or [f"{at} {len(change['fields'])} fields | | |"]
    more = len(found) - MOST
    return [*lines, "", f"And {more} more changes."] if more > 0 else lines


def _value(value: Any) -> str:
    """As short as a cell should be."""
    text = "" if value is None else value if isinstance(value, str) else dumps(value)
    return _cell(text if len(text) <= WIDEST else text[: WIDEST - 1] + "…")


def _next(plan: PlanReport) -> list[str]:
    lines = [f"- **{side}** could not be read: {_cell(reason)}" for side, reason in plan.errors.items()]
    if plan.holds:
        lines.append(f"{len(plan.holds)} waiting for a person. Look with: `syncline holds`.")
    if plan.changes:
        lines += [f"To write exactly this: `syncline apply {plan.plan}`. Or start the backfill again without dry run."]
    return ["", *lines] if lines else []


def _waiting(store: Store, sync: str, report: RunReport) -> list[str]:
    if not report.holds:
        return []
    rows = [f"| {row['id']} | {row['kind']} | {_cell(row['reason'])} |" for row in listed(store, sync)[:MOST]]
    head = ["## Waits for a person", "", "| hold | kind | why |", "|---|---|---|"]
    return [*head, *rows, "", f"All of them: `syncline holds {sync}`. Answer one: `syncline resolve HOLD --take SIDE`."]


def _failed(store: Store, sync: str, report: RunReport) -> list[str]:
    if not report.failed:
        return []
    query = select(links.c.errors).where(links.c.sync == sync, links.c.failed.is_(True), links.c.ended.is_(None))
    found = [(side, error["reason"]) for row in store.rows(query.limit(MOST)) for side, error in row["errors"].items()]
    rows = [f"- {side}: {_cell(reason)}" for side, reason in found]
    return ["## Could not be written", "", *rows, "", f"All of them: `syncline status {sync} --state failed`."]


def _cell(text: str) -> str:
    """Titles of meetings hold anything; a table's cell does not."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def slug(name: str) -> str:
    """A name as Prefect's artifact keys allow it: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
