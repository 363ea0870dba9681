"""How the report of a rebuild looks in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline.output import table
from syncline.tables import change_rows, run_table

if TYPE_CHECKING:
    from rich.console import RenderableType

FOUND = {
    "linked": "linked on several sides",
    "stamped": "of their records by stamp",
    "unmatched": "without a like on another side",
    "alone": "copies whose original is nowhere: left alone",
    "deletes": "deletes left to the next run",
    "mended": "rows of the state that did not hang together",
}
"""What is counted, in the order of the table."""


def rebuild_table(report: Mapping[str, Any]) -> RenderableType:
    """What was found; then what was written, or would be."""
    from rich.console import Group

    rows = [(str(report["rebuilt"].get(name, 0)), words) for name, words in FOUND.items()]
    found = table(("things", ""), rows, title="Rebuilt" if not report["dry_run"] else "A rebuild would find")
    if report["dry_run"]:
        columns = ("side", "change", "record", "field", "before", "after", "why")
        writes = [row for change in report["changes"] for row in change_rows(change)]
        return Group(found, table(columns, writes, empty="There is nothing to write: all sides agree."))
    return Group(found, run_table(report))
