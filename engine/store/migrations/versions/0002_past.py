"""Who changed a record and when it was made; what a run is about; the history and the runs of a sync by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds nullable columns only: nothing that is there changes."""
    op.add_column("copies", sa.Column("created_at", sa.String()))
    op.add_column("copies", sa.Column("changed_by", sa.String()))
    op.add_column("copies", sa.Column("former", sa.Text()))
    op.add_column("sides", sa.Column("mapped", sa.Integer()))
    op.add_column("runs", sa.Column("about", sa.Text()))
    op.create_index("ix_history_at", "history", ["at"])
    op.create_index("runs_started", "runs", ["sync", "started_at"])
