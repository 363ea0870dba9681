"""Plays seeds: each on a store in memory that is as good as new."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from engine.store import metadata
from syncline.rehearsal.history import History, Played
from syncline.rehearsal.setting import Setting, things
from syncline.rehearsal.world import MortalStore


def play(
    seed: int,
    keep: Collection[int] | None = None,
    setting: Setting | None = None,
    always: Sequence[str] = (),
) -> Played:
    """One history; with `keep` only some of its steps. `always`: see `script`."""
    store = fresh()
    try:
        return History(seed, setting or things(random.Random(f"setting {seed}")), store, keep, always).play()
    finally:
        store.close()


_idle: list[Engine] = []
"""Databases in memory that no store uses now: with them stays what was compiled for their statements."""


class Lent(MortalStore):
    """A store whose database is used again for the next one."""

    def close(self) -> None:
        _idle.append(self.engine)


def fresh() -> MortalStore:
    """An empty store in memory, copied from a template: making the tables would take longer than most runs."""
    engine = _idle.pop() if _idle else _database()
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
    raw.deserialize(_template())
    return Lent(engine)


def _database() -> Engine:
    base = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: base, poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@lru_cache(maxsize=1)
def _template() -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        return bytes(raw.serialize())
