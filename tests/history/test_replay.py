"""History is complete: it leads to the present state, and a state it does not lead to is noticed."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engine.history import replayed
from engine.store.tables import copies, history, links
from tests.history.play import Player
from tests.sync.world import Make, make

__all__ = ["make"]


@pytest.mark.parametrize("seed", range(8))
def test_history_leads_to_the_present_state_after_every_run(make: Make, seed: int) -> None:
    player = Player.drawn(make, seed)
    for _ in range(8):
        player.turn()
        assert replayed(player.world.project.store, "it") == []


@pytest.mark.parametrize("change", ["agreed", "observed", "history", "gone"])
def test_a_state_that_history_does_not_lead_to_is_noticed(make: Make, change: str) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].edit(first, note="new")
    world.run()
    store = world.project.store
    assert replayed(store, "it") == []
    with store.engine.begin() as connection:
        if change == "agreed":
            connection.execute(update(links).values(agreed={"title": "Review", "note": "else"}))
        elif change == "observed":
            connection.execute(update(copies).where(copies.c.side == "b").values(observed={"name": "Review"}))
        elif change == "history":
            connection.execute(history.delete().where(history.c.event == "edited"))
            connection.execute(update(history).where(history.c.event == "updated").values(before="never"))
        else:
            connection.execute(copies.delete().where(copies.c.side == "b"))
    assert replayed(store, "it")
