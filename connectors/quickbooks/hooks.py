"""Webhooks of an app at Intuit: ids of what changed, in one of two forms, for all companies that use the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.hook import Call, Heard, Hook
from connectors.proof import Signed, body, signed, told

OBJECTS = {"customer": "customers", "item": "items"}


def _heard(call: Call, signature: str) -> Heard:
    said = body(call)
    return told(_events(said) if isinstance(said, list) else _notifications(said), delivery=signature)


def _events(said: list[Any]) -> Iterator[tuple[object, str | None, object]]:
    """As CloudEvents: `qbo.customer.updated.v1`."""
    for event in said:
        obj = OBJECTS.get(str(event["type"]).split(".")[1])
        yield event.get("intuitaccountid"), obj, event["intuitentityid"]


def _notifications(said: Any) -> Iterator[tuple[object, str | None, object]]:
    """The former form. Of a merge both are named."""
    for company in said["eventNotifications"]:
        for entity in company["dataChangeEvent"]["entities"]:
            for id in (entity["id"], entity.get("deletedId")):
                if id:
                    yield company.get("realmId"), OBJECTS.get(str(entity["name"]).lower()), id


HOOK = Hook(
    hear=signed(Signed(header="intuit-signature"), _heard),
    made="by hand",
    covers="account",
    secret="verifier_token",  # noqa: S106 - the name of a setting
    account=lambda settings, _: settings.get("realm_id", ""),
    steps="Intuit: developer.intuit.com, My Hub, your app, Webhooks: enter this address, tick Customer and Item, and "
    "save the verifier token as the setting verifier_token of the connection. One address is enough for all companies "
    "that are connected through the app with this token.",
)
