"""The calls of an account, counted in the state: however many workers share a PostgreSQL, together they keep the pace.

The generic cell rate algorithm: one number for each account says when its next call is due if they come evenly. It is
kept by the clock of the database, since those of the machines differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import text

from connectors.pace import Calls
from engine.store import Store

BURST = 4
"""A quarter of the calls may come at once. The rest comes evenly, so that no stretch of time ever has more than all."""
_NOW = "extract(epoch from clock_timestamp())"
_NEXT = text(
    f"insert into quotas (account, free_at) values (:account, {_NOW} + :step) on conflict (account) do update "  # noqa: S608
    f"set free_at = greatest(quotas.free_at, {_NOW}) + :step returning free_at - {_NOW} as ahead"
)
_BACK = text("update quotas set free_at = free_at - :step where account = :account")


class Shared:
    """One account's pace. The state must be a PostgreSQL."""

    def __init__(self, store: Store, account: str, calls: Calls, sleep: Callable[[float], None] = time.sleep) -> None:
        count, within = calls[0], calls[1].total_seconds()
        at_once = max(1, count // BURST)
        self._step = within / max(1, count - at_once)
        self._at_once = at_once * self._step
        self._store, self._account, self._sleep = store, account, sleep

    def wait(self, patience: float) -> bool:
        """Returns when the next call may be sent; False, at once, where that is further off than `patience` seconds."""
        with self._store.write() as connection:
            ahead = connection.execute(_NEXT, {"account": self._account, "step": self._step}).scalar_one()
            pause = float(ahead) - self._at_once
            if pause > patience:
                connection.execute(_BACK, {"account": self._account, "step": self._step})
                return False
        if pause > 0:
            self._sleep(pause)
        return True

    def close(self) -> None:
        """Nothing is held."""
