"""The undo of a sync, link by link."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from engine import events, journal
from engine.bound import Bound
from engine.links import load, save
from engine.store import chunks
from engine.undo import records
from engine.undo.case import Case, Undoing
from engine.undo.fields import fields
from engine.undo.marks import TAKEN
from engine.undo.traces import Asked, traces

CHUNK = 400


def undo(connection: Connection, bound: Bound, sync: str, run: str, asked: Asked, now: str) -> Undoing:
    """Takes back what was asked for, as far as it can be; `run` is the undo's own. Sends nothing, and plans nothing."""
    undoing = Undoing()
    meant = asked.runs(connection, sync) - {run}
    told: list[dict[str, Any]] = []
    for part in chunks(asked.links(connection, sync, meant), CHUNK):
        found, unsure = traces(connection, part, meant), journal.in_doubt(connection, part)
        saved = []
        for link, row in load(connection, part).values():
            link.part(bound.sides)
            case = Case(connection, bound, link, row, found[link.id], asked, meant, run, now, undoing)
            _take_back(case, link.id in unsure)
            told += [{"at": now, "sync": sync, "run": run, **event} for event in case.told]
            if case.touched:
                undoing.links.append(link.id)
                saved.append((link, case.columns()))
        save(connection, sync, saved)
    events.note(connection, told)
    return undoing


def _take_back(case: Case, unsure: bool) -> None:
    away = next((copy.excluded for copy in case.link.copies.values() if copy.excluded not in (None, TAKEN)), None)
    if vague := records.vague(case):
        case.leave("record", f"whether it was deleted on {vague} is not known yet: undo it again after the next run")
    elif unsure:
        case.leave("record", "the outcome of a write is not known yet: undo it again after the next run")
    elif away:
        case.leave("record", f"it takes no part now: {away}")
    else:
        if case.asked.field is None:
            records.deletions(case)
            records.creations(case)
        fields(case)
