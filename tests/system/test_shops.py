"""Two shops through the engine: products whose variants are merged one by one, deletions that only a scan shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import App, connect
from engine.contract import Done, Op, Record, Write
from flows import direct
from flows.project import Project
from flows.session import Session
from sandbox import start
from tests.connectors.control import Control

MAPPING = """\
name: goods
about: Two shops of one house.
sides:
  a: {app: shopify, object: products}
  b: {app: shopify, object: products}
match: [[name]]
fields:
  name:     {a: title, b: title}
  about:    {a: descriptionHtml, b: descriptionHtml}
  price:    {a: price, b: price}
  tags:     {a: tags, b: tags, each: tag}
  variants: {a: variants, b: variants, each: sku}
"""
SYNC = "sync: it\nmapping: goods\nsides:\n  a: {connection: a}\n  b: {connection: b}\n"


class Shops:
    """Both shops, the sync between them, and people who work in them. Clocks stand still between runs."""

    def __init__(self, root: Path, settings: dict[str, dict[str, str]]) -> None:
        for name, text in (("mappings/goods.yaml", MAPPING), ("deployments/it.yaml", SYNC)):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
        self.project = Project.at(root)
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self._settings = settings
        self.people = self._apps()
        self.wait(0)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for each in self._settings.values():
            Control(each["base_url"])._send("POST", "now", {"now": self.now.isoformat()})

    def run(self, *, full: bool = False) -> int:
        """A run some time later: its writes."""
        self.wait(600)
        session = Session(self.project, "it", lambda: self.now, self._apps())
        report = direct.run(self.project, "it", session=session, full=full)
        assert not report.errors, report
        return sum(sum(ops.values()) for ops in report.writes.values())

    def goods(self, side: str) -> dict[str, Record]:
        """By title."""
        pages = self.people[side].scan("products", {})
        return {str(record.data["title"]): record for page in pages for record in page.records}

    def make(self, side: str, title: str, **data: Any) -> None:
        self._write(side, Write(op=Op.CREATE, key=f"people {title}", data={"title": title, **data}))

    def edit(self, side: str, title: str, **data: Any) -> None:
        self._write(side, Write(op=Op.UPDATE, key="people", id=self.goods(side)[title].id, data=data))

    def price(self, side: str, title: str, sku: str, price: str) -> None:
        """One variant's."""
        variants = self.goods(side)[title].data["variants"]
        self.edit(side, title, variants=[each | ({"price": price} if each["sku"] == sku else {}) for each in variants])

    def prices(self, side: str, title: str) -> dict[str, str]:
        """Of the variants."""
        return {each["sku"]: each["price"] for each in self.goods(side)[title].data["variants"]}

    def delete(self, side: str, title: str) -> None:
        self._write(side, Write(op=Op.DELETE, key="people", id=self.goods(side)[title].id))

    def _write(self, side: str, write: Write) -> None:
        (outcome,) = self.people[side].write("products", {}, [write])
        assert isinstance(outcome, Done), outcome

    def _apps(self) -> dict[str, App]:
        return {side: connect("shopify", each, sleep=lambda _: None) for side, each in self._settings.items()}


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Shops]:
    with start("shopify") as a, start("shopify") as b:
        yield Shops(tmp_path, {side: {"base_url": s.url, "token": s.token} for side, s in (("a", a), ("b", b))})


def shirt(*sizes: str) -> list[dict[str, Any]]:
    return [{"options": {"Size": size}, "sku": f"S-{size}", "price": "19"} for size in sizes]


def test_two_shops_stay_the_same(shops: Shops) -> None:
    shops.make("a", "Mug", price="5", tags=["red"])
    shops.make("b", "Mug", price="5.00", descriptionHtml="<p>Big</p>")
    shops.make("a", "Shirt", variants=shirt("M", "S"))
    shops.make("b", "Cup", price="3")
    assert shops.run() == 4, "one create each, and the two halves of the mug"
    assert shops.run() == 0
    assert set(shops.goods("a")) == set(shops.goods("b")) == {"Mug", "Cup", "Shirt"}
    assert "Big" in shops.goods("a")["Mug"].data["descriptionHtml"]
    assert shops.prices("b", "Shirt") == {"S-M": "19.00", "S-S": "19.00"}

    shops.price("a", "Shirt", "S-M", "21")
    shops.price("b", "Shirt", "S-S", "17")
    shops.edit("b", "Mug", price="6.5")
    assert shops.run() == 3
    assert shops.prices("a", "Shirt") == shops.prices("b", "Shirt") == {"S-M": "21.00", "S-S": "17.00"}
    assert shops.goods("a")["Mug"].data["price"] == "6.50"
    assert shops.run() == shops.run(full=True) == 0

    shops.delete("b", "Cup")
    assert shops.run() == 0, "nothing tells of it"
    shops.run(full=True)
    shops.run(full=True)
    assert set(shops.goods("a")) == {"Mug", "Shirt"}
    assert shops.run() == 0


def test_a_product_that_gets_variants_keeps_its_price_elsewhere(shops: Shops) -> None:
    """Its price is not read any more: that is no reason to clear it."""
    shops.make("a", "Shirt", price="19")
    shops.run()
    shops.edit("a", "Shirt", variants=shirt("S", "M"))
    shops.run()
    assert "price" not in shops.goods("b")["Shirt"].data
    assert shops.prices("b", "Shirt") == {"S-S": "19.00", "S-M": "19.00"}
    assert shops.run() == 0
