"""The figures of a project for Prometheus, computed from its state: one place to ask, whoever runs the syncs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from math import isinf
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import exists, func, or_, select

from engine import accounting, meters
from engine.store.outside import calls
from engine.store.tables import changes, holds, links, runs, sides
from flows.counts import BOUNDS, WAITED
from flows.project import Project
from flows.wrong import wrong

FRESH = 30.0
"""Seconds for which the count of records, and what is wrong, is taken as it was: it looks at every record."""
METERS = {
    "requests": "HTTP requests sent to the app",
    "create": "Records created",
    "update": "Records updated",
    "delete": "Records deleted",
    "runs": "Runs that ended",
    "runs_failed": "Runs that ended with an error",
    "run_seconds": "Seconds that runs took",
    "brake_trips": "Times that a brake held changes back",
    "pinged": "Runs that an app's webhook asked for",
}
THROTTLED = "throttled"
_HOLDS = select(holds.c.sync, holds.c.kind, func.count().label("count")).where(holds.c.state == "open")
_ENDED = select(runs.c.sync, func.max(runs.c.ended_at).label("at")).where(
    runs.c.status.in_(("done", "waiting")), runs.c.kind != "plan"
)

_HELD = exists().where(changes.c.link == links.c.id, changes.c.state == "held")
_LEFT = (
    select(links.c.sync, links.c.todo, links.c.dirty)
    .where(links.c.open.is_(True), links.c.ended.is_(None), or_(links.c.dirty.is_(True), links.c.todo != []), ~_HELD)
    .distinct()
)
"""What is left to write; not what a brake holds back until a person has looked at it."""


class Figures(Collector):
    """Asked anew at each scrape. `clock` gives aware datetimes."""

    def __init__(self, project: Project, clock: Callable[[], datetime]) -> None:
        self._project, self._clock = project, clock
        self._looked = float("-inf")
        self._records: dict[str, Any] = {}
        self._wrong: list[str] = []

    def collect(self) -> Iterable[Metric]:
        """Every family once."""
        yield from self._ages()
        yield from self._counts()
        yield from self._meters()

    def _ages(self) -> Iterator[Metric]:
        now, syncs = self._clock(), set(self._project.syncs())
        cursor = _gauge("cursor_age_seconds", "Since a side was last read", "sync", "side")
        scan = _gauge("scan_age_seconds", "Since everything of a side was last read", "sync", "side")
        lag = _gauge("lag_seconds", "Since a side was last read and nothing was left to write to it", "sync", "side")
        ended = {row["sync"]: row["at"] for row in self._project.store.rows(_ENDED.group_by(runs.c.sync))}
        left = self._project.store.rows(_LEFT)
        dirty = {row["sync"] for row in left if row["dirty"]}
        behind = {(row["sync"], side) for row in left for side in row["todo"]}
        for row in self._project.store.all(sides):
            if row["sync"] in syncs:
                at = [row["sync"], row["side"]]
                is_behind = row["sync"] in dirty or (row["sync"], row["side"]) in behind
                well = ended.get(row["sync"]) if is_behind else row["read_at"]
                for family, when in (
                    (cursor, row["read_at"]),
                    (scan, row["scanned_at"]),
                    (lag, well),
                ):
                    if when:
                        family.add_metric(at, (now - datetime.fromisoformat(when)).total_seconds())
        yield from (cursor, scan, lag)

    def _counts(self) -> Iterator[Metric]:
        self._look()
        records = _gauge("records", "Records by state; the states add up to all records", "sync", "side", "state")
        for sync, found in self._records.items():
            for side, counted in found.items():
                for state in accounting.STATES:
                    records.add_metric([sync, side, state], counted["records"][state])
        waiting = _gauge("holds", "What waits for a person", "sync", "kind")
        for row in self._project.store.rows(_HOLDS.group_by(holds.c.sync, holds.c.kind)):
            waiting.add_metric([row["sync"], row["kind"]], row["count"])
        alerts = _gauge("alerts", "1 for what is wrong, as `syncline alerts` lists it", "alert")
        for key in self._wrong:
            alerts.add_metric([key], 1)
        paused = _gauge("connection_paused", "1 where somebody has to sign in again", "connection", "app")
        for one in self._project.connections.all():
            paused.add_metric([one.name, one.app], 1 if one.paused else 0)
        heard = CounterMetricFamily("syncline_webhook_calls", "Calls of the receiver", labels=["outcome"])
        total = select(calls.c.outcome, func.sum(calls.c.count).label("count")).group_by(calls.c.outcome)
        for row in self._project.store.rows(total):
            heard.add_metric([row["outcome"]], row["count"])
        yield from (records, waiting, alerts, paused, heard)

    def _meters(self) -> Iterator[Metric]:
        families = {
            name: CounterMetricFamily(f"syncline_{name}", about, labels=["sync", "side"])
            for name, about in METERS.items()
        }
        slow = CounterMetricFamily("syncline_throttled", "Answers that told us to slow down", labels=["connection"])
        counted = meters.read(self._project.store)
        for (sync, side, name), value in sorted(counted.items()):
            if name == THROTTLED:
                slow.add_metric([side], value)
            elif name in families:
                families[name].add_metric([sync, side], value)
        yield from (slow, _waited(counted), *families.values())

    def _look(self) -> None:
        """What is wrong now, not what was told last: where runs are made without Prefect, nobody tells."""
        if time.monotonic() - self._looked > FRESH:
            self._records = {sync: accounting.status(self._project.store, sync) for sync in self._project.syncs()}
            self._wrong = sorted(wrong(self._project, self._clock()))
            self._looked = time.monotonic()


def registry(project: Project, clock: Callable[[], datetime]) -> CollectorRegistry:
    """With the figures of this project and nothing else."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Figures(project, clock))
    return made


def listed(project: Project, clock: Callable[[], datetime]) -> list[dict[str, Any]]:
    """The figures as `{"figure", "labels", "value"}`."""
    return [
        {"figure": sample.name, "labels": dict(sample.labels), "value": sample.value}
        for family in Figures(project, clock).collect()
        for sample in family.samples
    ]


def render(project: Project, clock: Callable[[], datetime]) -> str:
    """The figures as Prometheus reads them."""
    return generate_latest(registry(project, clock)).decode()


def _waited(counted: Mapping[meters.Key, float]) -> Metric:
    """By sync, how many runs took up to each of the bounds."""
    about = "Seconds from the first webhook to the end of the run that wrote what it was about"
    family = HistogramMetricFamily(f"syncline_{WAITED}_seconds", about, labels=["sync"])
    for sync, _, name in sorted(counted):
        if name == f"{WAITED}_seconds":
            runs = accumulate(counted.get((sync, "", f"{WAITED}_{bound}"), 0.0) for bound in BOUNDS)
            buckets = [("+Inf" if isinf(bound) else str(bound), upto) for bound, upto in zip(BOUNDS, runs, strict=True)]
            family.add_metric([sync], buckets, counted[sync, "", name])
    return family


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"syncline_{name}", about, labels=list(labels))
