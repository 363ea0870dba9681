"""Webhooks of an app at Intuit: ids of what changed, in one of two forms, for all companies that use the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.hook import Call, Heard, Hook
from connectors.proof import Signed, body, named, signed

OBJECTS = {"customer": "customers", "item": "items"}


def _heard(call: Call, signature: str) -> Heard:
    told = body(call)
    return Heard(look=named(_events(told) if isinstance(told, list) else _notifications(told)), delivery=signature)


def _events(told: list[Any]) -> Iterator[tuple[str | None, object]]:
    """As CloudEvents: `qbo.customer.updated.v1`."""
    for event in told:
        yield OBJECTS.get(str(event["type"]).split(".")[1]), event["intuitentityid"]


def _notifications(told: Any) -> Iterator[tuple[str | None, object]]:
    """The former form. Of a merge both are named."""
    for company in told["eventNotifications"]:
        for entity in company["dataChangeEvent"]["entities"]:
            for id in (entity["id"], entity.get("deletedId")):
                if id:
                    yield OBJECTS.get(str(entity["name"]).lower()), id


HOOK = Hook(
    hear=signed(Signed(header="intuit-signature"), _heard),
    made="by hand",
    covers="account",
    secret="verifier_token",  # noqa: S106 - the name of a setting
    steps="Intuit: developer.intuit.com, My Hub, your app, Webhooks: enter this address, tick Customer and Item, and "
    "save the verifier token as the setting verifier_token of the connection.",
)
