"""A list row of linked records is merged otherwise: `each` comes, goes, or names another member of the entries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.contract import Field, Op, Schema, Transient
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told
from tests.undo.rig import reasons, take_back

WHOLE, BY_SKU, BY_TITLE = "", ", each: sku", ", each: title"
CHANGES = [(WHOLE, BY_SKU), (BY_SKU, WHOLE), (BY_SKU, BY_TITLE), (BY_TITLE, BY_SKU)]


class Shop(MemoryApp):
    """Its records have variants."""

    def schema(self, obj: str) -> Schema:
        schema = super().schema(obj)
        return replace(schema, fields={**schema.fields, "variants": Field(type="list")})


def sized(sku, size):
    return {"sku": sku, "title": f"Size {sku}", "size": size}


SMALL, LARGE, EXTRA = sized("s", 36), sized("l", 42), sized("x", 48)


@pytest.fixture
def shops(tmp_path):
    world = World(tmp_path, {name: Shop(name) for name in "ab"})
    yield world
    world.close()


def keyed(world, each):
    world.write_mapping(f"  variants: {{a: variants, b: variants{each}}}")


def linked(world, each):
    """One record on both sides."""
    keyed(world, each)
    world.apps["a"].add(name="shoe", variants=[SMALL, LARGE])
    world.run()
    assert told(world.run()) == 0
    assert held(world) == {"a": [36, 42], "b": [36, 42]}


def edit(world, side, variants):
    (record,) = world.apps[side].live()
    world.apps[side].edit(record, variants=variants)


def held(world):
    """Sizes by side; entries that are merged by key have no order."""
    return {
        side: sorted(one["size"] for record in app.live().values() for one in record["variants"])
        for side, app in world.apps.items()
    }


def settled(world):
    assert told(world.run()) == 0
    assert all(counts["in_sync"] == counts["total"] for counts in world.status().values())


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_what_agrees_stays_in_sync_and_the_next_edits_travel(shops, before, after):
    linked(shops, before)
    keyed(shops, after)
    settled(shops)
    edit(shops, "b", [SMALL, LARGE, EXTRA])
    assert told(shops.run()) == 1
    edit(shops, "a", [SMALL, EXTRA])
    assert told(shops.run()) == 1
    assert held(shops) == {"a": [36, 48], "b": [36, 48]}
    settled(shops)


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_an_edit_made_just_before_is_not_lost(shops, before, after):
    linked(shops, before)
    keyed(shops, after)
    edit(shops, "a", [LARGE])
    assert told(shops.run()) == 1
    assert held(shops) == {"a": [42], "b": [42]}
    settled(shops)


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_what_was_agreed_and_not_given_yet_is_given(shops, before, after):
    linked(shops, before)
    edit(shops, "a", [{**SMALL, "size": 37}, EXTRA])
    shops.apps["b"].fault = refusing(Op.UPDATE)
    shops.run()
    shops.apps["b"].fault = refusing()
    keyed(shops, after)
    shops.run()
    assert held(shops) == {"a": [37, 48], "b": [37, 48]}
    settled(shops)


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_what_was_sent_and_not_heard_of_is_no_edit(shops, before, after):
    linked(shops, before)
    edit(shops, "a", [SMALL, EXTRA])
    shops.apps["b"].fault = refusing(Op.UPDATE, moment="after")
    shops.run()
    shops.apps["b"].fault = refusing()
    keyed(shops, after)
    settled(shops)
    assert held(shops) == {"a": [36, 48], "b": [36, 48]}


def refusing(*ops, moment="before"):
    def fault(when, what):
        if when == moment and what in ops:
            raise Transient("the line is cut")

    return fault


def test_entries_that_were_shown_to_nobody_travel_once_they_are_shown(shops):
    linked(shops, BY_SKU)
    loose = {"title": "Gift box", "size": 1}
    edit(shops, "a", [SMALL, LARGE, loose])
    settled(shops)
    keyed(shops, WHOLE)
    assert told(shops.run()) == 1
    assert held(shops) == {"a": [1, 36, 42], "b": [1, 36, 42]}
    settled(shops)


def test_a_row_that_was_away_meanwhile_comes_back_in_its_new_shape(shops):
    linked(shops, WHOLE)
    shops.write_mapping("")
    settled(shops)
    keyed(shops, BY_SKU)
    settled(shops)
    edit(shops, "b", [SMALL])
    assert told(shops.run()) == 1
    assert held(shops) == {"a": [36], "b": [36]}


def test_items_that_are_no_objects_fail_no_record(shops):
    keyed(shops, WHOLE)
    shops.apps["a"].add(name="shoe", variants=["one size"])
    shops.run()
    keyed(shops, BY_SKU)
    settled(shops)


def test_an_undo_of_what_was_merged_otherwise_then_is_refused_in_words(shops):
    linked(shops, WHOLE)
    edit(shops, "a", [SMALL])
    run = shops.run().run
    keyed(shops, BY_SKU)
    settled(shops)
    left = reasons(take_back(shops, run))
    assert ("field", "variants", "the mapping merges this list otherwise since") in left
    assert held(shops) == {"a": [36], "b": [36]}
    settled(shops)
