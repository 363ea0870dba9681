"""Brings a database to the newest tables with Alembic.

Imported only when that is needed, as Alembic is slow to import.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, select

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 8_317_205
"""PostgreSQL's advisory lock for upgrades: two workers that start together must not both make the tables."""


def upgrade(engine: Engine, migrations: Path = MIGRATIONS) -> None:
    """Runs the missing migrations in one transaction: all of them, or none."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.execution_options(write=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
