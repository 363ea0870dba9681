"""Rows that rest because an app has changed a field, and rows that go to work again."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from engine import resting
from engine.drift import accepted
from flows.work import Work

log = logging.getLogger("flows")


def rest(work: Work, afresh: Collection[str]) -> None:
    """Asks about what has changed; what has been read anew on every side (`afresh`: now on these) goes on."""
    session, store = work.session, work.session.project.store
    _ = session.bound
    with store.read() as connection:
        asked = resting.asked(connection, session.sync)
    if not asked and not session.drifts:
        return
    with store.write() as connection:
        work.lease.check(connection)
        done = resting.seen(connection, session.returning, afresh, list(session.mapping.sides))
        resting.ask(connection, session.sync, session.drifts, session.returning, session.now)
    for hold in done:
        _resume(work, hold)


def _resume(work: Work, hold: dict[str, Any]) -> None:
    session = work.session
    docs = {side: row["schema"] for side, row in session.outset().sides.items() if side in session.mapping.sides}
    if hold["detail"]["kind"] == "retyped" and resting.released(hold):
        docs[hold["side"]] = accepted(docs[hold["side"]], hold["detail"]["field"])
        session.store_schema(hold["side"], docs[hold["side"]])
    bound = session.bind(docs, awake=hold["row"])
    with session.project.store.write() as connection:
        work.lease.check(connection)
        resting.resume(connection, bound, session.sync, hold, session.now)
    log.info("the row %s goes on", hold["row"])
    session.__dict__.pop("bound", None)
