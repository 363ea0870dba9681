"""What objects there are and of which fields, as `describe` tells it. Custom fields end with `__c`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Field = dict[str, Any]
"""An entry of `fields` in a describe result."""
PREFIXES = {"Account": "001", "Contact": "003", "User": "005", "Opportunity": "006", "Product2": "01t"}
_SYSTEM = (
    ("Id", "id", 18),
    ("IsDeleted", "boolean", 0),
    ("CreatedDate", "datetime", 0),
    ("CreatedById", "reference", 18),
    ("LastModifiedDate", "datetime", 0),
    ("LastModifiedById", "reference", 18),
    ("SystemModstamp", "datetime", 0),
)
_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost")
_PLACES = {"Street": ("textarea", 255), "City": ("string", 40), "State": ("string", 80)}
_PLACES |= {"PostalCode": ("string", 20), "Country": ("string", 80)}
_NUMBERS = ("int", "double", "currency", "percent")


def field(name: str, type_: str, length: int = 0, **more: Any) -> Field:
    """One field; what is not said is as usual. `values`: of a picklist; `to`: what a reference refers to."""
    values, to = more.pop("values", ()), more.pop("to", ())
    plain = {
        "name": name,
        "label": more.pop("label", None) or _label(name),
        "type": type_,
        "length": length,
        "byteLength": length * 3,
        "precision": 18 if type_ in _NUMBERS else 0,
        "scale": 2 if type_ == "currency" else 0,
        "digits": 8 if type_ == "int" else 0,
        "nillable": type_ != "boolean",
        "defaultedOnCreate": type_ == "boolean",
        "createable": True,
        "updateable": True,
        "calculated": False,
        "autoNumber": False,
        "custom": name.endswith("__c"),
        "nameField": False,
        "unique": False,
        "externalId": False,
        "idLookup": name == "Id",
        "caseSensitive": False,
        "deprecatedAndHidden": False,
        "htmlFormatted": False,
        "extraTypeInfo": None,
        "restrictedPicklist": False,
        "filterable": type_ != "textarea" or length <= 255,
        "sortable": type_ not in ("textarea", "multipicklist"),
        "compoundFieldName": None,
        "referenceTo": list(to),
        "relationshipName": name.removesuffix("Id") if to else None,
    }
    choices = [{"value": one, "label": one, "active": True, "defaultValue": False, "validFor": None} for one in values]
    return {**plain, "picklistValues": choices, **more}


_FIXED = {"createable": False, "updateable": False}
_NEEDED = {"nillable": False}


def standard() -> dict[str, dict[str, Field]]:
    """Object -> name -> field, of a fresh org."""
    users = [field("Name", "string", 121, nameField=True, **_FIXED), field("Username", "string", 80)]
    objects = {"Account": _company(), "Contact": _contact(), "Opportunity": _deal(), "Product2": _product()}
    return {name: _whole(fields) for name, fields in {**objects, "User": users}.items()}


def _account() -> Field:
    return field("AccountId", "reference", 18, to=["Account"], label="Account ID")


def _owner() -> Field:
    return field("OwnerId", "reference", 18, to=["User"], defaultedOnCreate=True, nillable=False)


def _contact() -> list[Field]:
    return [
        _account(),
        field("LastName", "string", 80, **_NEEDED),
        field("FirstName", "string", 40),
        field("Salutation", "picklist", 40, values=("Mr.", "Ms.", "Dr.")),
        field("Name", "string", 121, nameField=True, label="Full Name", **_FIXED, **_NEEDED),
        *_place("Mailing"),
        *_texts("phone", 40, "Phone", "Fax", "MobilePhone", "HomePhone"),
        field("Email", "email", 80, idLookup=True),
        *_texts("string", 128, "Title"),
        *_texts("string", 80, "Department"),
        field("LeadSource", "picklist", 255, values=("Web", "Phone Inquiry", "Partner Referral", "Other")),
        field("Birthdate", "date"),
        _long("Description"),
        _owner(),
        field("LastViewedDate", "datetime", **_FIXED),
        field("PhotoUrl", "url", 255, **_FIXED),
    ]


def _company() -> list[Field]:
    return [
        field("Name", "string", 255, nameField=True, label="Account Name", **_NEEDED),
        field("ParentId", "reference", 18, to=["Account"]),
        *_place("Billing"),
        *_texts("phone", 40, "Phone", "Fax"),
        *_texts("string", 40, "AccountNumber"),
        field("Website", "url", 255),
        field("Industry", "picklist", 255, values=("Agriculture", "Finance", "Retail", "Technology")),
        field("AnnualRevenue", "currency", scale=0),
        field("NumberOfEmployees", "int", label="Employees"),
        _long("Description"),
        _owner(),
    ]


def _deal() -> list[Field]:
    return [
        _account(),
        field("Name", "string", 120, nameField=True, **_NEEDED),
        _long("Description"),
        field("StageName", "picklist", 255, values=_STAGES, label="Stage", **_NEEDED),
        field("Amount", "currency"),
        field("Probability", "percent", precision=3),
        field("CloseDate", "date", **_NEEDED),
        field("IsWon", "boolean", **_FIXED),
        _owner(),
    ]


def _product() -> list[Field]:
    return [
        field("Name", "string", 255, nameField=True, label="Product Name", **_NEEDED),
        *_texts("string", 255, "ProductCode"),
        field("Description", "textarea", 4000, label="Product Description"),
        field("IsActive", "boolean", label="Active"),
        field("Family", "picklist", 255, values=("None",)),
        field("QuantityUnitOfMeasure", "picklist", 40, values=("Each",)),
    ]


def custom(fields: Mapping[str, Field] | None = None) -> dict[str, Field]:
    """A custom object: a name, and further fields."""
    return _whole([field("Name", "string", 80, nameField=True), *(fields or {}).values()])


def shown(name: str, prefix: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The answer of `describe`."""
    rights = dict.fromkeys(
        ("createable", "updateable", "deletable", "queryable", "retrieveable", "replicateable"), True
    )
    about = {"name": name, "label": _label(name), "labelPlural": f"{_label(name)}s", "keyPrefix": prefix}
    return {**about, **rights, "custom": name.endswith("__c"), "fields": list(fields.values())}


def _whole(fields: list[Field]) -> dict[str, Field]:
    fixed = {"createable": False, "updateable": False, "nillable": False}
    system = [field(name, type_, length, **fixed) for name, type_, length in _SYSTEM]
    master = field("MasterRecordId", "reference", 18, to=["Account"], createable=False, updateable=False)
    return {each["name"]: each for each in (*system, master, *fields)}


def _place(kind: str) -> list[Field]:
    compound = f"{kind}Address"
    parts = [field(f"{kind}{name}", *shape, compoundFieldName=compound) for name, shape in _PLACES.items()]
    return [*parts, field(compound, "address", createable=False, updateable=False, filterable=False)]


def _texts(type_: str, length: int, *names: str) -> list[Field]:
    return [field(name, type_, length) for name in names]


def _long(name: str) -> Field:
    return field(name, "textarea", 32_000)


def _label(name: str) -> str:
    plain = name.removesuffix("__c").removesuffix("2").replace("_", " ")
    return "".join(f" {letter}" if letter.isupper() and place else letter for place, letter in enumerate(plain))
