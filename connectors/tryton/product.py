"""Products: variants, shown together with the template that holds their name and price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from connectors.tryton.kind import STAMP, Names, Raw, amount, money, times
from connectors.tryton.rpc import Rpc
from engine.contract import Field, Invalid

KINDS = {"goods": "goods", "service": "service", "assets": "assets"}
FIELDS: Mapping[str, Field] = {
    "name": Field(type="text", label="Name", means="product.name", required=True),
    "code": Field(type="text", label="Code", means="product.sku", unique=True),
    "description": Field(type="html", dialect="plain", label="Description", means="product.description"),
    "type": Field(type="choice", label="Type", means="product.kind", choices=KINDS),
    "list_price": Field(type="money", dialect="text", label="List price", means="product.price", digits=4),
    "cost_price": Field(type="money", dialect="text", label="Cost price", means="product.cost", digits=4),
    "default_uom": Field(type="text", label="Unit", means="product.unit"),
    "active": Field(type="bool", label="Active", means="product.active"),
}
_TEMPLATE = ("name", "type", "list_price", "default_uom")


class Product:
    model: ClassVar[str] = "product.product"
    fields: ClassVar[Mapping[str, Field]] = FIELDS
    names: ClassVar[Sequence[str]] = (
        *("code", "description", "cost_price", "active", "identifiers.code"),
        *("template.name", "template.code", "template.type", "template.list_price", "template.default_uom.name"),
        *("template.products", "template._timestamp", "template.write_date"),
    )
    dated: ClassVar[Sequence[str]] = ("template",)

    def native(self, raw: Raw) -> dict[str, Any]:
        above = raw["template."]
        return {
            "name": above["name"] or None,
            "code": raw["code"] or None,
            "description": raw["description"] or None,
            "type": above["type"],
            "list_price": money(above["list_price"]),
            "cost_price": money(raw["cost_price"]),
            "default_uom": above["default_uom."]["name"] if above["default_uom."] else None,
            "active": bool(raw["active"]),
        }

    def stamps(self, raw: Raw) -> dict[str, str]:
        return times(raw, self.model, {"template": "product.template"})

    def create(self, rpc: Rpc, names: Names, data: Mapping[str, Any], stamp: str) -> int:
        own = self._own({"template.": {"code": None}}, data)
        own["identifiers"] = [["create", [{"code": STAMP + stamp}]]]
        above = {"type": "goods", **self._above(names, data)}
        above.setdefault("default_uom", names.piece)
        made = rpc.write("model.product.template.create", [{**above, "products": [["create", [own]]]}])[0]
        rows = rpc.read("model.product.template.read", [made], ["products"])
        return int(rows[0]["products"][0])

    def update(self, rpc: Rpc, names: Names, raw: Raw, data: Mapping[str, Any]) -> None:
        """In one transaction: the variant is written by way of its template."""
        values, own = self._above(names, data), self._own(raw, data)
        if own:
            values["products"] = [["write", [raw["id"]], own]]
        if values:
            context = {"_timestamp": self.stamps(raw)}
            rpc.write("model.product.template.write", [raw["template."]["id"]], values, context=context)

    def delete(self, rpc: Rpc, raw: Raw) -> None:
        """With its template, where that has no other variant."""
        context = {"_timestamp": self.stamps(raw)}
        if raw["template."]["products"] in ([raw["id"]], (raw["id"],)):
            rpc.write("model.product.template.delete", [raw["template."]["id"]], context=context)
        else:
            rpc.write("model.product.product.delete", [raw["id"]], context=context)

    def _above(self, names: Names, data: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: data[name] for name in _TEMPLATE if name in data}
        if "list_price" in values:
            values["list_price"] = amount("list_price", values["list_price"])
        if "default_uom" in values:
            values["default_uom"] = names.find("default_uom", names.units, values["default_uom"])
        return values

    def _own(self, raw: Raw, data: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: data[name] for name in ("description", "active") if name in data}
        if "cost_price" in data:
            values["cost_price"] = amount("cost_price", data["cost_price"])
        if "code" in data:
            prefix, code = raw["template."]["code"] or "", data["code"] or ""
            if not code.startswith(prefix):
                raise Invalid(f"The codes of this product's variants begin with {prefix!r}.", field="code")
            values["suffix_code"] = code.removeprefix(prefix) or None
        return values
