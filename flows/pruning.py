"""What runs leave behind goes when it is old, once a day, at the end of a run."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from engine import retention
from engine.store import StoreError
from flows.project import Project

log = logging.getLogger("flows")


def prune(project: Project, sync: str, run: str, now: datetime) -> None:
    """Removes history and snapshots that are older than the settings say. It never fails the run that it ends."""
    try:
        if retention.due(project.store, sync, run, now):
            gone = retention.prune(project.store, sync, timedelta(days=project.settings.history_days), now)
            log.info("%s: old rows removed: %s", sync, gone)
            snapshots(Path(project.settings.snapshots) / sync, timedelta(days=project.settings.snapshot_days), now)
    except (StoreError, OSError) as error:
        log.warning("%s: what is old could not be removed, the next day tries again: %s", sync, error)


def snapshots(folder: Path, keep: timedelta, now: datetime) -> None:
    """Removes the snapshots of runs that are older; the newest one of every side stays."""
    found = [one for one in folder.glob("*") if one.is_dir()]
    seen: set[str] = set()
    for one in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        sides = {path.name for path in one.glob("*.parquet")}
        if seen and sides <= seen and now.timestamp() - one.stat().st_mtime > keep.total_seconds():
            shutil.rmtree(one, ignore_errors=True)
        seen |= sides
