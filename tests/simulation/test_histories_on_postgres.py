"""A sample of the random histories with the state in PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from engine.store import metadata
from syncline.rehearsal.history import History
from syncline.rehearsal.setting import things
from syncline.rehearsal.world import MortalStore
from tests.store.postgres import Postgres, postgres

SEEDS = range(20)
__all__ = ["postgres"]


@pytest.fixture(scope="module")
def store(postgres: Postgres) -> Iterator[MortalStore]:
    store = MortalStore.open(postgres.fresh())
    assert isinstance(store, MortalStore)
    yield store
    store.close()
    postgres.tidy()


@pytest.fixture
def empty(store: MortalStore) -> MortalStore:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with store.engine.begin() as connection:
        connection.execute(text(f"truncate {names} restart identity cascade"))
    return store


@pytest.mark.parametrize("seed", SEEDS)
def test_histories_hold_every_invariant(seed: int, empty: MortalStore) -> None:
    played = History(seed, things(random.Random(f"setting {seed}")), empty).play()
    assert not played.broken, "\n".join([*map(str, played.broken), *played.trace])
    assert empty.engine.dialect.name == "postgresql"
