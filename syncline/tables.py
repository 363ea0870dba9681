"""How reports look in the terminal. They take the very documents that --json prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syncline.output import brief, table

if TYPE_CHECKING:
    from rich.console import RenderableType

Doc = Mapping[str, Any]
STATES = ("in_sync", "excluded", "held", "conflict", "ambiguous", "failed", "pending")
"""Every record is in exactly one of them."""
WAITING = ("held", "conflict", "ambiguous", "failed")


def plan_table(plan: Doc) -> RenderableType:
    """Updates field by field, creates and deletes on one line; the id to apply it with below."""
    from rich.console import Group

    rows = [row for change in plan["changes"] for row in change_rows(change)]
    columns = ("side", "change", "record", "field", "before", "after", "why")
    parts: list[RenderableType] = [table(columns, rows, empty="There is nothing to write: all sides agree.")]
    parts += _errors(plan)
    if plan["holds"]:
        parts.append(holds_table(plan["holds"]))
    if plan["changes"]:
        parts.append(f"{_counted(len(plan['changes']), 'change')}. Write them with: syncline apply {plan['plan']}")
    return Group(*parts)


def change_rows(change: Doc) -> list[tuple[str, ...]]:
    head = (change["side"], change["op"], change.get("title") or change["record"] or "")
    fields = [(field["field"], brief(field["before"], 50), brief(field["after"], 50)) for field in change["fields"]]
    if change["op"] == "update" and fields:
        heads = [head, *[("", "", "")] * (len(fields) - 1)]
        whys = [change["why"], *[""] * (len(fields) - 1)]
        return [(*at, *field, why) for at, field, why in zip(heads, fields, whys, strict=True)]
    when = next((field for field in fields if field[0] in ("start", "dtstart")), ("", "", ""))
    return [(*head, _counted(len(fields), "field"), *when[1:], change["why"])]


def run_table(report: Doc) -> RenderableType:
    """Per side: what was read and written; then what needs a person."""
    from rich.console import Group

    rows = [
        (side, str(report["read"].get(side, 0)), *(str(ops.get(op, 0)) for op in OPS), _requests(report, side))
        for side, ops in report["writes"].items()
    ]
    parts: list[RenderableType] = [table(("side", "read", *OPS, "requests"), rows, title=f"Run {report['run']}")]
    parts.append(f"{report['status'].capitalize()} in {report['seconds']:.1f} s.")
    if report["holds"]:
        parts.append(f"{_counted(report['holds'], 'hold')} for a person: syncline holds NAME")
    if report["failed"]:
        parts.append(f"{_counted(report['failed'], 'record')} could not be written: syncline status --explain failed")
    parts += _errors(report)
    return Group(*parts)


OPS = ("create", "update", "delete")


def _errors(report: Doc) -> list[RenderableType]:
    return [f"{side} stopped: {reason}" for side, reason in report.get("errors", {}).items()]


def _requests(report: Doc, side: str) -> str:
    return str(report.get("requests", {}).get(side, 0))


def status_table(found: Doc) -> RenderableType:
    """One row for each side."""
    rows = []
    for name, sides in found.items():
        for at, (side, counts) in enumerate(sides.items()):
            records = counts["records"]
            rows.append((name if at == 0 else "", side, *(str(records[state]) for state in (*STATES, "total"))))
    columns = ("sync", "side", *(state.replace("_", " ") for state in STATES), "total")
    return table(columns, rows, empty="There is no sync yet. Next: syncline new NAME --mapping M --side ...")


def holds_table(holds: Sequence[Doc]) -> RenderableType:
    """Each hold with its reason and how to answer it."""
    rows = [(hold["hold"], hold["kind"], hold.get("field") or "", hold["reason"], _values(hold)) for hold in holds]
    columns = ("hold", "kind", "field", "reason", "values")
    return table(
        columns, rows, title="Waiting for a person: syncline resolve HOLD ...", empty="Nothing waits for a person."
    )


def _values(hold: Doc) -> str:
    values = hold.get("values") or {}
    return "\n".join(f"{side}: {brief(value, 50)}" for side, value in values.items())


def runs_table(rows: Sequence[Doc]) -> RenderableType:
    """One row for each run, the latest first."""
    columns = ("run", "sync", "kind", "status", "started_at", "ended_at")
    return table(columns, [[_cell(row, column) for column in columns] for row in rows], empty="There was no run yet.")


def run_view(row: Doc) -> dict[str, Any]:
    """A run of the state as commands print it."""
    return {"run": row["id"], **{key: value for key, value in row.items() if key != "id"}}


def run_details(run: Doc) -> RenderableType:
    """The run, then its changes and what became of each."""
    from rich.console import Group

    columns = ("side", "op", "record", "state", "why", "error")
    changes = [[_cell(change, column) for column in columns] for change in run["changes"]]
    head = f"{run['kind'].capitalize()} {run['run']} of {run['sync']}: {run['status']}, {moment(run['started_at'])} UTC"
    return Group(head, table(columns, changes, empty="It changed nothing."))


def _cell(row: Doc, column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    return moment(value) if column in MOMENTS else brief(value, 60)


MOMENTS = frozenset({"at", "started_at", "ended_at", "since"})


def moment(stamp: str) -> str:
    """A time of the state (ISO 8601, UTC) to the second."""
    return stamp[:19].replace("T", " ")


def records_table(rows: Sequence[Doc]) -> RenderableType:
    """Records in one state, each with its reason."""
    columns = ("sync", "side", "title", "id", "reason", "since")
    lines = [[row["reason"] if column == "reason" else _cell(row, column) for column in columns] for row in rows]
    return table(columns, lines, empty="None.")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
