"""What may be asked of events: how to show them, which to list."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.graph.ids import uid_of
from sandbox.graph.query import Filtering, by_extended, expanded, unexpandable
from sandbox.graph.zones import instant, windows_name
from sandbox.outlook_calendar.events import Item
from sandbox.outlook_calendar.wire import Wish

EVENTS: Filtering[Item] = Filtering(
    {
        "lastModifiedDateTime": lambda item: instant(item.event.modified),
        "createdDateTime": lambda item: instant(item.event.created),
        "start/dateTime": lambda item: instant(item.times.begins),
        "end/dateTime": lambda item: instant(item.times.ends),
        "subject": lambda item: str(item.props["subject"]),
        "iCalUId": lambda item: uid_of(item.event.uid, item.day),
        "uid": lambda item: item.event.uid,
        "type": lambda item: item.kind,
        "showAs": lambda item: str(item.props["showAs"]),
    },
    by_extended(lambda item: item.extended),
)


def wish_of(query: Mapping[str, str], prefer: Mapping[str, str]) -> Wish:
    """What the client wants to see; Refusal (400) for zones and expansions that do not exist."""
    zone = prefer.get("outlook.timezone", "UTC")
    select = query.get("$select", "")
    extended, names = expanded(query.get("$expand", ""))
    if strange := names - {"exceptionOccurrences"}:
        raise unexpandable(min(strange))
    return Wish(
        zone=windows_name(zone),
        zone_name=zone,
        text_body=prefer.get("outlook.body-content-type", "").lower() == "text",
        immutable=prefer.get("idtype", "") == "ImmutableId",
        select=frozenset(name.strip() for name in select.split(",")) if select else None,
        extended=extended,
        exceptions="exceptionOccurrences" in names,
    )
