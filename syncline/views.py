"""The views that `syncline sql` offers over the state: names and columns that stay, whatever becomes of the tables.

One place for the query and for what docs/reference/sql.md says of it. Times are TIMESTAMP in UTC; values are JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """One view."""

    about: str
    columns: Mapping[str, tuple[str, str]]
    """Name -> (type in DuckDB, what it says), in the order of the query."""
    reads: tuple[str, ...]
    """Tables and sources that the query needs: `_records` is the accounting, `_readings` the notes of the snapshots."""
    query: str


def _at(column: str) -> str:
    return f"cast({column} as timestamp)"


SYNC = {"sync": ("VARCHAR", "the sync, as its file in `deployments/` is called")}
LINK = {"link": ("VARCHAR", "the thing: all its records share it; null before they are linked")}
RUN = {"run": ("VARCHAR", "the run, as in `syncline runs`")}
RECORD = {"side": ("VARCHAR", "the side"), "record": ("VARCHAR", "the record's id there")}

VIEWS: Mapping[str, View] = {
    "v_runs": View(
        "Runs with their counts.",
        {
            **RUN,
            **SYNC,
            "kind": ("VARCHAR", "sync, plan, apply, backfill, undo or rebuild"),
            "status": ("VARCHAR", "running, done, waiting (for a person) or failed"),
            "mapping": ("INTEGER", "the version of the mapping it ran with"),
            "started_at": ("TIMESTAMP", "when it began"),
            "ended_at": ("TIMESTAMP", "when it ended, or null"),
            "creates": ("BIGINT", "records it created"),
            "updates": ("BIGINT", "records it updated"),
            "deletes": ("BIGINT", "records it deleted"),
            "unsent": ("BIGINT", "changes it planned that did not land: held, refused, out of date or dropped"),
            "doubt": ("BIGINT", "writes of which it is not known whether they landed"),
            "holds": ("BIGINT", "what waited for a person at its end"),
            "failed": ("BIGINT", "records that could not be read or written at its end"),
        },
        ("runs", "changes"),
        f"""
        select r.id, r.sync, r.kind, r.status, cast(r.mapping as integer), {_at("r.started_at")}, {_at("r.ended_at")},
            count(c.id) filter (c.state = 'done' and c.op = 'create'),
            count(c.id) filter (c.state = 'done' and c.op = 'update'),
            count(c.id) filter (c.state = 'done' and c.op = 'delete'),
            count(c.id) filter (c.state not in ('done', 'sent', 'doubt')),
            count(c.id) filter (c.state in ('sent', 'doubt')),
            coalesce(cast(json_extract_string(any_value(r.report), '$.holds') as bigint), 0),
            coalesce(cast(json_extract_string(any_value(r.report), '$.failed') as bigint), 0)
        from runs r left join changes c on c.run = r.id
        group by r.id, r.sync, r.kind, r.status, r.mapping, r.started_at, r.ended_at
        """,  # noqa: S608 - names of ours
    ),
    "v_history": View(
        "Everything that happened to records, one row each: what people did, what was agreed, what was written.",
        {
            "id": ("BIGINT", "grows with time"),
            "at": ("TIMESTAMP", "when"),
            **SYNC,
            **LINK,
            **RUN,
            "mapping": ("INTEGER", "the version of the mapping that the run had; null when the run is not kept"),
            "event": ("VARCHAR", "edited, gone, linked, agreed, lost, created, updated, along or deleted; see below"),
            **RECORD,
            "field": ("VARCHAR", "the native field; for agreed and lost the row of the mapping, or row/key"),
            "before": ("VARCHAR", "the value before, JSON"),
            "after": ("VARCHAR", "the value after, JSON"),
            "source": ("VARCHAR", "the side or sides the value came from"),
            "rule": ("VARCHAR", "why it was this value"),
        },
        ("history", "runs"),
        f"""
        select h.id, {_at("h.at")}, h.sync, h.link, h.run, cast(r.mapping as integer), h.event, h.side, h.record,
            h.field, h.before, h.after, h.source, h.rule
        from history h left join runs r on r.id = h.run
        """,  # noqa: S608 - names of ours
    ),
    "v_holds": View(
        "What waits or waited for a person.",
        {
            "hold": ("VARCHAR", "its id, for `syncline resolve`"),
            **SYNC,
            "kind": ("VARCHAR", "conflict, ambiguous, brake, outage, refused, doubt or loop"),
            "state": ("VARCHAR", "open, answered (a run will act on it) or closed"),
            **LINK,
            "side": ("VARCHAR", "the side it is about, or null"),
            "field": ("VARCHAR", "the row of the mapping, or row/key, or null"),
            "reason": ("VARCHAR", "what it is about, for people"),
            "detail": ("VARCHAR", "all there is to know for an answer, JSON"),
            "answer": ("VARCHAR", "what a person said, JSON, or null"),
            "opened_at": ("TIMESTAMP", "when it came up"),
            "closed_at": ("TIMESTAMP", "when it was settled, or null"),
        },
        ("holds",),
        f"""
        select id, sync, kind, state, link, side, row || coalesce('/' || key, ''), reason, detail, answer,
            {_at("opened_at")}, {_at("closed_at")}
        from holds
        """,  # noqa: S608 - names of ours
    ),
    "v_hold_values": View(
        "The values between which a person is to choose, one row for each hold and side.",
        {
            "hold": ("VARCHAR", "the hold"),
            **SYNC,
            "side": ("VARCHAR", "the side that has the value"),
            "value": ("VARCHAR", "the value in the mapping's terms, JSON"),
            "changed_at": ("VARCHAR", "when the app says the record was changed, or null"),
        },
        ("holds",),
        """
        with times as (select h.id, e.key, e.value ->> '$' as changed_at from holds h, json_each(h.detail, '$.times') e)
        select h.id, h.sync, e.key, cast(e.value as varchar), t.changed_at
        from holds h, json_each(h.detail, '$.values') e left join times t on t.id = h.id and t.key = e.key
        """,
    ),
    "v_records": View(
        "Every record that is there, with its one state: the accounting, as `syncline status --explain` shows it.",
        {
            **SYNC,
            **RECORD,
            **LINK,
            "title": ("VARCHAR", "what people call it: the first row of the mapping, where that is text"),
            "state": ("VARCHAR", "in_sync, excluded, held, conflict, ambiguous, failed or pending"),
            "reason": ("VARCHAR", "why it is in that state; empty for what is in sync"),
            "since": ("TIMESTAMP", "since when, where that is known"),
        },
        ("_records",),
        f"select sync, side, id, link, title, state, reason, {_at('since')} from _records",  # noqa: S608 - names of ours
    ),
    "v_values": View(
        "The mapped native fields of every record as last read, one row each.",
        {
            **SYNC,
            **RECORD,
            **LINK,
            "field": ("VARCHAR", "the native field"),
            "value": ("VARCHAR", "its value, JSON"),
        },
        ("copies",),
        """
        select c.sync, c.side, c.id, c.link, e.key, cast(e.value as varchar)
        from copies c, json_each(c.observed) e where c.present <> 'gone'
        """,
    ),
    "v_agreed": View(
        "The agreed value of every row of the mapping, one row for each thing; list rows as one JSON object by key.",
        {
            **SYNC,
            **LINK,
            "field": ("VARCHAR", "the row of the mapping"),
            "value": ("VARCHAR", "the value in the mapping's terms, JSON"),
            "ended_at": ("TIMESTAMP", "when the last record of the thing was deleted, or null"),
        },
        ("links",),
        f"""
        select l.sync, l.id, e.key, cast(e.value as varchar), {_at("l.ended")}
        from links l, json_each(l.agreed) e
        """,  # noqa: S608 - names of ours
    ),
    "v_snapshots": View(
        "What runs read, one row for each side and run whose snapshot is still kept.",
        {
            **SYNC,
            **RUN,
            "side": ("VARCHAR", "the side"),
            "kind": ("VARCHAR", "scan (everything), changes, get (some records by id), or none (it could not be read)"),
            "records": ("BIGINT", "how many records it showed"),
            "requests": ("BIGINT", "requests it took"),
            "error": ("VARCHAR", "why the side could not be read, or empty"),
            "file": ("VARCHAR", "the Parquet file, below the folder of the snapshots"),
        },
        ("_readings",),
        "select sync, run, side, kind, records, requests, error, file from _readings",
    ),
}


def create(name: str) -> str:
    """The statement that makes a view, once what it reads is there."""
    columns = ", ".join(f'"{column}"' for column in VIEWS[name].columns)
    return f"create view {name} ({columns}) as {VIEWS[name].query}"


def reference() -> str:
    """The views for docs/reference/sql.md."""
    parts = []
    for name, view in VIEWS.items():
        rows = [f"| `{column}` | {kind} | {about} |" for column, (kind, about) in view.columns.items()]
        parts.append(
            "\n".join([f"### {name}", "", view.about, "", "| column | type | what it says |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts)
