"""The first tables. Frozen: a change of `engine.store.tables` needs a migration of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """All tables as the first release knows them."""
    _places()
    _links()
    _copies()
    _work()
    _people()
    _past()


def _places() -> None:
    """Accounts, mappings and the sides they meet on."""
    op.create_table(
        "connections",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String()),
        sa.Column("created_at", sa.String(), nullable=False),
    )
    op.create_table(
        "mappings",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
    )
    op.create_table(
        "sides",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("side", sa.String(), primary_key=True),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("account", sa.String()),
        sa.Column("schema", sa.Text()),
        sa.Column("cursor", sa.Text()),
        sa.Column("read_at", sa.String()),
        sa.Column("scanned_at", sa.String()),
        sa.Column("untrusted", sa.String()),
    )


def _links() -> None:
    """What belongs together."""
    op.create_table(
        "links",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("frozen", sa.String()),
        sa.Column("ended", sa.String()),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
    )
    op.create_index("links_open", "links", ["sync", "open"])


def _copies() -> None:
    """What each side holds, and by what it is recognised."""
    op.create_table(
        "copies",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("side", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("link", sa.String(), sa.ForeignKey("links.id")),
        sa.Column("version", sa.String()),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.Column("synced", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String()),
        sa.Column("present", sa.String(), nullable=False),
        sa.Column("missing_since", sa.String()),
        sa.Column("excluded", sa.String()),
        sa.Column("failed", sa.String()),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
    )
    op.create_index("copies_container", "copies", ["container", "id"])
    some = sa.text("failed IS NOT NULL")
    op.create_index("copies_failed", "copies", ["sync"], sqlite_where=some, postgresql_where=some)
    op.create_index("copies_link", "copies", ["link", "sync"])
    op.create_index("copies_present", "copies", ["present", "sync", "side", "link"])
    op.create_table(
        "copy_keys",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("side", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("rule", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
    )
    op.create_index("copy_keys_key", "copy_keys", ["sync", "key"])


def _work() -> None:
    """Runs and the journal."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("mapping", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String()),
        sa.Column("report", sa.Text(), nullable=False),
    )
    op.create_index("ix_runs_sync", "runs", ["sync"])
    op.create_table(
        "changes",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("record", sa.String()),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("sent_at", sa.String()),
        sa.Column("done_at", sa.String()),
    )
    op.create_index("changes_state", "changes", ["sync", "state"])
    op.create_index("ix_changes_link", "changes", ["link"])
    op.create_index("ix_changes_run", "changes", ["run"])


def _people() -> None:
    """What waits for a person."""
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link", sa.String()),
        sa.Column("side", sa.String()),
        sa.Column("row", sa.String()),
        sa.Column("key", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String()),
    )
    op.create_index("holds_link", "holds", ["link"])
    op.create_index("ix_holds_sync", "holds", ["sync"])
    op.create_table(
        "hold_copies",
        sa.Column("hold", sa.String(), primary_key=True),
        sa.Column("side", sa.String(), primary_key=True),
        sa.Column("record", sa.String(), primary_key=True),
    )


def _past() -> None:
    """What was, what was heard of, and who runs."""
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("link", sa.String()),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("side", sa.String()),
        sa.Column("record", sa.String()),
        sa.Column("field", sa.String()),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("source", sa.String()),
        sa.Column("rule", sa.String()),
    )
    op.create_index("ix_history_link", "history", ["link"])
    op.create_index("ix_history_record", "history", ["record"])
    op.create_index("ix_history_sync", "history", ["sync"])
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("record", sa.String()),
        sa.Column("at", sa.String(), nullable=False),
    )
    op.create_index("ix_inbox_sync", "inbox", ["sync"])
    op.create_table(
        "leases",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
    )
