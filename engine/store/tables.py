"""The tables, one definition for SQLite and PostgreSQL. Times are ISO 8601 text in UTC, documents are JSON text."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, text
from sqlalchemy.types import TypeDecorator

from engine.canonical import dumps

metadata = MetaData()


class Doc(TypeDecorator[Any]):
    """A JSON document kept as text, so that both databases store and compare the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else dumps(value)

    def process_result_value(self, value: str | None, dialect: object) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else json.loads(value)


connections = Table(
    "connections",
    metadata,
    Column("name", String, primary_key=True),
    Column("app", String, nullable=False),
    Column("settings", Doc, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # MultiFernet
    Column("account", String),
    Column("created_at", String, nullable=False),
    Column("paused", Text),  # why nothing is asked of the account until somebody has signed in again
    Column("paused_at", String),
    Column("expires_at", String),  # of the sign-in, where that is known
)
mappings = Table(  # every version of a sync's mapping that ever ran
    "mappings",
    metadata,
    Column("sync", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("text", Doc, nullable=False),
    Column("at", String, nullable=False),
)
sides = Table(
    "sides",
    metadata,
    Column("sync", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("container", String, nullable=False),  # connection + object + scope: where its ids are unique
    Column("account", String),
    Column("schema", Doc),  # as last read: an idle run asks for nothing but changes
    Column("cursor", Text),
    Column("read_at", String),
    Column("scanned_at", String),
    Column("mapped", Integer),  # version of the mapping that all its records were last judged by
    Column("untrusted", String),  # the reason, or null
)
links = Table(
    "links",
    metadata,
    Column("id", String, primary_key=True),
    Column("sync", String, nullable=False),
    Column("rev", Integer, nullable=False, default=0),  # moves with every change to the link or one of its copies
    Column("agreed", Doc, nullable=False),  # {row: shared} and, for list rows, {row: {key: shared}}
    Column("origin", Doc, nullable=False),  # {row or row/key: [side, changed_at]} of values not yet everywhere
    Column("dirty", Boolean, nullable=False, default=True),  # something was observed or decided since the last merge
    Column("todo", Doc, nullable=False),  # sides that still need a write
    Column("open", Boolean, nullable=False, default=True),  # dirty, or something to do
    Column("frozen", String),  # why it takes no part for now (left the filter, deletions off)
    Column("ended", String),  # when its last copy was deleted
    Column("errors", Doc, nullable=False),  # {side: {reason, field, digest, attempts, at}}
    Column("failed", Boolean, nullable=False, default=False),
    Column("created_at", String, nullable=False),
    Index("links_open", "sync", "open"),
)
copies = Table(
    "copies",
    metadata,
    Column("sync", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("container", String, nullable=False),
    Column("link", String, ForeignKey("links.id")),
    Column("version", String),
    Column("digest", String, nullable=False),  # of the mapped fields
    Column("observed", Doc, nullable=False),  # mapped native fields as last read
    Column("synced", Doc, nullable=False),  # {row: image} or {row: {key: entry}} as when last settled
    Column("base", Doc, nullable=False),  # {row: shared} or {row: {key: shared}}: only where it is not the agreed value
    Column("changed_at", String),
    Column("created_at", String),  # as the app says: the same id with another one is another record
    Column("changed_by", String),  # who changed it last, where the app tells
    Column("former", Text),  # versions it had before, which a list may still show
    Column("present", String, nullable=False),  # yes | missing | absent (until trust has spoken) | gone
    Column("missing_since", String),
    Column("excluded", String),  # why it takes no part, or null
    Column("failed", String),  # why it could not be read, or null
    Column("ours", Boolean, nullable=False, default=False),  # created by this sync
    Column("single", Boolean, nullable=False, default=False),  # a person said it matches nothing
    Index("copies_link", "link", "sync"),
    # None of these begins as the primary key does: without statistics PostgreSQL might look records up by one of them.
    Index("copies_present", "present", "sync", "side", "link"),
    Index(
        "copies_failed", "sync", sqlite_where=text("failed IS NOT NULL"), postgresql_where=text("failed IS NOT NULL")
    ),
    Index("copies_container", "container", "id"),
)
copy_keys = Table(  # one row per rule of `match` that a copy has a value for
    "copy_keys",
    metadata,
    Column("sync", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("rule", Integer, primary_key=True),
    Column("key", String, nullable=False),
    Index("copy_keys_key", "sync", "key"),
)
runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("sync", String, nullable=False, index=True),
    Column("kind", String, nullable=False),  # sync | plan | apply | backfill | undo | rebuild
    Column("about", Doc),  # what a person asked for: the run, link or field to undo
    Column("status", String, nullable=False),  # running | done | waiting | failed
    Column("mapping", Integer, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("report", Doc, nullable=False),
    Index("runs_started", "sync", "started_at"),
)
changes = Table(  # the journal: a row is here before anything is sent
    "changes",
    metadata,
    Column("id", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("sync", String, nullable=False),
    Column("run", String, nullable=False, index=True),
    Column("link", String, nullable=False, index=True),
    Column("side", String, nullable=False),
    Column("op", String, nullable=False),
    Column("record", String),
    Column("key", String, nullable=False),
    Column("rev", Integer, nullable=False),  # of the link when planned
    Column("version", String),
    Column("data", Doc, nullable=False),  # native fields to set
    Column("before", Doc, nullable=False),  # the same fields as last read; the whole record for a delete
    Column("shared", Doc, nullable=False),  # {row: shared value it delivers}
    Column("why", Text, nullable=False),
    Column("state", String, nullable=False),  # planned | sent | doubt | done | failed | stale | dropped | held
    Column("error", Text),
    Column("sent_at", String),
    Column("done_at", String),
    Index("changes_state", "sync", "state"),
)
holds = Table(
    "holds",
    metadata,
    Column("id", String, primary_key=True),
    Column("sync", String, nullable=False, index=True),
    Column("kind", String, nullable=False),  # see engine/holds.py
    Column("link", String),
    Column("side", String),
    Column("row", String),
    Column("key", String),  # of a list row
    Column("reason", Text, nullable=False),
    Column("detail", Doc, nullable=False),
    Column("digest", String, nullable=False),  # of what it is about: an answer is bound to exactly that
    Column("state", String, nullable=False),  # open | answered | closed
    Column("answer", Doc),
    Column("opened_at", String, nullable=False),
    Column("closed_at", String),
    Index("holds_link", "link"),
)
hold_copies = Table(  # the records a hold is about that have no link yet
    "hold_copies",
    metadata,
    Column("hold", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("record", String, primary_key=True),
)
history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False, index=True),
    Column("sync", String, nullable=False, index=True),
    Column("link", String, index=True),
    Column("run", String, nullable=False),
    Column("event", String, nullable=False),  # see engine/events.py
    Column("side", String),
    Column("record", String, index=True),
    Column("field", String),
    Column("before", Doc),
    Column("after", Doc),
    Column("source", String),  # the side the value came from
    Column("rule", String),  # why it was this value
)
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sync", String, nullable=False, index=True),
    Column("side", String, nullable=False),
    Column("record", String),
    Column("at", String, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("sync", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("until", String, nullable=False),
)
