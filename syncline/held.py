"""One hold on the page of a terminal: all that a person needs to answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline.output import brief, table

if TYPE_CHECKING:
    from rich.console import RenderableType

Doc = Mapping[str, Any]
WIDE = 200


def hold_details(hold: Doc) -> RenderableType:
    """The reason, the records, what is in question, and the answers it takes."""
    from rich.console import Group

    parts: list[RenderableType] = [f"Hold {hold['hold']} of {hold['sync']}: {hold['kind']}", f"{hold['reason']}."]
    if hold["records"]:
        rows = [_record(one) for one in hold["records"]]
        parts.append(table(("side", "record", "title", "changed", "by"), rows))
    maker = _MAKERS.get(hold["kind"])
    if maker is not None:
        parts.append(maker(hold["detail"]))
    parts.append(f"Answer: syncline resolve {hold['hold']} with {hold['how']}")
    return Group(*parts)


def _record(one: Doc) -> tuple[str, ...]:
    when = (one.get("changed_at") or "")[:19].replace("T", " ")
    return one["side"], one["id"], brief(one.get("title"), 60), when, one.get("changed_by") or ""


def _conflict(detail: Doc) -> RenderableType:
    times, authors = detail.get("times", {}), detail.get("authors", {})
    rows = [
        (side, brief(value, WIDE), (times.get(side) or "")[:19].replace("T", " "), authors.get(side) or "")
        for side, value in detail["values"].items()
    ]
    return table(("side", "value", "changed", "by"), [*rows, ("agreed before", brief(detail["agreed"], WIDE), "", "")])


def _ambiguous(detail: Doc) -> RenderableType:
    from rich.console import Group

    pairs = detail.get("pairs", [])
    shares = [
        (*(":".join(record) for record in one["records"]), f"{one['score']:.2f}", _shares(one["terms"]))
        for one in pairs
    ]
    shown = [_candidates(detail), *([table(("record", "record", "score", "of that"), shares)] if shares else [])]
    return Group(*shown)


def _shares(terms: Doc) -> str:
    return ", ".join(f"{term} {share:.2f}" for term, share in terms.items())


def _candidates(detail: Doc) -> RenderableType:
    rule = detail.get("rule", [])
    rows = [
        (*_record(one), "yes" if one["link"] else "", *(brief(one["terms"].get(term), 60) for term in rule))
        for one in detail.get("candidates", [])
    ]
    columns = ("side", "record", "title", "changed", "by", "linked", *rule)
    return table(columns, rows, title=f"They are alike by {_by(detail, rule)}")


def _by(detail: Doc, rule: list[str]) -> str:
    return "what the mapping calls similar" if detail.get("pairs") else f"the rule [{', '.join(rule)}]"


def _brake(detail: Doc) -> RenderableType:
    from rich.console import Group

    rows: list[tuple[str, ...]] = []
    for change in detail["changes"]:
        head = (change["op"], change.get("title") or change["record"] or "")
        fields = change["fields"] if change["op"] == "update" else []
        cells = [(one["field"], brief(one["before"], 50), brief(one["after"], 50)) for one in fields] or [("", "", "")]
        rows += [(*(head if at == 0 else ("", "")), *cell) for at, cell in enumerate(cells)]
    shown = table(("change", "record", "field", "before", "after"), rows)
    more = detail.get("more", 0)
    return Group(shown, f"and {more} more") if more else shown


def _outage(detail: Doc) -> RenderableType:
    records = detail.get("records", [])
    return table(("missing", "title"), [(one["record"], brief(one["title"], 60)) for one in records], empty="")


def _doubt(detail: Doc) -> RenderableType:
    rows = [(name, brief(value, WIDE)) for name, value in detail["data"].items()]
    return table(("field", "sent"), rows, title=f"Sent at {(detail['sent_at'] or '')[:19].replace('T', ' ')} UTC")


def _refused(detail: Doc) -> RenderableType:
    return f"The value: {brief(detail.get('value'), WIDE)}"


_MAKERS = {
    "conflict": _conflict,
    "ambiguous": _ambiguous,
    "brake": _brake,
    "outage": _outage,
    "refused": _refused,
    "doubt": _doubt,
}
