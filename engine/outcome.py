"""What becomes of one link in this run: planned changes, holds, and what is still open. Pure."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from engine import holds
from engine.bound import Bound
from engine.canonical import digest
from engine.linkstate import Atom, Copy, LinkState, label
from engine.merge import Conflict, Merged, merge
from engine.merged import KEPT, MARK
from engine.merged import asked as merged_too
from engine.plan import Change, LinkPlan, Refused, Rules, plan_deletes, plan_link
from engine.undo.marks import STAYS, TAKEN, plan_undone, resumed


@dataclass
class Verdict:
    """One link's part of the plan."""

    merged: Merged
    changes: list[Change] = field(default_factory=list)
    holds: list[holds.Wanted] = field(default_factory=list)
    frozen: str | None = None
    blocked: bool = False
    errors: dict[str, Any] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    """Sides whose deleted copy is forgotten, so that it is created again."""
    ended: bool = False
    waits: list[str] = field(default_factory=list)
    """What it refers to and is not there yet, a sentence each."""
    resumed: bool = False
    """Its creation was undone, and somebody has changed it since: it is synced again."""

    def defer(self) -> None:
        """Not in this run: what there is to do stays open."""
        self.blocked |= bool(self.changes)
        self.changes = []

    def columns(self, now: str) -> dict[str, Any]:
        """The link's columns after this."""
        todo = sorted({change.side for change in self.changes})
        return {
            "todo": todo,
            "dirty": self.blocked,
            "open": bool(todo) or self.blocked or bool(self.errors) or bool(self.holds),
            "frozen": self.frozen,
            "errors": self.errors,
            "failed": failed(self.errors),
            "ended": now if self.ended else None,
        }


def failed(errors: dict[str, Any]) -> bool:
    """Whether a side refused something; what a person rejected is no failure."""
    return any(not error.get("rejected") for error in errors.values())


def judge_link(
    bound: Bound,
    link: LinkState,
    before: dict[str, Any],
    merged: Merged,
    rules: Rules,
    *,
    asked: list[dict[str, Any]],
    unsure: bool,
    flips: dict[str, Any],
) -> Verdict:
    """Decides what to do about a link; a link that is unsure or away has not been merged."""
    verdict = Verdict(merged, errors=_rejected(bound, link, before))
    if unsure:
        verdict.blocked, verdict.errors, verdict.frozen = True, before["errors"], before["frozen"]
        return verdict
    if before["frozen"] == STAYS:
        verdict.resumed = resumed(link, merged.edited)
        if not verdict.resumed:
            return _unmade(bound, link, before, rules, verdict)
    away = next((copy for copy in link.copies.values() if copy.present == "gone" and _is_merged(copy)), None)
    if away is not None:
        return _merged_away(bound, link, before, rules, verdict, away, asked)
    reasons = [copy.excluded for copy in link.copies.values() if copy.excluded and copy.excluded != TAKEN]
    if reasons:
        verdict.frozen = reasons[0]
        verdict.gone = [side for side, copy in link.copies.items() if copy.present == "gone" and not copy.excluded]
        if bound.mapping.leaving == "delete-copy":
            _take(verdict, _withdraw(bound, link, rules), before, rules)
        return verdict
    departed = [side for side, copy in link.copies.items() if copy.present == "gone"]
    if departed and _departed(bound, link, merged, rules, departed, before, verdict):
        return verdict
    blocked = merged.blocked() | _looping(bound, link, flips, asked, verdict)
    verdict.holds += [_conflict(link, conflict) for conflict in merged.conflicts]
    _take(verdict, plan_link(bound, link, rules, blocked), before, rules)
    return verdict


def _unmade(bound: Bound, link: LinkState, before: dict[str, Any], rules: Rules, verdict: Verdict) -> Verdict:
    """Its creation was undone: what this sync made is deleted, and the rest is left alone."""
    verdict.frozen = STAYS
    verdict.gone = [side for side, copy in link.copies.items() if copy.present == "gone"]
    none = len(verdict.gone) == len(link.copies)
    verdict.ended = none and not link.kept_apart()
    if not none:
        _take(verdict, plan_undone(bound, link, rules), before, rules)
    return verdict


def _is_merged(copy: Copy) -> bool:
    return (copy.excluded or "").startswith(MARK)


def _merged_away(
    bound: Bound,
    link: LinkState,
    before: dict[str, Any],
    rules: Rules,
    verdict: Verdict,
    away: Copy,
    asked: list[dict[str, Any]],
) -> Verdict:
    """The record is part of another one on one side: what is left of it elsewhere waits for a person."""
    rest = [side for side, copy in link.copies.items() if copy.present != "gone"]
    verdict.ended = not rest and not link.kept_apart()
    verdict.frozen = away.excluded if rest else None
    deletable = [side for side in rest if bound.mapping.deletes_at(side)]
    if not deletable or str(away.excluded).endswith(KEPT):
        return verdict
    reason = f"{away.id} was {away.excluded}; on {' and '.join(deletable)} they are still two records"
    detail = {"about": [away.side, away.id, away.excluded]}
    verdict.holds.append(holds.Wanted("merge", reason, detail, link=link.id, side=away.side))
    if any(merged_too(hold) for hold in asked):
        _take(verdict, plan_deletes(bound, link, rules, away.side), before, rules)
    return verdict


