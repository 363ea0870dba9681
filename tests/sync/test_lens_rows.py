"""Rows of other kinds than text, through whole runs: nothing is written that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.contract import Field, Schema
from tests.sync.memory import MemoryApp
from tests.sync.world import World, only, told

Fields = dict[str, Field]
HEAD = """\
name: things
sides:
  a: {app: caldav, object: things}
  b: {app: caldav, object: things}
match: [[key]]
fields:
  key: {a: key, b: key}
"""


@dataclass
class Typed(MemoryApp):
    """An app with the fields that a test gives it."""

    own: Fields = field(default_factory=dict)

    def schema(self, obj: str) -> Schema:
        return Schema({"key": Field(type="text", means="thing.key"), **self.own})


Start = Callable[[str, Fields, Fields], World]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    worlds: list[World] = []

    def make(rows: str, a: Fields, b: Fields) -> World:
        worlds.append(World(tmp_path, {"a": Typed("a", own=a), "b": Typed("b", own=b)}))
        mapped(worlds[0], rows)
        return worlds[0]

    yield make
    for world in worlds:
        world.close()


def mapped(world: World, rows: str) -> None:
    (world.root / "mappings" / "things.yaml").write_text(HEAD + rows)


def idle(world: World) -> None:
    assert told(world.run()) == 0 and told(world.run(full=True)) == 0
    assert {side: counts["in_sync"] for side, counts in world.status().items()} == {"a": 1, "b": 1}


RATES = "via: {{a: [{{money: {{currency: EUR, rates: {{{days}}}}}}}], b: [{{money: USD}}]}}"
FIRST = "'2026-11-01': {EUR: 1, USD: 1.08}"
SECOND = FIRST + ", '2026-11-20': {EUR: 1, USD: 1.25}"


def test_new_rates_write_nothing_and_the_way_back_is_the_original(start: Start) -> None:
    def rows(days: str) -> str:
        return f"  price: {{a: price, b: list_price, {RATES.format(days=days)}}}\n  note: {{a: note, b: note}}\n"

    note = {"note": Field(type="text")}
    world = start(
        rows(FIRST), {"price": Field(type="money"), **note}, {"list_price": Field(type="money", dialect="text"), **note}
    )
    world.apps["a"].add(key="k", price=99.99)
    world.run()
    assert only(world.apps["b"])["list_price"] == "107.99"
    idle(world)
    mapped(world, rows(SECOND))
    idle(world)
    world.apps["a"].edit("a1", note="an edit beside it")
    world.apps["b"].edit("b1", list_price="107.990")
    assert told(world.run()) == 1 and only(world.apps["b"])["list_price"] == "107.990"
    world.apps["b"].edit("b1", list_price="125.00")
    world.run()
    assert only(world.apps["a"])["price"] == 100
    idle(world)
    world.apps["a"].edit("a1", price=200)
    world.run()
    assert only(world.apps["b"])["list_price"] == "250.00"
    idle(world)


def test_records_that_are_there_on_both_sides_are_joined_by_what_a_side_can_show(start: Start) -> None:
    rows = f"  price: {{a: price, b: list_price, {RATES.format(days=FIRST)}}}\n"
    world = start(rows, {"price": Field(type="money")}, {"list_price": Field(type="money", dialect="text")})
    world.apps["a"].add(key="k", price=99.99)
    world.apps["b"].add(key="k", list_price="107.99")
    assert told(world.run()) == 0
    assert (only(world.apps["a"])["price"], only(world.apps["b"])["list_price"]) == (99.99, "107.99")
    idle(world)


def test_lists_with_labels_merge_by_key(start: Start) -> None:
    fields = {"mails": Field(type="emails", many=True), "homes": Field(type="addresses", many=True)}
    rows = "  mails: {a: mails, b: mails, each: value}\n  homes: {a: homes, b: homes, each: label}\n"
    world = start(rows, fields, fields)
    ann, bob, cy = ({"value": f"{name}@x.org", "label": "work"} for name in ("ann", "bob", "cy"))
    world.apps["a"].add(key="k", mails=[ann, bob], homes=[{"label": "home", "city": "Leeds"}])
    world.run()
    assert only(world.apps["b"])["mails"] == [ann, bob]
    idle(world)
    world.apps["a"].edit("a1", mails=[ann, bob, cy])
    world.apps["b"].edit(
        "b1", mails=[ann], homes=[{"label": "home", "city": "York"}, {"label": "work", "city": "Hull"}]
    )
    world.run()
    for app in world.apps.values():
        assert only(app)["mails"] == [ann, cy]
        assert {one["label"]: one["city"] for one in only(app)["homes"]} == {"home": "York", "work": "Hull"}
    idle(world)
    world.apps["b"].edit("b1", mails=[cy, ann])
    world.run()
    assert only(world.apps["a"])["mails"] == [cy, ann]
    idle(world)


def test_one_value_is_the_main_entry_of_a_list(start: Start) -> None:
    rows = "  mail: {a: mail, b: mails}\n  mobile: {a: mobile, b: phones, via: {b: [{pick: mobile}]}}\n"
    rows += "  phone: {a: phone, b: phones, via: {b: [{pick: [work, other]}]}}\n"
    world = start(
        rows,
        {"mail": Field(type="email"), "mobile": Field(type="phone"), "phone": Field(type="phone")},
        {"mails": Field(type="emails", many=True), "phones": Field(type="phones", many=True)},
    )
    world.apps["a"].add(key="k", mail="Ann@x.org", mobile="+49 151 1234567", phone="+49 30 123456")
    world.run()
    assert only(world.apps["b"])["mails"] == [{"value": "ann@x.org", "label": None}]
    assert {(one["label"], one["value"]) for one in only(world.apps["b"])["phones"]} == {
        ("mobile", "+491511234567"),
        ("work", "+4930123456"),
    }
    idle(world)
    home = {"value": "ann@home.org", "label": "home"}
    world.apps["b"].edit("b1", mails=[*only(world.apps["b"])["mails"], home])
    assert told(world.run()) == 0
    world.apps["b"].edit("b1", mails=[home])
    world.run()
    assert only(world.apps["a"])["mail"] == "ann@home.org"
    world.apps["a"].edit("a1", mobile=None, mail="new@x.org")
    world.run()
    assert only(world.apps["b"])["phones"] == [{"value": "+4930123456", "label": "work"}]
    assert only(world.apps["b"])["mails"] == [{"value": "new@x.org", "label": "home"}]
    idle(world)


def test_an_address_of_fields_and_one_in_a_list(start: Start) -> None:
    a = {name: Field(type="text", means=f"contact.{name}") for name in ("street", "city", "postcode")}
    a["country"] = Field(type="country", means="contact.country")
    rows = "  address: {a: [street, city, postcode, country], b: homes}\n  active: {a: on, b: on}\n"
    flag = {"on": Field(type="bool")}
    world = start(rows, {**a, **flag}, {"homes": Field(type="addresses", many=True), **flag})
    world.apps["a"].add(key="k", street="1 High St", city="Leeds", postcode="LS1", country="United Kingdom", on=False)
    world.run()
    (home,) = only(world.apps["b"])["homes"]
    assert (home["street"], home["country"], only(world.apps["b"])["on"]) == ("1 High St", "United Kingdom", False)
    idle(world)
    world.apps["b"].edit("b1", homes=[{**home, "city": "York", "country": "GB"}], on=True)
    world.run()
    changed = only(world.apps["a"])
    assert (changed["city"], changed["country"], changed["street"]) == ("York", "United Kingdom", "1 High St")
    assert changed["on"] is True
    world.apps["b"].edit("b1", on=False)
    world.run()
    assert only(world.apps["a"])["on"] is False
    idle(world)


def test_a_poorer_side_takes_nothing_from_a_richer(start: Start) -> None:
    rows = """\
  n: {a: n, b: n}
  due: {a: due, b: due}
  tags: {a: tags, b: tags, each: tag}
  kind: {a: kind, b: kind, via: {a: [{table: {gold: vip, basic: normal}, default: normal}]}}
