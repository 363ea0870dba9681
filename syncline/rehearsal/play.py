"""Plays seeds: each on a store in memory that is as good as new."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
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


class Solo:
    """The one connection to a database in memory, in place of an engine: one transaction after the other.

    A second one within a first raises InvalidRequestError. That the driver begins only before the first write makes no
    difference, for nobody else writes; and it takes less time than reading does.
    """

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that is committed at its end."""
        with self.connection.begin():
            yield self.connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction that is given up at its end."""
        with self.connection.begin() as transaction:
            yield self.connection
            transaction.rollback()


class Lent(MortalStore):
    """A store whose database is used again for the next one."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._solo: Any = Solo(engine)
        self._reading: Any = self._solo
        self._writing: Any = self._solo

    def close(self) -> None:
        self._solo.connection.close()
        _idle.append(self.engine)


def fresh() -> MortalStore:
    """An empty store in memory, copied from a template: making the tables would take longer than most runs."""
    engine = _idle.pop() if _idle else _database()
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
    raw.deserialize(_template())
    return Lent(engine)


def _database() -> Engine:
    base = sqlite3.connect(":memory:", check_same_thread=False)
    return create_engine("sqlite://", creator=lambda: base, poolclass=StaticPool)


@lru_cache(maxsize=1)
def _template() -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        return bytes(raw.serialize())
