"""Steps 6 and 7: merges every link that has something open, plans what the sides must be given, and judges the plan
with the brakes.

Everything it decides is stored in the same transaction: agreed values, holds, planned changes. Nothing is sent here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from engine import events, holds, journal, refs, rejected
from engine.bound import Bound
from engine.braked import brake
from engine.events import Event
from engine.likes import bar
from engine.links import changed, load, save
from engine.linkstate import Atom, LinkState, label
from engine.mapping import Brakes
from engine.merge import Decision, Merged, merge
from engine.outcome import Verdict, judge_link
from engine.plan import Change, Rules
from engine.store import Store, chunks
from engine.store.lease import Lease
from engine.store.tables import copies, links
from engine.store.tables import holds as hold_table
from engine.undo import marks

log = logging.getLogger("engine")
CHUNK = 400


@dataclass
class Decided:
    """What a plan came to."""

    run: str
    planned: dict[str, dict[str, int]] = field(default_factory=dict)
    held: int = 0


def decide(
    store: Store,
    bound: Bound,
    lease: Lease,
    run: str,
    rules: Rules,
    brakes: Brakes,
    now: str,
    within: Callable[[dict[str, Any]], bool] | None = None,
) -> Decided:
    """Merges, plans and brakes. `within` narrows a backfill to links whose agreed values it accepts."""
    with store.write() as connection:
        lease.check(connection)
        return decide_in(connection, bound, lease.sync, run, rules, brakes, now, within)


def decide_in(
    connection: Connection,
    bound: Bound,
    sync: str,
    run: str,
    rules: Rules,
    brakes: Brakes,
    now: str,
    within: Callable[[dict[str, Any]], bool] | None = None,
    only: Collection[str] | None = None,
) -> Decided:
    """The same within a transaction. `only` narrows it to some links: what is planned for others stays as it is.

    What an undo gives back is judged by no brake: a person asked for just that.
    """
    bound.refs = refs.Refs()
    journal.forget(connection, sync, only)
    rejected.carry_out(connection, bound, sync, run, now)
    query = select(links.c.id).where(links.c.sync == sync, links.c.open.is_(True), links.c.ended.is_(None))
    ids = list(connection.execute(query.order_by(links.c.created_at, links.c.id)).scalars())
    changes: list[Change] = []
    asked: list[Change] = []
    for part in chunks([link for link in ids if only is None or link in only], CHUNK):
        found = _decide_part(connection, bound, sync, run, rules, list(part), now, within)
        changes += found[0]
        asked += found[1]
    decided = Decided(run)
    whole = within is None and only is None and rules.readable.issuperset(bound.names)
    changes, stopped = brake(connection, bound, sync, run, brakes, changes, now, whole=whole)
    journal.plan(connection, sync, run, changes + asked, stopped)
    decided.held = len(stopped)
    for change in changes + asked:
        if id(change) not in stopped:
            side = decided.planned.setdefault(change.side, {"create": 0, "update": 0, "delete": 0})
            side[change.op] += 1
    return decided


def _decide_part(
    connection: Connection, bound: Bound, sync: str, run: str, rules: Rules, ids: list[str], now: str, within: Any
) -> tuple[list[Change], list[Change]]:
    """The changes that the brakes judge, and those that a person asked for with an undo."""
    states = load(connection, ids)
    refs.learn(connection, bound, sync, [link for link, _ in states.values()])
    marks.remember(connection, [link for link, _ in states.values()])
    bar(connection, bound, sync, [link for link, _ in states.values()])
    asked = _asked(connection, ids)
    unsure = journal.in_doubt(connection, ids)
    flips = journal.flips(connection, ids, now)
    changes: list[Change] = []
    given: list[Change] = []
    again: list[str] = []
    wanted: list[holds.Wanted] = []
    told: list[dict[str, Any]] = []
    common = {"at": now, "sync": sync, "run": run}
    saved: list[tuple[LinkState, dict[str, Any]]] = []
    for link, before in states.values():
        verdict = _decide_safely(bound, link, before, rules, asked.get(link.id, []), link.id in unsure, flips)
        if within is not None and not within(link.agreed):
            verdict.defer()
        for change in verdict.changes:
            (given if marks.approved(link, change) else changes).append(change)
        wanted += verdict.holds
        told += _told(common, link, before, verdict.merged.decisions)
        if verdict.gone or verdict.ended:
            where = (copies.c.sync == sync, copies.c.link == link.id, copies.c.present == "gone")
            connection.execute(copies.delete().where(*where))
        again += [link.id] if verdict.resumed else []
        values = verdict.columns(now)
        if changed(before, link, values) or before["dirty"]:
            saved.append((link, values))
    save(connection, sync, saved)
    marks.resume(connection, sync, again)
    judged = [link for link in ids if link not in unsure]
    kinds = {hold.kind for hold in wanted} | {hold["kind"] for found in asked.values() for hold in found}
    for kind in sorted(kinds & {"conflict", "refused", "loop", "merge"}):
        holds.reconcile(connection, sync, kind, [hold for hold in wanted if hold.kind == kind], now, among=judged)
    events.note(connection, told)
    return changes, given


def _decide_safely(
    bound: Bound,
    link: LinkState,
    before: dict[str, Any],
    rules: Rules,
    asked: list[dict[str, Any]],
    unsure: bool,
    flips: dict[str, Any],
) -> Verdict:
    """The verdict; a value that no rule foresees parks its own record and no other."""
    link.part(bound.sides)
    try:
        return _decide_link(bound, link, before, rules, asked, unsure, flips)
    except Exception as error:
        log.exception("a record could not be judged (link %s)", link.id, extra={"link": link.id})
        reason = f"its values could not be read: {type(error).__name__}: {error}"
        parked = Verdict(Merged(), frozen=before["frozen"])
        kept = {side: one for side, one in before["errors"].items() if one.get("rejected")}
        parked.errors = {**kept, "": {"reason": reason, "field": None, "digest": "", "attempts": 1}}
        link.agreed, link.origin = deepcopy(before["agreed"]), deepcopy(before["origin"])
        return parked


def _decide_link(
    bound: Bound,
    link: LinkState,
    before: dict[str, Any],
    rules: Rules,
    asked: list[dict[str, Any]],
    unsure: bool,
    flips: dict[str, Any],
) -> Verdict:
    answers: dict[Atom, tuple[str, dict[str, Any]]] = {
        (hold["row"], hold["key"]): (hold["detail"]["about"], hold["answer"])
        for hold in asked
        if hold["kind"] == "conflict" and hold["answer"]
    }
    away = any(copy.excluded and copy.excluded != marks.TAKEN for copy in link.copies.values())
    make = link.origin.get(marks.MAKE)
    merged = Merged() if away or unsure else merge(bound, link, answers)
    if make is not None and link.again:
        link.origin[marks.MAKE] = make
    verdict = judge_link(bound, link, before, merged, rules, asked=asked, unsure=unsure, flips=flips)
    untold = [f"{row} of {side}: {why}" for side, rows in link.untold.items() for row, why in rows.items()]
    waits = [*refs.unread(bound, link), *untold, *verdict.waits] if not (away or unsure or verdict.ended) else []
    if waits:
        verdict.blocked = True
        link.origin[refs.WAITS] = [None, "; ".join(waits)]
    return verdict


def _asked(connection: Connection, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    where = (hold_table.c.link.in_(ids), hold_table.c.state.in_(("open", "answered")))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(hold_table).where(*where)).mappings():
        found.setdefault(row["link"], []).append(dict(row))
    return found


def _told(
    common: dict[str, Any], link: LinkState, before: dict[str, Any], decisions: list[Decision]
) -> list[dict[str, Any]]:
    """What was agreed and what gave way; what a new link agreed on is one row."""
    first = not before["agreed"]
    rows = [] if first else [_row(common, link, one) for one in decisions if one.event is Event.AGREED]
    if first and link.agreed:
        sources = sorted({one.side for one in decisions if one.side})
        whole = {"event": Event.AGREED, "link": link.id, "after": link.agreed, "source": ", ".join(sources)}
        rows = [{**common, **whole, "rule": "first seen"}]
    return rows + [_row(common, link, one) for one in decisions if one.event is Event.LOST]


def _row(common: dict[str, Any], link: LinkState, one: Decision) -> dict[str, Any]:
    side = one.side if one.event is Event.LOST else None
    return {
        **common,
        "event": one.event,
        "link": link.id,
        "side": side,
        "record": link.copies[side].id if side in link.copies else None,
        "field": label(one.atom),
        "before": one.before,
        "after": one.after,
        "source": one.side,
        "rule": one.rule,
    }
