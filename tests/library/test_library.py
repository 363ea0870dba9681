"""Every mapping of the library, end to end: overlapping data, edits on each side, a deletion, nothing left to do."""

from __future__ import annotations

import pytest

from engine.canonical import same
from tests.library.cases import CASES
from tests.library.conftest import Make


@pytest.mark.parametrize("mapping", CASES)
def test_from_overlapping_data_to_the_same_everywhere(make_world: Make, mapping: str) -> None:
    world = make_world(mapping)
    sides = world.case.sides
    assert world.examples() == []
    common = {side: world.hands[side].make(at.both) for side, at in sides.items()}
    own = {side: world.hands[side].make(at.own) for side, at in sides.items()}
    assert world.settle() > 0
    assert world.names() == {world.case.first, *world.case.names.values()}, "matched, not doubled"

    for side, at in sides.items():
        world.hands[side].edit(common[side], at.edit)
    assert world.settle() > 0
    assert world.names() == {world.case.both, *world.case.names.values()}
    for side, at in sides.items():
        shown = world.shows(side)[world.case.both]
        wrong = {name: shown.get(name) for name, value in at.wants.items() if not same(shown.get(name), value)}
        assert not wrong, f"{side} shows {wrong}"

    world.hands[world.case.gone].delete(own[world.case.gone])
    assert world.run() or world.run(), "where nothing tells what was deleted, the second look is believed"
    world.settle()
    left = {world.case.both, *(name for side, name in world.case.names.items() if side != world.case.gone)}
    assert world.names() == left
