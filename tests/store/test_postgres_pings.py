"""Webhooks into a state on PostgreSQL: stored at once, whatever a run holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from engine.store.tables import inbox
from tests.hooks.reception import KEY, Reception
from tests.hooks.senders import AT, SENDERS
from tests.store.postgres import Postgres


def test_a_ping_does_not_wait_for_a_run(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is about to answer the ping; the next one of its kind is stored meanwhile, and stays."""
    sender = SENDERS["shopify"]
    there = Reception(tmp_path / "p", "shopify", sender.hook, monkeypatch, "products", postgres.fresh())
    first, later = sender.call(), sender.call(at=AT + timedelta(minutes=1))
    assert there.take(first).syncs == {"first", "second"}
    stored = there.inbox
    with ThreadPoolExecutor(1) as pool, there.project.store.write() as run:
        run.execute(delete(inbox))
        assert pool.submit(there.take, first).result(20).syncs == set(), "known again"
        assert pool.submit(there.take, later).result(20).syncs == {"first", "second"}
    assert there.inbox == stored
    assert there.take(sender.call(at=AT + timedelta(minutes=2))).syncs and there.inbox == stored, "kept once"
    assert there.take(sender.call("another")).status == 401
    assert there.counts == {(KEY, "heard"): 3, (KEY, "repeated"): 1, (KEY, "forged"): 1}
    there.project.close()
    postgres.tidy()
