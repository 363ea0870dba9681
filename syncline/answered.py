"""What became of answers to holds, or would become, on the page of a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline.output import brief, table

if TYPE_CHECKING:
    from rich.console import RenderableType

Doc = Mapping[str, Any]
SHOWN = 20
"""Holds of many that are shown; --json has all."""


def answers_shown(found: Doc) -> RenderableType:
    """How many were answered, which do not fit, and the rule that was written; for a dry run what would be answered."""
    from rich.console import Group

    number = len(found["answered"])
    lines = [f"{one['hold']} does not fit: {one['reason']}" for one in found["unfit"][:SHOWN]]
    lines += _more(found["unfit"])
    if found["dry_run"]:
        said = f"{_counted(found)} would be answered" if number else "Nothing would be answered"
        preview = [_preview(found["answered"]), *_more(found["answered"])] if number else []
        return Group(*preview, *lines, f"{said}, {len(found['unfit'])} do not fit. Nothing was changed.")
    head = f"Answered {_counted(found)}. It takes effect with the next run." if number else "Nothing was answered."
    return "\n".join([head, *lines, *_rule(found["rule"])])


def _counted(found: Doc) -> str:
    answered = found["answered"]
    return f"hold {answered[0]['hold']}" if len(answered) == 1 else f"{len(answered)} holds"


def _more(rows: list[Doc]) -> list[str]:
    return [f"and {len(rows) - SHOWN} more; --json has them all"] if len(rows) > SHOWN else []


def _preview(rows: list[Doc]) -> RenderableType:
    from engine.together import best

    scores = [best(row["detail"]) for row in rows[:SHOWN]]
    cells = [
        (
            row["hold"],
            row["kind"],
            row["field"] or "",
            brief(row["reason"], 120),
            "" if score is None else f"{score:.2f}",
        )
        for row, score in zip(rows, scores, strict=False)
    ]
    return table(("hold", "kind", "field", "reason", "score"), cells)


def _rule(rule: Doc | None) -> list[str]:
    if rule is None:
        return []
    done = f"{rule['file']}: row '{rule['row']}' now says {rule['line']}."
    lines = [done if rule["changed"] else f"{rule['file']}: row '{rule['row']}' said {rule['line']} already."]
    if rule["copied"]:
        lines.append("The mapping was one of the library; the project now has a copy of its own, which goes before.")
    return [*lines, f"It holds for: {', '.join(rule['syncs'])}. The next run reads everything once."]
