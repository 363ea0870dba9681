"""Fixtures of the tests of the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.postgres import Postgres, postgres
from tests.sync import world

__all__ = ["postgres"]


@pytest.fixture
def on_postgres(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every world of the test keeps its state in a PostgreSQL database of its own."""
    monkeypatch.setattr(world, "state_url", postgres.fresh)
    yield
    postgres.tidy()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_state(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Addresses of new, empty states, on each database in turn."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.empty
    return lambda: f"sqlite:///{tmp_path / 'state.db'}"
