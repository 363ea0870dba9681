"""The people of the tenant: who owns the mailbox, and how the directory spells an address."""

from __future__ import annotations

from typing import Any

from sandbox.graph.errors import Refusal

DOMAIN = "northwind.example"
OWNER = {"name": "Robin Keller", "address": f"Robin.Keller@{DOMAIN}"}
OWNER_ID = "7d3f0c52-6b1e-4f0a-9a53-2f3f8f1b6c10"
TENANT_ID = "4b0f8a4e-0c5c-4a3f-8f6e-5d1c2f7e9a01"


def is_owner(address: str) -> bool:
    """Whether this is the mailbox's own address."""
    return address.lower() == OWNER["address"].lower()


def resolve(value: Any) -> dict[str, str]:
    """An emailAddress as Exchange stores it.

    Colleagues get the directory's name and spelling (`anna.berg@...` becomes `Anna.Berg@...`, "Anna Berg"); of others
    the address is kept, and is the name where none is given.
    """
    given = value if isinstance(value, dict) else {}
    address = str(given.get("address") or "").strip()
    local, _, domain = address.partition("@")
    if not local or not domain or " " in address:
        raise Refusal(400, "ErrorInvalidRecipients", f"The address '{address}' of an attendee is not valid.")
    if domain.lower() != DOMAIN:
        return {"name": str(given.get("name") or address), "address": address}
    names = [part.capitalize() for part in local.split(".")]
    return {"name": " ".join(names), "address": f"{'.'.join(names)}@{DOMAIN}"}
