"""What runs leave behind goes when it is old, once a day, at the end of a run."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from engine import retention
from engine.snapshot import SnapshotError
from engine.store import StoreError
from flows.place import File, files, place, remove
from flows.project import Project

log = logging.getLogger("flows")


def prune(project: Project, sync: str, run: str, now: datetime) -> None:
    """Removes history and snapshots that are older than the settings say. It never fails the run that it ends."""
    try:
        if retention.due(project.store, sync, run, now):
            gone = retention.prune(project.store, sync, timedelta(days=project.settings.history_days), now)
            log.info("%s: old rows removed: %s", sync, gone)
            snapshots(place(project.settings.snapshots) / sync, timedelta(days=project.settings.snapshot_days), now)
    except (StoreError, SnapshotError, OSError) as error:
        log.warning("%s: what is old could not be removed, the next day tries again: %s", sync, error)


def snapshots(folder: Path, keep: timedelta, now: datetime) -> None:
    """Removes the snapshots of runs that are older; the newest one of every side stays."""
    runs: dict[str, list[File]] = defaultdict(list)
    for one in files(folder):
        runs[one.parts[0]].append(one)
    newest = {run: max(one.written for one in kept) for run, kept in runs.items()}
    seen: set[str] = set()
    old = []
    for run in sorted(runs, key=newest.__getitem__, reverse=True):
        sides = {one.path.name for one in runs[run] if one.path.suffix == ".parquet"}
        if seen and sides <= seen and now.timestamp() - newest[run] > keep.total_seconds():
            old.append(folder / run)
        seen |= sides
    remove(old)
