"""Rates of exchange in a file beside the mapping: read at each start; new ones alone write nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.contract import Field, Schema
from engine.problem import MappingError
from engine.yamlfile import load_mapping
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told

RATES = "date,currency,rate\n2026-01-01,EUR,1\n2026-11-01,USD,1.08\n"
ROW = "  price: {a: price, b: price, via: {a: [{money: {currency: EUR, rates: rates.csv}}], b: [{money: USD}]}}"


class Shop(MemoryApp):
    """Its records have a price."""

    def schema(self, obj: str) -> Schema:
        schema = super().schema(obj)
        return replace(schema, fields={**schema.fields, "price": Field(type="number")})


class Priced(World):
    """The mapping's rates are in a file."""

    def write_mapping(self, extra: str) -> None:
        self.rates(RATES)
        super().write_mapping(extra)

    def rates(self, text: str) -> None:
        (self.root / "mappings" / "rates.csv").write_text(text)


@pytest.fixture
def shops(tmp_path):
    world = Priced(tmp_path, {name: Shop(name) for name in "ab"}, ROW)
    yield world
    world.close()


def prices(world):
    return {side: sorted(row["price"] for row in app.live().values()) for side, app in world.apps.items()}


def test_amounts_are_converted_by_the_file_and_new_rates_write_nothing(shops):
    record = shops.apps["a"].add(name="shoe", price=100)
    shops.run()
    assert prices(shops) == {"a": [100], "b": [108]}
    version = shops.session().fingerprint[1]
    shops.rates(RATES.replace("1.08", "1.07") + "2026-11-23,USD,1.2\n")
    assert told(shops.run()) == 0
    assert shops.session().fingerprint[1] == version, "rates are no part of the mapping's version"
    shops.apps["a"].edit(record, price=200)
    assert told(shops.run()) == 1
    assert prices(shops) == {"a": [200], "b": [240]}
    assert told(shops.run()) == 0


def test_the_same_in_the_mapping_writes_nothing_either(shops):
    inline = "{'2026-01-01': {EUR: 1, USD: 1.08}}"
    shops.write_mapping(ROW.replace("rates.csv", inline))
    shops.apps["a"].add(name="shoe", price=100)
    shops.run()
    shops.write_mapping(ROW.replace("rates.csv", inline.replace("1.08", "1.2")))
    assert told(shops.run()) == 0
    shops.write_mapping(ROW)
    assert told(shops.run()) == 0
    assert prices(shops) == {"a": [100], "b": [108]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("day,currency,rate\n", "rates.csv:1: the first line should name the columns date, currency and rate"),
        (RATES + "2026-11-02,EU,1\n", "rates.csv:4: 'EU' is no currency"),
        (RATES + "2.11.2026,EUR,1\n", "rates.csv:4: '2.11.2026' is no day"),
        (RATES + '2026-11-02,EUR,"1,08"\n', "rates.csv:4: '1,08' is no number"),
        (RATES + "\n2026-11-01,USD,1.1\n", "rates.csv:5: USD has a rate for 2026-11-01 already, in line 3"),
        (RATES + "2026-11-02,EUR\n", "rates.csv:4: a line has a date, currency and rate"),
        ("date,currency,rate\n", "no rates in the file"),
    ],
)
def test_mistakes_in_the_file_are_told_with_their_line_and_stop_the_sync(shops, text, says):
    shops.apps["a"].add(name="shoe", price=100)
    shops.rates(text)
    with pytest.raises(MappingError) as error:
        shops.run()
    assert says in str(error.value)
    assert shops.apps["b"].live() == {}


def test_a_file_that_is_not_there_is_told_at_its_row(shops):
    path = shops.root / "mappings" / "things.yaml"
    path.write_text(path.read_text().replace("rates.csv", "rate.csv"))
    with pytest.raises(MappingError) as error:
        load_mapping(path)
    (problem,) = error.value.problems
    assert "things.yaml" in problem.file and problem.line and "did you mean 'rates.csv'" in problem.text


def test_columns_and_days_come_in_any_order_and_a_rate_holds_until_the_next(shops):
    shops.rates("rate,source,date,currency\n2,bank,2026-11-02,USD\n1.5,bank,2026-11-01,USD\n1,,2026-01-01,EUR\n")
    shops.apps["a"].add(name="shoe", price=100)
    shops.run()
    assert prices(shops)["b"] == [200]


class Abroad(Shop):
    """The first side tells the currency of each price."""

    def schema(self, obj: str) -> Schema:
        schema, own = super().schema(obj), self.name == "a"
        price = Field(type="money", dialect="object" if own else "", currency="" if own else "USD")
        return replace(schema, fields={**schema.fields, "price": price})


def test_an_amount_that_had_no_rate_is_written_once_there_is_one(tmp_path):
    row = "  price: {a: price, b: price, via: {b: [{money: {currency: USD, rates: rates.csv}}]}}"
    world = Priced(tmp_path, {name: Abroad(name) for name in "ab"}, row)
    world.apps["a"].add(name="shoe", price={"amount": "100", "currency": "CHF"})
    assert world.run().holds == 1 and world.apps["b"].live() == {}
    world.rates(RATES + "2026-11-01,CHF,0.9\n")
    assert world.run().holds == 0
    assert prices(world)["b"] == [120]
    world.close()