def _departed(
    bound: Bound,
    link: LinkState,
    merged: Merged,
    rules: Rules,
    departed: list[str],
    before: dict[str, Any],
    verdict: Verdict,
) -> bool:
    """Whether the deletion decides all: it travels, unless another side holds an edit that the deleter had not seen."""
    unseen = merged.edited - set(departed) or any(True for side in departed for _ in link.moved(bound, side))
    rest = [side for side, copy in link.copies.items() if copy.present == "yes"]
    if not [side for side, copy in link.copies.items() if copy.present != "gone"]:
        verdict.ended = not link.kept_apart()  # the deletion has yet to reach the side that is taken out now
        return True
    if not rules.trusted.issuperset(departed):
        verdict.blocked = True
        return False  # the others go on; whether it is gone there cannot be said now
    if rest and not any(bound.mapping.deletes_at(side) for side in rest):
        verdict.frozen = (
            f"deleted in {departed[0]}, and the mapping does not delete elsewhere" if len(rest) < 2 else None
        )
        return False  # the others go on among themselves; where it was deleted it is not made again
    if unseen and rest and all(bound.mapping.creates_at(side) for side in departed):
        verdict.gone = departed
        for side in departed:
            del link.copies[side]
        return False
    _take(verdict, plan_deletes(bound, link, rules, departed[0]), before, rules)
    verdict.blocked |= not rest
    return True


def _withdraw(bound: Bound, link: LinkState, rules: Rules) -> LinkPlan:
    """Deletes for the copies this sync made of a record that left the filter, while the record itself is there.

    A copy that somebody has edited since is kept.
    """
    if not any(copy.excluded and copy.present == "yes" for copy in link.copies.values()):
        return LinkPlan()
    edited = merge(bound, deepcopy(link), {}).edited
    plan = plan_deletes(bound, link, rules, next(side for side, copy in link.copies.items() if copy.excluded))
    plan.changes = [
        change
        for change in plan.changes
        if link.copies[change.side].ours and not link.copies[change.side].excluded and change.side not in edited
    ]
    return plan


def _take(verdict: Verdict, plan: LinkPlan, before: dict[str, Any], rules: Rules) -> None:
    """The plan, less what failed before in just this form."""
    verdict.waits += plan.waits
    verdict.blocked |= plan.blocked or bool(plan.waits)
    if plan.barred and not verdict.frozen:
        verdict.frozen = (
            "a record like it is kept out by the filter on another side; it is not made there a second time"
        )
    verdict.holds += [_refused(refused) for refused in plan.refused]
    for change in plan.changes:
        error = before["errors"].get(change.side)
        same = error and error["digest"] == digest([change.op, change.data, change.version])
        if same and (error.get("rejected") or not rules.retry):
            verdict.errors[change.side] = error
        else:
            verdict.errors.pop(change.side, None)
            verdict.changes.append(change)


def _rejected(bound: Bound, link: LinkState, before: dict[str, Any]) -> dict[str, Any]:
    """Creates that a person rejected: that holds until another one is planned, also where none can be now."""
    return {
        side: error
        for side, error in before["errors"].items()
        if error.get("rejected") and side in bound.sides and side not in link.copies
    }


def _refused(refused: Refused) -> holds.Wanted:
    return holds.Wanted(
        kind="refused",
        reason=f"{refused.side} cannot hold {refused.row}: {refused.reason}",
        detail={"about": digest(refused.value), "value": refused.value, "reason": refused.reason},
        link=refused.link,
        side=refused.side,
        row=refused.row,
    )


def _conflict(link: LinkState, conflict: Conflict) -> holds.Wanted:
    values = {side: conflict.values[side] for side in conflict.values}
    for side in link.copies:
        values.setdefault(side, conflict.agreed)
    who = {side: f" by {name}" if name else "" for side, name in conflict.authors.items()}
    said = ", ".join(f"{side}{who[side]}: {value!r}" for side, value in conflict.values.items())
    return holds.Wanted(
        kind="conflict",
        reason=f"{label(conflict.atom)} was changed on {' and '.join(conflict.values)} ({said})",
        detail={
            "about": conflict.digest,
            "values": values,
            "times": conflict.times,
            "authors": conflict.authors,
            "agreed": conflict.agreed,
        },
        link=link.id,
        row=conflict.atom[0],
        key=conflict.atom[1],
    )


def _looping(
    bound: Bound, link: LinkState, flips: dict[str, Any], asked: list[dict[str, Any]], verdict: Verdict
) -> set[Atom]:
    """Atoms that keep flipping between the same values: held until a person says which is right."""
    blocked: set[Atom] = set()
    released = {hold["digest"] for hold in asked if hold["kind"] == "loop" and hold["answer"]}
    for where, values in flips.get(link.id, {}).items():
        side, native = where.split(".", 1)
        rows = set(bound.delivers(side, [native]))
        reason = f"{native} on {side} keeps flipping between {' and '.join(sorted(values))}"
        detail = {"about": [where, sorted(values)]}
        hold = holds.Wanted("loop", reason, detail, link=link.id, side=side, row=", ".join(sorted(rows)))
        verdict.holds.append(hold)
        if hold.digest not in released:
            blocked |= {atom for at in link.copies for atom in link.moved(bound, at) if atom[0] in rows}
    return blocked
