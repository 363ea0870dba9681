"""Push channels: Google calls an address when a calendar changes. A channel lasts some days and cannot be prolonged.

Messages are not signed and carry no body: a token of ours comes back in each, and the first one says that the channel
is open. Google does not promise that every message comes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from connectors.google_calendar.calendar import ROOT, Calendar
from connectors.hook import Subscription
from connectors.http import Client
from engine.contract import Missing

LIFE = timedelta(days=7)
"""What Google gives where nothing is said; it may give less than was asked for."""


def watch(calendar: Calendar, url: str, token: str) -> Subscription:
    """Opens a channel; a lost answer leaves one behind that nobody knows, and that only says twice where to look."""
    channel = {
        "id": str(uuid4()),  # never to be used again
        "type": "web_hook",
        "address": url,
        "token": token,
        "params": {"ttl": str(int(LIFE.total_seconds()))},
    }
    made = calendar.http.json("POST", f"{calendar.events}/watch", json=channel)
    until = datetime.fromtimestamp(int(made["expiration"]) / 1000, UTC)
    return Subscription(f"{made['id']} {made['resourceId']}", until)


def stop(http: Client, subscription: str) -> None:
    """Ends one, if it is still open."""
    id_, _, resource = subscription.partition(" ")
    try:
        http.request("POST", f"{ROOT}channels/stop", json={"id": id_, "resourceId": resource}, idempotent=True)
    except Missing:
        return