"""
    a = {
        "n": Field(type="number", dialect="text"),
        "due": Field(type="date", means="t.due"),
        "kind": Field(type="text"),
    }
    b = {"n": Field(type="number", digits=0), "due": Field(type="instant", means="t.due")}
    b["kind"] = Field(type="choice", choices={"vip": "vip", "normal": "normal"})
    world = start(rows, a | {"tags": Field(type="tags", many=True)}, b | {"tags": Field(type="tags", dialect="comma")})
    world.apps["a"].add(key="k", n="12.40", due="2026-12-01", tags=["x", "y"], kind="silver")
    world.run()
    there = only(world.apps["b"])
    assert (there["n"], there["due"], there["tags"], there["kind"]) == (12, "2026-12-01T00:00:00Z", "x, y", "normal")
    idle(world)
    world.apps["b"].edit("b1", due="2026-12-01T09:30:00Z", tags="x, z")
    world.run()
    here = only(world.apps["a"])
    assert (here["n"], here["due"], here["tags"], here["kind"]) == ("12.40", "2026-12-01", ["x", "z"], "silver")
    idle(world)
    world.apps["a"].edit("a1", due="2026-12-02")
    world.run()
    assert only(world.apps["b"])["due"] == "2026-12-02T09:30:00Z"
    idle(world)


def test_a_computed_row_goes_one_way(start: Start) -> None:
    rows = "  label: {a: [maker, title], b: label, to: b, via: {a: [{computed: \"maker + ': ' + title\"}]}}\n"
    world = start(rows, {n: Field(type="text") for n in ("maker", "title")}, {"label": Field(type="text")})
    world.apps["a"].add(key="k", maker="Acme", title="Anvil")
    world.run()
    assert only(world.apps["b"])["label"] == "Acme: Anvil"
    world.apps["a"].edit("a1", title="Hammer")
    world.run()
    assert only(world.apps["b"])["label"] == "Acme: Hammer"
    idle(world)
