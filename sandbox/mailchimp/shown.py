"""Members as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.mailchimp.audience import Audience, hashed
from sandbox.table import Row


def shown(audience: Audience, row: Row) -> dict[str, Any]:
    """A member; times are in whole seconds."""
    data, names = row.data, row.data["merge_fields"]
    return {
        "id": hashed(data["email_address"]),
        "contact_id": row.id,
        "unique_email_id": row.id[:10],
        "web_id": int(row.id[:7], 16),
        "email_address": data["email_address"],
        "full_name": f"{names.get('FNAME', '')} {names.get('LNAME', '')}".strip(),
        "email_type": "html",
        "status": data["status"],
        "merge_fields": names,
        "language": data["language"],
        "vip": data["vip"],
        "tags_count": len(data["tags"]),
        "tags": tags(row),
        "timestamp_opt": _seconds(row.created),
        "last_changed": _seconds(row.changed),
        "list_id": audience.id,
    }


def tags(row: Row) -> list[dict[str, Any]]:
    """With numbers that come of their names."""
    return [{"id": int(hashed(tag)[:6], 16), "name": tag} for tag in row.data["tags"]]


def _seconds(iso: str) -> str:
    return datetime.fromisoformat(iso).isoformat(timespec="seconds")
