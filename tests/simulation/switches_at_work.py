"""Switches for what protects reading, merging, writing, and what people are asked and told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from engine import (
    apply,
    arrivals,
    braked,
    decide,
    events,
    heard,
    ingest,
    merge,
    pair,
    snapshot,
)
from engine.brakes import Piece
from engine.contract import Invalid, Write
from engine.linkstate import peek
from engine.store.lease import Lease
from flows import steps
from syncline.rehearsal.app import MemoryApp
from tests.simulation.switch import (
    SWITCHES,
    Real,
    braked_tightly,
    instead,
    switch,
    without_versions,
)

# reading and merging


@switch("cursor first", "the cursor is stored with what was read", {8}, always=("crash at a commit",))
def _cursor_first() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def early(store: Any, bound: Any, lease: Any, run: str, side: str, path: Any, now: str) -> Any:
            note = snapshot.note_of(path)
            if not note.error:
                with store.write() as connection:
                    ingest._advance(connection, {"at": now, "sync": lease.sync, "side": side}, note)
            return real(store, bound, lease, run, side, path, now)

        return early

    return instead(steps, "ingest", other)


@switch("not moved", "what is agreed and not yet delivered conflicts with a new edit", {1}, budget=90)
def _not_moved() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        return lambda *rest: [one for one in real(*rest) if one.side is not None]

    return instead(merge, "_candidates", other)


@switch("whole lists", "lists merge entry by entry", {1})
def _whole_lists() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def whole(bound: Any, link: Any, row: Any, atom: Any, now: Any, was: Any, *rest: Any) -> None:
            edited = [
                side for side in now if row.many and not merge.same(now[side].get(row.name), was[side].get(row.name))
            ]
            for side in edited:  # the list that somebody edited is what the others get
                link.settle(bound, side, atom)
                link.agree(atom, peek(now[side], atom))
                link.given(side, atom, peek(now[side], atom))
            if not edited:
                real(bound, link, row, atom, now, was, *rest)

        return whole

    return instead(merge, "_merge_atom", other)


@switch("no match", "a new record is matched with its like", {2})
def _no_match() -> AbstractContextManager[Any]:
    return instead(pair, "_groups", lambda _real: lambda *_rest, **_more: [])


@switch(
    "filter at first",
    "the filter is judged at every reading",
    {28},
    among=lambda setting: bool(setting.private),
    budget=60,
)
def _filter_at_first() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def once(bound: Any, side: str, rows: list[dict[str, Any]], before: dict[str, Any]) -> None:
            real(bound, side, rows, before)
            for row in rows:
                if row["id"] in before:
                    row["excluded"] = None

        return once

    return instead(arrivals, "_judge", other)


# writing


@switch(
    "no comparing",
    "where an app cannot refuse a stale write, the record is read just before it",
    {1},
    always=("edits meanwhile",),
    changed=without_versions,
    budget=200,
)
def _no_comparing() -> AbstractContextManager[Any]:
    return instead(apply, "_moved", lambda _real: lambda *_rest, **_more: set())


@switch("no guard", "a write names the version it was planned on", {1}, always=("edits meanwhile",))
def _no_guard() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def unconditional(app: MemoryApp, write: Write) -> Any:  # to the app, a write without a version
            row = app.rows.get(write.id or "")
            return real(app, replace(write, if_version=app.version(row)) if row is not None else write)

        return unconditional

    return instead(MemoryApp, "_apply", other)


@switch(
    "no lease", "a run that has lost its lease writes nothing more", {11}, always=("another run takes over",), budget=60
)
def _no_lease() -> AbstractContextManager[Any]:
    return instead(Lease, "check", lambda _real: lambda lease, _connection: setattr(lease, "_renewed", lease.clock()))


@switch("poison stops", "a value that an app refuses stops its own record only", {13, 18}, budget=200)
def _poison_stops() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def stop(connection: Any, row: Any, error: Exception, *rest: Any) -> None:
            if isinstance(error, Invalid):
                raise error
            real(connection, row, error, *rest)

        return stop

    return instead(heard, "_note", other)


# what people are asked and told


@switch("no brake", "more than the brake allows waits for a person", {30}, among=braked_tightly)
def _no_brake() -> AbstractContextManager[Any]:
    return instead(decide, "brake", lambda _real: lambda *rest, **_more: (list(rest[5]), {}))


@switch(
    "approved for good", "an approval is for exactly the list that was shown", {30}, among=braked_tightly, budget=200
)
def _approved_for_good() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def forgiving(
            brakes: Any, rows_of: Any, found: Any, written: Any, totals: Any, approved: Any, former: Any
        ) -> Any:
            every = [item for change in found for item in Piece(change).items] if approved else []
            return real(brakes, rows_of, found, written, totals, approved.union(every), former)

        return forgiving

    return instead(braked, "judge", other)


@switch("no history", "history tells every change", {21})
def _no_history() -> AbstractContextManager[Any]:
    def other(real: Real) -> Real:
        def silent(connection: Any, rows: list[dict[str, Any]]) -> None:
            real(connection, [row for row in rows if row["event"] != events.Event.UPDATED])

        return silent

    return instead(events, "note", other)


LATER = tuple(SWITCHES)
"""The switches of this file."""
