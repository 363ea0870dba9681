"""Records of which was not read what they are known by, or what the filter looks at: they wait, none is made twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import accounting
from engine.contract import AuthExpired, Field, Record, Schema
from tests.sync.memory import MemoryApp
from tests.sync.world import Make, World, make, only, told

__all__ = ["make"]


class Shy(MemoryApp):
    """It leaves a field out of its answers for a while, and out of its schema too."""

    silent = lost = ""

    def schema(self, obj: str) -> Schema:
        shape = super().schema(obj)
        return replace(shape, fields={name: item for name, item in shape.fields.items() if name != self.lost})

    def _record(self, record: str) -> Record:
        shown = super()._record(record)
        return replace(shown, data={name: value for name, value in shown.data.items() if name != self.silent})


def shy(make: Make, silent: str, extra: str = "", match: str = "") -> tuple[World, Shy]:
    """Two apps, of which `b` does not show one field."""
    world = make("a", "b", extra=extra)
    if match:
        path = world.root / "mappings" / "things.yaml"
        path.write_text(path.read_text().replace("match: [[title]]", match))
    world.apps["b"] = app = Shy("b")
    app.silent = silent
    return world, app


def names(app: MemoryApp) -> list[str]:
    return sorted(row["name"] for row in app.live().values())


@pytest.mark.parametrize("lists_only", [False, True])
def test_a_record_waits_until_what_it_is_known_by_is_read(make: Make, lists_only: bool) -> None:
    world, app = shy(make, "name")
    if lists_only:
        app.caps = replace(app.caps, delta=app.caps.webhooks)
    app.add(name="T", note="b's")
    world.apps["a"].add(name="T", place="Room 4")
    assert told(world.run()) == told(world.run()) == 0
    (waits,) = [row for row in accounting.explain(world.project.store, "it") if row["side"] == "b"]
    assert waits["reason"] == "b did not show its name, which tells what it is; it is asked for again in each run"
    app.silent = ""
    world.run()
    assert {side: names(one) for side, one in world.apps.items()} == {"a": ["T"], "b": ["T"]}
    assert (only(app)["place"], only(world.apps["a"])["note"]) == ("Room 4", "b's")
    assert told(world.run()) == 0


def test_only_what_may_be_it_waits_along(make: Make) -> None:
    world, app = shy(make, "name", match="match: [[title, place]]")
    app.add(name="T", place="Room 4")
    world.apps["a"].add(name="T", place="Room 4")
    world.apps["a"].add(name="U", place="Room 5")
    world.run()
    assert [row["place"] for row in app.live().values()] == ["Room 4", "Room 5"]
    app.silent = ""
    world.run()
    assert names(app) == names(world.apps["a"]) == ["T", "U"]


def test_another_rule_that_was_read_decides(make: Make) -> None:
    world, app = shy(make, "note", match="match: [[note], [title]]")
    app.add(name="T", note="n")
    world.apps["a"].add(name="T", note="n")
    world.run()
    assert names(app) == names(world.apps["a"]) == ["T"]


def test_a_record_waits_until_what_the_filter_looks_at_is_read(make: Make) -> None:
    world, app = shy(make, "kind", extra="only: {b: {field: kind, is: open}}")
    app.add(name="T", kind="open")
    world.apps["a"].add(name="T")
    assert told(world.run()) == 0
    app.silent = ""
    world.run()
    assert names(app) == names(world.apps["a"]) == ["T"]


def test_a_linked_record_takes_part_as_it_did_while_the_filter_cannot_tell(make: Make) -> None:
    world, app = shy(make, "", extra="only: {b: {field: kind, is: open}}\nleaving: delete-copy")
    app.add(name="T", kind="open")
    world.run()
    app.silent = "kind"
    for note in ("one", "two", "three"):
        app.edit("b1", note=note)
        world.run()
    assert only(world.apps["a"])["note"] == "three"


def test_a_linked_record_is_still_known_by_what_it_does_not_show_now(make: Make) -> None:
    world, app = shy(make, "")
    app.add(name="T")
    world.apps["a"].fault = _signed_out
    world.run()
    app.silent = "name"
    app.edit("b1", note="n")
    world.run()
    app.silent = ""
    world.apps["a"].add(name="T")
    world.apps["a"].fault = _healthy
    world.run()
    assert names(app) == names(world.apps["a"]) == ["T"]


def test_nothing_is_made_beside_new_records_while_the_row_that_tells_them_apart_rests(make: Make) -> None:
    world, app = shy(make, "")
    app.add(name="S", note="n")
    world.run()
    app.fault = _signed_out
    world.apps["a"].add(name="T")
    world.run()
    app.fault = _healthy
    app.lost = app.silent = "name"
    app.add(name="T")
    assert told(world.run(full=True)) == 0
    app.lost = app.silent = ""
    world.run(full=True)
    world.run()
    assert names(app) == names(world.apps["a"]) == ["S", "T"]
    assert told(world.run()) == 0


def _healthy(_moment: str, _what: str) -> None:
    """No fault."""


def _signed_out(_moment: str, _what: str) -> None:
    raise AuthExpired("sign in again")


def test_a_filter_may_look_at_a_field_with_a_point_in_its_name(make: Make) -> None:
    class Custom(MemoryApp):
        def schema(self, obj: str) -> Schema:
            shape = super().schema(obj)
            return replace(shape, fields={**shape.fields, "shop.level": Field(type="text")})

    world = make("a", "b", extra="only: {a: {field: shop.level, is: gold}}")
    world.apps["a"] = Custom("a")
    world.apps["a"].add(name="T", **{"shop.level": "gold"})
    world.apps["a"].add(name="U", **{"shop.level": None})
    world.run()
    assert names(world.apps["b"]) == ["T"]
