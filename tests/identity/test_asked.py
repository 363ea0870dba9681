"""Several records with one key, some of them linked: nothing is made beside those that a person is asked about."""

from __future__ import annotations

import pytest

from engine.contract import AuthExpired
from engine.holds import HoldError
from engine.links import attach
from tests.identity.people import Meet, People, meet
from tests.sync.world import told

__all__ = ["meet"]


def several(meet: Meet) -> People:
    """Two of each side with one address; those of `b` were there alone at first, and have links of their own."""
    world = meet("a", "b")
    a, b = world.apps["a"], world.apps["b"]

    def down(_moment: str, _what: str) -> None:
        raise AuthExpired("sign in again")

    for app in (a, b):
        app.add(name="Ann", email="ann@x.example")
        app.add(name="Ann", email="ann@x.example")
    a.fault = down
    world.run()
    a.fault = lambda _moment, _what: None
    world.run()
    return world


def test_linked_records_wait_along_with_those_that_may_be_the_same(meet: Meet) -> None:
    world = several(meet)
    (hold,) = world.holds("ambiguous")
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 2
    world.answer(hold, value="a:a1=b:b1")
    world.run()
    for hold in world.holds("ambiguous"):
        world.answer(hold, value="a:a2=b:b2")
    world.run()
    assert world.linked() == {frozenset({"a1", "b1"}), frozenset({"a2", "b2"})}
    assert told(world.run()) == 0


def test_an_answer_does_not_join_what_has_a_record_there_already(meet: Meet) -> None:
    world = several(meet)
    (hold,) = world.holds("ambiguous")
    link = next(one["link"] for one in hold["detail"]["candidates"] if one["id"] == "b1")
    with world.project.store.write() as connection:
        attach(connection, "it", link, [("a", "a2")])
    with pytest.raises(HoldError, match="what it is linked with has a record of a already"):
        world.answer(hold, value="a:a1=b:b1")
