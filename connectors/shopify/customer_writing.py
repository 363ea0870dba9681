"""Writing customers: their own members, their default address, and their consent, which is never raised silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shopify.api import Api, Raw
from connectors.shopify.customers import CONSENT, PLACE, PLAIN
from engine.contract import Invalid, Missing

RAISED = ("SUBSCRIBED", "PENDING")
KEPT = ("firstName", "lastName", "phone", *PLACE)
"""All of an address: it is replaced as a whole."""
DELETE = "mutation($id: ID!) { customerDelete(input: {id: $id}) { userErrors { field message } } }"
_CREATE = """mutation($given: CustomerInput!) {
  customerCreate(input: $given) { customer { id } userErrors { field message } } }"""
_UPDATE = "mutation($given: CustomerInput!) { customerUpdate(input: $given) { userErrors { field message } } }"
_CONSENT = """mutation($given: CustomerEmailMarketingConsentUpdateInput!) {
  customerEmailMarketingConsentUpdate(input: $given) { userErrors { field message } } }"""
_NOW = """query($id: ID!) { customer(id: $id) { defaultEmailAddress { marketingState }
  defaultAddress { id firstName lastName phone company address1 address2 city provinceCode zip countryCodeV2 } } }"""
_PLACED = """mutation($id: ID!, $given: MailingAddressInput!) {
  customerAddressCreate(customerId: $id, address: $given, setAsDefault: true) { userErrors { field message } } }"""
_REPLACED = """mutation($id: ID!, $old: ID!, $given: MailingAddressInput!) {
  customerAddressUpdate(customerId: $id, addressId: $old, address: $given, setAsDefault: true) {
    userErrors { field message } } }"""
_DISPLACED = """mutation($id: ID!, $old: ID!) {
  customerAddressDelete(customerId: $id, addressId: $old) { userErrors { field message } } }"""


def create(
    api: Api, values: Mapping[str, Any], metafields: Sequence[Raw], names: Sequence[str], *, may_subscribe: bool
) -> str:
    """customerCreate: of two with the same key, Shopify refuses the second."""
    given = {**_plain(values), "metafields": metafields}
    if state := consent(values.get(CONSENT), None, may_subscribe=may_subscribe):
        given[CONSENT] = _agreed(state)
    if place := {name: values[name] for name in PLACE if name in values}:
        given["addresses"] = [{name: values[name] for name in ("firstName", "lastName") if name in values} | place]
    return str(api.do(_CREATE, idempotent=False, names=names, given=given)["customer"]["id"])


def update(api: Api, gid: str, values: Mapping[str, Any], *, may_subscribe: bool) -> None:
    """What is to change."""
    now: Raw = {}
    if CONSENT in values or set(values) & set(PLACE):
        found = api.query(_NOW, id=gid)["customer"]
        if found is None:
            raise Missing("Shopify has no such customer any more.")
        now = found
    before = (now.get("defaultEmailAddress") or {}).get("marketingState")
    state = consent(values.get(CONSENT), before, may_subscribe=may_subscribe)
    if plain := _plain(values):
        api.do(_UPDATE, given={"id": gid, **plain})
    if state:
        api.do(_CONSENT, given={"customerId": gid, CONSENT: _agreed(state)})
    if set(values) & set(PLACE):
        _move(api, gid, now.get("defaultAddress") or {}, values)


def consent(wanted: str | None, before: str | None, *, may_subscribe: bool) -> str | None:
    """The state to send, or None where there is nothing to send. Raises Invalid where it would raise it without leave.

    `PENDING` would make Shopify ask the person by mail: that is never sent.
    """
    if wanted is None or wanted == before:
        return None
    if wanted not in RAISED:
        lowered = wanted == "UNSUBSCRIBED" or before in RAISED
        return "UNSUBSCRIBED" if lowered else None
    if wanted == "SUBSCRIBED" and may_subscribe:
        return wanted
    advice = "Change it in Shopify" + (", or set may_subscribe=yes." if wanted == "SUBSCRIBED" else ".")
    raise Invalid(f"This would raise the consent to mailings, which a sync may not do here. {advice}", field=CONSENT)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {name: values[name] or "" for name in PLAIN if name in values}
    if given.get("locale") == "":  # everybody has one
        del given["locale"]
    return given | ({"tags": values["tags"] or []} if "tags" in values else {})


def _agreed(state: str) -> dict[str, str]:
    level = {"marketingOptInLevel": "SINGLE_OPT_IN"} if state == "SUBSCRIBED" else {}
    return {"marketingState": state, **level}


def _move(api: Api, gid: str, old: Raw, values: Mapping[str, Any]) -> None:
    """The default address with these parts. Without any part left it is taken away."""
    given = {name: old.get("countryCodeV2" if name == "countryCode" else name) for name in KEPT}
    if values.get("countryCode", given["countryCode"]) != given["countryCode"]:
        given["provinceCode"] = None  # it was one of the former country
    given |= {name: values[name] for name in PLACE if name in values}
    if not any(given[name] for name in PLACE):
        if old:
            api.do(_DISPLACED, id=gid, old=old["id"])
    elif old:
        api.do(_REPLACED, id=gid, old=old["id"], given=given)
    else:
        api.do(_PLACED, idempotent=False, id=gid, given={name: value for name, value in given.items() if value})
