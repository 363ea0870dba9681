"""The desk of the receiver: calls that have proved themselves wait here until they are stored.

A run may hold SQLite for seconds, and an app waits for two or three: what is not stored by then is answered 503, so
that the app sends it again. It stays in the queue all the same. Calls that come together share a transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from anyio.to_thread import run_sync

from connectors.hook import Call
from engine.store import StoreError
from flows.pings import Ping, Pings, Taken

PATIENCE = 2.0
"""Seconds that a call waits to be stored: Graph and QuickBooks give up after three."""
ROOM = 1000
TOGETHER = 100
EVERY = 5.0
"""Seconds between two times that counts are stored."""
OnHeard = Callable[[frozenset[str]], None]
BUSY = Taken(503, headers={"Retry-After": "30"})
log = logging.getLogger("studio")


class Desk:
    """Lives in one event loop, as long as `open`."""

    def __init__(self, pings: Pings, patience: float = PATIENCE, room: int = ROOM) -> None:
        self.heard: OnHeard = lambda _: None
        """Given the syncs that have something to look at (none: a subscription is about to end), in the event loop: it
        must not wait for anything."""
        self._pings, self._patience = pings, patience
        self._waiting: asyncio.Queue[tuple[Ping, asyncio.Future[Taken]]] = asyncio.Queue(room)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Stores what is waiting, and at the end the counts."""
        work = [asyncio.create_task(self._store()), asyncio.create_task(self._count())]
        try:
            yield
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._counted()

    async def take(self, key: str, call: Call) -> Taken:
        """The answer to a call, in time."""
        try:
            found = await run_sync(self._pings.judge, key, call)
        except StoreError as error:
            log.warning("a webhook was not heard: %s", error)
            return BUSY
        if isinstance(found, Taken):
            return self._told(found)
        stored: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((found, stored))
        except asyncio.QueueFull:
            return self._late(key)
        await asyncio.wait([stored], timeout=self._patience)
        return stored.result() if stored.done() else self._late(key)

    async def refuse(self, key: str, outcome: str) -> None:
        """Counts a call that was not even read."""
        with suppress(StoreError):
            self._pings.count(key if await run_sync(self._pings.known, key) else "", outcome)

    def _told(self, taken: Taken) -> Taken:
        if taken.syncs:
            self.heard(taken.syncs)
        if taken.renew:
            self.heard(frozenset())
        return taken

    def _late(self, key: str) -> Taken:
        self._pings.count(key, "busy")
        return BUSY

    async def _store(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < TOGETHER and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            taken = await run_sync(self._keep, [ping for ping, _ in batch])
            for (_, stored), answer in zip(batch, taken, strict=True):
                stored.set_result(self._told(answer))  # also where the app was answered 503 meanwhile

    def _keep(self, pings: list[Ping]) -> list[Taken]:
        try:
            return self._pings.keep(pings)
        except StoreError as error:
            log.warning("%s webhooks were not stored, the apps send them again: %s", len(pings), error)
        except Exception:
            log.exception("%s webhooks were not stored, by a defect; later ones are", len(pings))
        return [BUSY] * len(pings)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._counted()

    async def _counted(self) -> None:
        try:
            await run_sync(self._pings.store_counts)
        except StoreError:  # what is not stored is kept for the next time
            return
        except Exception:
            log.exception("the counts of calls were not stored, by a defect")
