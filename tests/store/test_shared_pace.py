"""Workers that share a PostgreSQL keep to an account's number of calls together."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import cycle, islice

from engine.store import Store
from flows.quota import Shared
from tests.store.postgres import Postgres

CALLS, WITHIN = 40, 10.0


class Workers:
    """Three workers' paces for one account. Nobody sleeps: when each call may be sent is noted."""

    def __init__(self, url: str, account: str = "google ann") -> None:
        self.stores = [Store.open(url) for _ in range(3)]
        self.due: list[float] = []
        self._pause = 0.0
        calls = (CALLS, timedelta(seconds=WITHIN))
        self.paces = [Shared(store, account, calls, self._sleep) for store in self.stores]

    def _sleep(self, seconds: float) -> None:
        self._pause = seconds

    def call(self, worker: Shared) -> None:
        self._pause = 0.0
        assert worker.wait(3600)
        self.due.append(time.time() + self._pause)

    def close(self) -> None:
        for store in self.stores:
            store.close()


def test_together_they_never_call_more_often_than_allowed(postgres: Postgres) -> None:
    url = postgres.fresh()
    workers = Workers(url)
    for pace in islice(cycle(workers.paces), 4 * CALLS):
        workers.call(pace)
    due = sorted(workers.due)
    most = max(sum(at <= other < at + 0.98 * WITHIN for other in due) for at in due)
    assert CALLS // 2 < most <= CALLS
    other = Workers(url, "google bob")
    other.call(other.paces[0])
    assert other.due[0] < due[-1], "another account has calls of its own"
    workers.close()
    other.close()


def test_what_would_take_too_long_is_refused_and_counts_for_nothing(postgres: Postgres) -> None:
    workers = Workers(postgres.fresh())
    for pace in islice(cycle(workers.paces), CALLS):
        workers.call(pace)
    before = max(workers.due)
    for pace in workers.paces:
        assert not pace.wait(0.0)
    workers.call(workers.paces[0])
    step = WITHIN / (CALLS - CALLS // 4)
    assert workers.due[-1] - before < 3 * step, "the three that were refused would have made it four"
    workers.close()
