"""How history looks in the terminal: as a list of what happened, or as what there was at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from syncline.output import brief, table
from syncline.tables import moment

if TYPE_CHECKING:
    from rich.console import RenderableType

Doc = dict[str, Any]
WORDS = {
    "edited": "edited by somebody",
    "linked": "as it was read",
    "created": "created by Syncline",
    "updated": "written by Syncline",
    "along": "changed along with a write",
    "agreed": "agreed",
    "gone": "deleted by somebody",
    "deleted": "deleted by Syncline",
}


def history_table(rows: Sequence[Doc]) -> RenderableType:
    """One row for each event; a whole record is told by its filled fields."""
    columns = ("at (UTC)", "event", "side", "record", "field", "before", "after", "source", "rule", "run")
    lines = [
        (
            moment(row["at"]),
            row["event"],
            *(str(row[name] or "") for name in ("side", "record", "field")),
            _value(row, "before"),
            _value(row, "after"),
            *(str(row[name] or "") for name in ("source", "rule", "run")),
        )
        for row in rows
    ]
    return table(columns, lines, empty="Nothing happened that fits. Without options, all of the history is shown.")


def _value(row: Doc, name: str) -> str:
    value = row[name]
    if row["event"] == "linked" or (row["field"] is None and value is None):
        return ""
    if row["field"] is None and isinstance(value, dict):
        filled = sum(one not in (None, "", [], {}) for one in value.values())
        return f"{filled} field" if filled == 1 else f"{filled} fields"
    return brief(value, 40)


def moment_view(things: Sequence[Doc]) -> RenderableType:
    """For each thing what was agreed, then what each side held, every value with where it came from."""
    from rich.console import Group

    return Group(*[part for thing in things for part in _thing(thing)])


def _thing(thing: Doc) -> list[RenderableType]:
    title = f"Link {thing['link']} at {moment(thing['at'])} UTC: {thing['state']}"
    if thing["state"] == "not yet":
        return [f"{title}. It joined the sync later."]
    columns = ("value of", "value", "since (UTC)", "how", "run (mapping)", "from the reading of")
    rows: list[tuple[str, ...]] = [("agreed", *[""] * 5)]
    rows += [_line(f"  {_name(one)}", one) for one in thing["agreed"]]
    for side, held in thing["sides"].items():
        rows.append(_side(side, held))
        rows += [_line(f"  {one['field']}", one) for one in held["fields"]]
    return [table(columns, rows, title=title)]


def _name(one: Doc) -> str:
    return str(one["row"] if one["key"] is None else f"{one['row']}/{one['key']}")


def _side(side: str, held: Doc) -> tuple[str, ...]:
    if held["held"]:
        return (f"{side} {held['record']}", *[""] * 5)
    if "gone" in held:
        return _line(f"{side} {held['record']}", {"value": "(not there any more)", **held["gone"]})
    return (side, "(not there)", *[""] * 4)


def _line(name: str, one: Doc) -> tuple[str, ...]:
    value = brief(one["value"], 40)
    if one["since"] is None:
        return (name, value, "", "older than the history that is kept", "", "")
    how = WORDS.get(str(one["event"]), str(one["event"]))
    how += f": {one['rule']}" if one["rule"] else ""
    run = f"{one['run']} ({one['mapping']})" if one["mapping"] else str(one["run"])
    return (
        name,
        value,
        moment(one["since"]),
        how,
        run,
        "\n".join(f"{read['side']}, {read['run']}" for read in one["reads"]),
    )
