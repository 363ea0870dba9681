"""Webhooks, alerts, how connections fare, and the calls that all processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds tables and nullable columns only: nothing that is there changes."""
    _webhooks()
    _watching_over_it()
    op.add_column("connections", sa.Column("paused", sa.Text()))
    op.add_column("connections", sa.Column("paused_at", sa.String()))
    op.add_column("connections", sa.Column("expires_at", sa.String()))


def _webhooks() -> None:
    op.create_table(
        "hooks",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("subscription", sa.String()),
        sa.Column("until", sa.String()),
        sa.Column("former", sa.String()),
        sa.Column("error", sa.Text()),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("heard_at", sa.String()),
    )
    op.create_index("ix_hooks_connection", "hooks", ["connection"])
    op.create_table(
        "deliveries",
        sa.Column("hook", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.String(), nullable=False),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
    op.create_table(
        "calls",
        sa.Column("hook", sa.String(), primary_key=True),
        sa.Column("outcome", sa.String(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )


def _watching_over_it() -> None:
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("told_at", sa.String()),
        sa.Column("over_at", sa.String()),
        sa.Column("error", sa.Text()),
    )
    op.create_table(
        "meters",
        sa.Column("sync", sa.String(), primary_key=True),
        sa.Column("side", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.Float(), nullable=False),
    )
    op.create_table(
        "quotas",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("free_at", sa.Float(), nullable=False),
    )
