"""The first tables."""

from __future__ import annotations

from alembic import op

from engine.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """All tables as the first release knows them."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Back to an empty database."""
    metadata.drop_all(op.get_bind())
