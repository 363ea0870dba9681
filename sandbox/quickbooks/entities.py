"""What a customer, an item and so on may hold, and what QuickBooks makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.quickbooks.errors import Wrong

Data = dict[str, Any]
PEOPLE = ("Customer", "Vendor", "Employee")
"""They share their names."""
NAME = {
    "Customer": "DisplayName",
    "Vendor": "DisplayName",
    "Employee": "DisplayName",
    "Item": "Name",
    "Account": "Name",
}
_ADDRESS = {**{f"Line{number}": 500 for number in range(1, 6)}, "City": 255, "Country": 255}
_ADDRESS |= {"CountrySubDivisionCode": 255, "PostalCode": 31, "Id": 0, "Lat": 0, "Long": 0}
_PHONE, _REF = {"FreeFormNumber": 30}, {"value": 0, "name": 0, "type": 0}
_PERSON: dict[str, Any] = {
    "DisplayName": 500,
    "Title": 16,
    "GivenName": 100,
    "MiddleName": 100,
    "FamilyName": 100,
    "Suffix": 16,
    "CompanyName": 100,
    "PrintOnCheckName": 110,
    "PrimaryEmailAddr": {"Address": 100},
    "PrimaryPhone": _PHONE,
    "AlternatePhone": _PHONE,
    "Mobile": _PHONE,
    "Fax": _PHONE,
    "WebAddr": {"URI": 1000},
    "BillAddr": _ADDRESS,
    "Active": bool,
}
_REFS = ("DefaultTaxCodeRef", "SalesTermRef", "PaymentMethodRef", "CurrencyRef", "ParentRef", "ARAccountRef")
_ACCOUNTS = ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef")
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "Customer": {
        **_PERSON,
        "ShipAddr": _ADDRESS,
        "Notes": 2000,
        "Taxable": bool,
        "Job": bool,
        "BillWithParent": bool,
        "IsProject": bool,
        "ResaleNum": 15,
        "PrimaryTaxIdentifier": 20,
        "PreferredDeliveryMethod": 20,
        "OpenBalanceDate": 10,
        **dict.fromkeys(_REFS, _REF),
    },
    "Vendor": _PERSON,
    "Employee": _PERSON,
    "Item": {
        "Name": 100,
        "Sku": 100,
        "Description": 4000,
        "PurchaseDesc": 1000,
        "Type": 20,
        "Active": bool,
        "Taxable": bool,
        "SubItem": bool,
        "TrackQtyOnHand": bool,
        "SalesTaxIncluded": bool,
        "PurchaseTaxIncluded": bool,
        "UnitPrice": Decimal,
        "PurchaseCost": Decimal,
        "QtyOnHand": Decimal,
        "AbatementRate": Decimal,
        "ReverseChargeRate": Decimal,
        "InvStartDate": 10,
        "ServiceType": 20,
        "ItemCategoryType": 20,
        **dict.fromkeys(("ParentRef", "SalesTaxCodeRef", "PurchaseTaxCodeRef", *_ACCOUNTS), _REF),
    },
    "Account": {"Name": 100, "AccountType": 40, "AccountSubType": 40, "Active": bool},
}
"""Entity -> member -> the length of a text, the members of an object, bool or Decimal."""
READ_ONLY = {
    "Id",
    "SyncToken",
    "sparse",
    "domain",
    "MetaData",
    "FullyQualifiedName",
    "Level",
    "Balance",
    "BalanceWithJobs",
}
_DEFAULTS: Mapping[str, Data] = {
    "Customer": {
        "Active": True,
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "PreferredDeliveryMethod": "None",
    },
    "Item": {"Active": True, "Taxable": False, "UnitPrice": 0, "PurchaseCost": 0, "TrackQtyOnHand": False},
}


def made(entity: str, given: Mapping[str, Any]) -> Data:
    """A new object."""
    data = {"Active": True, **_DEFAULTS.get(entity, {}), **stored(entity, given)}
    if entity in PEOPLE and not data.get("DisplayName"):
        parts = [data.get(name) for name in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")]
        data["DisplayName"] = " ".join(filter(None, parts))
    if not data.get(NAME[entity]):
        raise _required(NAME[entity])
    if entity == "Item":
        _whole_item(data)
    return data


def changed(entity: str, before: Data, given: Mapping[str, Any]) -> Data:
    """The object after an update: all of it is replaced, unless the update is sparse."""
    fresh = stored(entity, given)
    kept = before if given.get("sparse") in (True, "true") else _DEFAULTS.get(entity, {})
    cleared = {name for name, value in given.items() if value == ""}
    data = {**{name: value for name, value in kept.items() if name not in cleared}, **fresh}
    if entity in NAME and not data.get(NAME[entity]):
        raise _required(NAME[entity])
    if entity == "Item":
        data.setdefault("Type", before.get("Type"))
        if data["Type"] != before.get("Type") and "Inventory" in (data["Type"], before.get("Type")):
            raise Wrong(
                "6000", "A business validation error has occurred", "You can't change the type of this item.", "Type"
            )
    return data


def stored(entity: str, given: Mapping[str, Any]) -> Data:
    """The members as they are kept, without those that are empty."""
    shape = SHAPES[entity]
    data: Data = {}
    for name, value in given.items():
        if name in READ_ONLY:
            continue
        if name not in shape:
            detail = f"Property Name:{name} specified is unsupported or invalid"
            raise Wrong("2010", "Request has invalid or unsupported property", detail, name)
        kept = _value(name, shape[name], value)
        if kept is not None:
            data[name] = kept
    if email := (data.get("PrimaryEmailAddr") or {}).get("Address"):
        _email(str(email))
    name = NAME[entity]
    if any(letter in data.get(name, "") for letter in "\t\n:"):
        raise Wrong("2040", "Invalid character", f"{name} has a colon, a tab or a new line", name)
    return data


def _value(name: str, shape: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(shape, Mapping):
        members = {member: _value(name, length, value.get(member)) for member, length in shape.items()}
        members = {member: kept for member, kept in members.items() if kept is not None}
        return members or None
    if shape is bool:
        return str(value).lower() == "true"
    if shape is Decimal:
        return _amount(name, value)
    text = str(value).strip()
    if shape and len(text) > shape:
        detail = f"String length is longer than supported by specification. Max:{shape} supplied length:{len(text)}"
        raise Wrong("2050", "String length is invalid", detail, name)
    return text or None


def _amount(name: str, value: Any) -> float | None:
    if value == "":
        return None
    try:
        return float(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))
    except InvalidOperation as error:
        raise Wrong("2090", "Invalid Number", f"Invalid Number : {value}", name) from error


def _email(address: str) -> None:
    if "@" not in address or " " in address.strip():
        detail = "Email Address does not conform to the syntax rules of RFC 822."
        raise Wrong("2210", "Invalid Email Address format", detail, "PrimaryEmailAddr")


def _whole_item(data: Data) -> None:
    data.setdefault("Type", "Service")
    if data["Type"] not in ("Service", "NonInventory", "Inventory", "Category"):
        raise Wrong("2170", "Invalid Enumeration", f"Invalid Enumeration : {data['Type']}", "Type")
    needed = ["IncomeAccountRef"] if data["Type"] != "Category" else []
    if data["Type"] == "Inventory":
        needed += ["ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate"]
    for name in needed:
        if data.get(name) is None:
            raise _required(name)


def _required(name: str) -> Wrong:
    return Wrong(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        name,
    )


def copy(data: Mapping[str, Any]) -> Data:
    """Nobody else's."""
    return deepcopy(dict(data))
