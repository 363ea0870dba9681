"""A database that gives no connection, or says nothing any more."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

import engine.store
from engine.store import PATIENCE, Store, StoreError
from tests.store.postgres import Postgres


def test_where_all_connections_are_taken_a_sentence_says_so(tmp_path: Path) -> None:
    few = create_engine(
        f"sqlite:///{tmp_path}/state.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )
    store = Store(few)
    try:
        with store.read():
            for other in (store.read, store.write):
                with pytest.raises(StoreError, match=r"state\.db cannot be used: QueuePool limit of size 1"), other():
                    pass
        with store.read():
            pass
    finally:
        store.close()


def test_a_server_that_takes_calls_and_says_nothing_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.store, "PATIENCE", 0)  # two seconds at least: PostgreSQL's library takes no less
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match=rf"127\.0\.0\.1:{port}/state cannot be used: .*timeout"):
            Store.open(f"postgresql://syncline:hush@127.0.0.1:{port}/state")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="a setting of Linux")
def test_a_connection_whose_other_end_is_gone_is_given_up(postgres: Postgres) -> None:
    """The system gives it up when nobody has acknowledged what was sent for so long: else it would wait for a quarter
    of an hour."""
    store = Store.open(postgres.fresh())
    try:
        with store.read() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            with socket.socket(fileno=driver.fileno()) as line:
                try:
                    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * PATIENCE
                finally:
                    line.detach()
    finally:
        store.close()
