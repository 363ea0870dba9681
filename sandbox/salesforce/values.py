"""What Salesforce makes of values, and what it refuses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.describe import Field
from sandbox.salesforce.errors import Wrong
from sandbox.salesforce.ids import whole

ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
TEXTS = ("string", "textarea", "phone", "url", "email", "picklist", "multipicklist", "reference", "encryptedstring")


def stored(field: Field, value: Any) -> Any:
    """The value as it is kept; None where it is empty."""
    type_ = field["type"]
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        if type_ == "boolean":
            raise Wrong(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field['label']}: value not of required type: ", _name(field)
            )
        return None
    if type_ in TEXTS:
        return _text(field, value)
    if type_ == "boolean":
        return _flag(value)
    if type_ in ("date", "datetime"):
        return _time(type_, value)
    return _number(field, value)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _unread("string", value)
    type_ = field["type"]
    if type_ == "reference":
        return whole(value)
    if field["length"] and len(value) > field["length"] and type_ != "multipicklist":
        said = f"{field['label']}: data value too large: {value[:40]} (max length={field['length']})"
        raise Wrong("STRING_TOO_LONG", said, _name(field))
    if type_ == "email" and not ADDRESS.fullmatch(value):
        raise Wrong("INVALID_EMAIL_ADDRESS", f"{field['label']}: invalid email address: {value}", _name(field))
    if type_ in ("picklist", "multipicklist"):
        return _chosen(field, value)
    return value


def _chosen(field: Field, value: str) -> str:
    """Several values come out in the order in which they are defined."""
    known = [each["value"] for each in field["picklistValues"]]
    given = value.split(";") if field["type"] == "multipicklist" else [value]
    given = [one.strip() for one in given if one.strip()]
    if field["restrictedPicklist"] and (unknown := [one for one in given if one not in known]):
        said = f"{field['label']}: bad value for restricted picklist field: {unknown[0]}"
        raise Wrong("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", said, _name(field))
    ordered = [one for one in known if one in given] + [one for one in given if one not in known]
    return ";".join(dict.fromkeys(ordered))


def _flag(value: Any) -> bool:
    if str(value).lower() in ("true", "false", "1", "0"):
        return str(value).lower() in ("true", "1")
    raise _unread("boolean", value)


def _time(type_: str, value: Any) -> str:
    """Days as they are, times in UTC and whole seconds."""
    try:
        if type_ == "date":
            return date.fromisoformat(str(value)[:10]).isoformat()
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _unread(type_, value) from error
    return shown(at.replace(tzinfo=at.tzinfo or UTC))


def _number(field: Field, value: Any) -> int | float:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _unread(field["type"], value) from error
    scale = Decimal(1).scaleb(-int(field["scale"]))
    number = number.quantize(scale, ROUND_HALF_UP)
    if abs(number) >= Decimal(10) ** (int(field["precision"]) - int(field["scale"])):
        said = f"{field['label']}: value outside of valid range on numeric field: {value}"
        raise Wrong("NUMBER_OUTSIDE_VALID_RANGE", said, _name(field))
    return int(number) if field["type"] == "int" else float(number)


def shown(at: datetime) -> str:
    """A time as Salesforce writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def _name(field: Field) -> str:
    return str(field["name"])


def _unread(type_: str, value: Any) -> Wrong:
    kind = type(value).__name__.upper()
    said = f"Cannot deserialize instance of {type_} from VALUE_{kind} value {value} or request may be missing a field"
    return Wrong("JSON_PARSER_ERROR", said, whole=True)
