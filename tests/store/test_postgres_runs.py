"""The scenarios of `tests/sync/test_run.py` once more, with the state in PostgreSQL."""

from __future__ import annotations

import pytest

from tests.store.postgres import Postgres
from tests.sync import test_run
from tests.sync.test_run import make
from tests.sync.world import World

pytestmark = pytest.mark.usefixtures("on_postgres")
__all__ = ["make"]
globals().update({name: test for name, test in vars(test_run).items() if name.startswith("test_")})


def test_the_state_really_is_there(make, postgres: Postgres) -> None:
    world: World = make("a", "b")
    assert world.project.store.engine.dialect.name == "postgresql"
    assert str(world.project.store.engine.url.port) in postgres.url("any")
    assert not (world.root / ".syncline" / "state.db").exists()
