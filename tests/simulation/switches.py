"""A switch for each protection of the engine: turned off, the simulator must notice.

No switch ships in the product: each is a patch of the engine, made here and taken back at once. A switch names the
invariants of which at least one must break, the fault that every run meets (where chance would bring it too seldom),
and the seeds within which that must happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from engine import (
    heard,
    ingest,
    journal,
    outcome,
    recover,
    settle,
    trust,
)
from engine.contract import Done, Op, Record, Write
from engine.linkstate import peek
from tests.simulation.switch import (
    SWITCHES,
    Real,
    Switch,
    instead,
    rewriting,
    switch,
    turned_off,
    with_habits,
    without_keys,
)
from tests.simulation.switches_at_work import LATER

# the journal and what is in doubt


@switch("no intent", "every change is stored as sent before it is sent", {9})
def _no_intent() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        return lambda connection, ids, state, **rest: None if state == "sent" else real(connection, ids, state, **rest)

    return instead(journal, "mark", other)


@switch(
    "no journal",
    "what was sent unheard is known to the next run",
    {2, 4},
    always=("timeout after it landed",),
    changed=without_keys,
)
@contextmanager
def _no_journal() -> Iterator[None]:
    with (
        instead(journal, "unresolved", lambda _real: lambda *_rest, **_more: []),
        instead(journal, "in_doubt", lambda _real: lambda *_rest, **_more: set()),
    ):
        yield


@switch("new key", "a create that is sent again carries the same key", {2}, always=("timeout after it landed",))
def _new_key() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def send(connector: Any, target: Any, writes: list[Write]) -> Iterator[Any]:
            fresh = [replace(write, key=f"{write.key}-again") for write in writes]
            for told in real(connector, target, fresh):
                yield replace(told, key=told.key.removesuffix("-again"))

        return send

    return instead(recover, "outcomes", other)


@switch("blind retry", "a create is sent again only where its key is known", {2}, always=("timeout after it landed",))
def _blind_retry() -> AbstractContextManager[Any]:
    return instead(recover, "blind", lambda _real: lambda *_rest, **_more: [])


@switch(
    "doubt is no",
    "a create in doubt that was not found stays in doubt",
    {2},
    always=("timeout after it landed",),
    changed=without_keys,
)
def _doubt_is_no() -> AbstractContextManager[Any]:
    def give_up(connection: Any, _bound: Any, row: dict[str, Any], *_rest: Any) -> None:
        journal.mark(connection, [row["id"]], "dropped")
        ingest.mark_dirty(connection, [row["link"]])

    return instead(recover, "_adopt", lambda _real: give_up)


@switch("landed anyway", "an update in doubt is judged by what the app shows", {1, 13}, always=("server error",))
def _landed_anyway() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def believe(connection: Any, bound: Any, row: dict[str, Any]) -> None:
            state, _ = recover.load(connection, [row["link"]]).get(row["link"], (None, None))
            if state is not None and row["side"] in state.copies and row["op"] == Op.UPDATE:
                for name in bound.delivers(row["side"], row["data"]):
                    for atom in recover.atoms(bound.rows[name], [row["shared"]]):
                        state.settle(bound, row["side"], atom)
                        state.given(row["side"], atom, peek(row["shared"], atom))
                recover.save(connection, row["sync"], [(state, {})])
            real(connection, bound, row)

        return believe

    return instead(recover, "_judge", other)


@switch(
    "adopted as read",
    "a record adopted late has settled with what was sent",
    {1, 13},
    always=("timeout after it landed",),
    budget=200,
)
def _adopted_as_read() -> AbstractContextManager[Any]:
    def as_read(bound: Any, state: Any, row: dict[str, Any], _cleared: bool) -> None:
        for name in bound.get(row["side"], state.copies[row["side"]].native or {}):
            for atom in settle.atoms(bound.rows[name], [row["shared"], state.agreed]):
                state.settle(bound, row["side"], atom)
                state.given(row["side"], atom, peek(row["shared"], atom))

    return instead(settle, "_adopt", lambda _real: as_read)


# what an app stores


@switch("no read-back", "the record as the app stored it is what its side has settled with", {16}, among=rewriting)
def _no_read_back() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def as_sent(row: dict[str, Any], told: Any) -> Record | None:
            record: Record | None = real(row, told)
            if record is None or record.gone or not isinstance(told, Done):
                return record
            return replace(record, data={**record.data, **row["data"]})

        return as_sent

    return instead(heard, "_landed", other)


# absence and trust


@switch("first sighting", "what is missing once is not gone", {3}, always=("missing rows",))
def _first_sighting() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def at_once(*rest: Any) -> dict[str, list[Any]]:
            found: dict[str, list[Any]] = real(*rest)
            found["twice"] = [*found.get("twice", []), *found.pop("sighted", [])]
            return found

        return at_once

    return instead(ingest, "_sorted", other)


@switch("no trust", "a side that shows nothing is not believed", {3, 6}, always=("outage",))
def _no_trust() -> AbstractContextManager[Any]:
    return instead(trust, "_reason", lambda _real: lambda *_rest, **_more: None)


@switch("made in the dark", "nothing is made on a side that is not trusted", {2, 6}, always=("outage",), budget=200)
def _made_in_the_dark() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def trusting(bound: Any, link: Any, rules: Any, *rest: Any, **more: Any) -> Any:
            return real(bound, link, replace(rules, trusted=rules.readable), *rest, **more)

        return trusting

    return instead(outcome, "plan_link", other)


@switch(
    "recovered in the dark",
    "what an untrusted side does not show may be there",
    {2},
    always=("timeout after it landed", "outage"),
    changed=without_keys,
)
def _recovered_in_the_dark() -> AbstractContextManager[Any]:
    def drop(connection: Any, _bound: Any, row: dict[str, Any], *_rest: Any) -> None:
        journal.mark(connection, [row["id"]], "dropped")
        ingest.mark_dirty(connection, [row["link"]])

    def other(real: Real) -> Real:
        def adopt(connection: Any, bound: Any, row: dict[str, Any], trusted: bool, now: str) -> None:
            (real if trusted else drop)(connection, bound, row, trusted, now)

        return adopt

    return instead(recover, "_adopt", other)


@switch(
    "id is the record",
    "a used id with another time of creation is another record",
    {1, 3, 4, 13},
    changed=partial(with_habits, reuses=True, dated=True),
    first=50,
    budget=60,
)
def _id_is_the_record() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        return lambda path: real(path).with_columns(created_at=pl.lit(None, pl.String))

    return instead(ingest, "frame_of", other)


__all__ = ["LATER", "SWITCHES", "Switch", "turned_off"]
