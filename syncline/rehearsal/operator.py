"""The person who answers what waits: knows the truth, and answers by it."""

from __future__ import annotations

import random
from typing import Any

from engine.holds import HoldError, answer, listed
from syncline.rehearsal.users import Users
from syncline.rehearsal.world import SYNC, World


def answer_all(world: World, users: Users, rng: random.Random) -> list[str]:
    """Answers every open hold; says how."""
    told = []
    for hold in listed(world.store, SYNC):
        said = _answer(world, users, hold, rng)
        if said is None:
            continue
        try:
            answer(world.store, hold["id"], said, world.now.isoformat())
        except HoldError as error:
            said = {"refused": str(error)}
        told.append(f"{hold['kind']}: {hold['reason'][:90]} -> {said}")
    return told


def _answer(world: World, users: Users, hold: dict[str, Any], rng: random.Random) -> dict[str, Any] | None:
    if hold["kind"] == "conflict":
        values = hold["detail"]["values"]
        return {"take": rng.choice([side for side in sorted(values) if values[side]] or sorted(values))}
    if hold["kind"] == "ambiguous":
        return _pair(world, users, hold["detail"]["records"])
    if hold["kind"] == "doubt":
        app, key = world.apps[hold["side"]], hold["detail"]["key"]
        there = [record for record, row in app.rows.items() if row.key == key and not row.gone]
        return {"value": there[0]} if there else {"skip": True}
    if hold["kind"] == "refused":
        return {"skip": True}
    if hold["kind"] == "outage":
        live = world.apps[hold["side"]].live()
        return None if any(record in live for record in hold["detail"]["missing"]) else {"value": "release"}
    return {"value": "release"}


def _pair(world: World, users: Users, records: list[list[str]]) -> dict[str, Any]:
    """Ties two records that are one thing, else keeps all apart."""
    by_thing: dict[str, dict[str, str]] = {}
    for side, record in records:
        row = world.apps[side].rows.get(record)
        if row is not None and not row.gone:
            by_thing.setdefault(users.thing(side, row.data), {})[side] = record
    for places in by_thing.values():
        if len(places) > 1:
            return {"value": "=".join(f"{side}:{record}" for side, record in places.items())}
    return {"skip": True}
