"""How an undo looks in the terminal: what was taken back, what was left and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syncline.output import brief, table
from syncline.tables import change_rows, run_table

if TYPE_CHECKING:
    from rich.console import RenderableType

Doc = Mapping[str, Any]


def undo_table(report: Doc) -> RenderableType:
    """Takes the document of `syncline undo --json`."""
    from rich.console import Group

    parts: list[RenderableType] = []
    if report["dry_run"]:
        rows = [row for change in report["changes"] for row in change_rows(change)]
        columns = ("side", "change", "record", "field", "before", "after", "why")
        parts.append(table(columns, rows, title="This would be written", empty="There is nothing to take back."))
    else:
        parts.append(_undone(report["undone"]))
    if report["left"]:
        parts.append(_left(report["left"]))
    if report["dry_run"]:
        parts.append("Nothing was written. Run the same command without --dry-run to do it.")
    else:
        parts += [run_table(report), f"Take this back with: syncline undo {report['run']}"]
    return Group(*parts)


def _undone(rows: Sequence[Doc]) -> RenderableType:
    lines = [
        (
            _name(row),
            row["what"],
            row["field"] or "",
            row["side"] or "all",
            brief(row["before"], 50),
            brief(row["after"], 50),
        )
        for row in rows
    ]
    columns = ("record", "what", "field", "side", "before", "after")
    return table(columns, lines, title="Taken back", empty="There is nothing to take back.")


def _left(rows: Sequence[Doc]) -> RenderableType:
    lines = [
        (_name(row), row["what"], row["field"] or "", row["side"] or "", row["reason"], brief(row["now"], 50))
        for row in rows
    ]
    return table(("record", "what", "field", "side", "reason", "now"), lines, title="Left as it is")


def _name(row: Doc) -> str:
    return str(row["title"] or row["link"])
