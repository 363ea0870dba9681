"""Reading and writing single events, masters and occurrences, and answering invitations."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sandbox.graph.asking import ROOT, Answering, Asking
from sandbox.graph.errors import Refusal, bad_request
from sandbox.outlook_calendar.calendars import Calendars
from sandbox.outlook_calendar.events import Item
from sandbox.outlook_calendar.mailbox import Mailbox, etag
from sandbox.outlook_calendar.properties import Draft, parse_event
from sandbox.outlook_calendar.query import wish_of
from sandbox.outlook_calendar.wire import render, render_one

RESPONSES = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}


class Items:
    """Handlers: each takes the request and the variable parts of its path."""

    def __init__(self, mailbox: Mailbox, calendars: Calendars) -> None:
        self._mailbox = mailbox
        self._calendars = calendars

    def get(self, asking: Asking, name: str) -> Answering:
        item = self._mailbox.find(name)
        shown = render_one(self._mailbox, item, wish_of(asking.query, asking.prefer))
        return Answering({"@odata.context": asking.context("me/events/$entity"), **shown})

    def create(self, asking: Asking, calendar: str) -> Answering:
        """201 with the whole event; its extended properties are shown only to those who expand them."""
        wish = wish_of(asking.query, asking.prefer)
        item = self._mailbox.create(self._calendars.find(calendar).id, parse_event(asking.json()))
        shown = render(self._mailbox, item, wish)
        place = {"Location": f"{asking.base}{ROOT}/me/events/{quote(shown['id'], safe='')}"}
        return Answering({"@odata.context": asking.context("me/events/$entity"), **shown}, 201, place)

    def update(self, asking: Asking, name: str) -> Answering:
        item, wish = self._current(asking, name), wish_of(asking.query, asking.prefer)
        shown = render(self._mailbox, self._mailbox.update(item, parse_event(asking.json())), wish)
        return Answering({"@odata.context": asking.context("me/events/$entity"), **shown})

    def delete(self, asking: Asking, name: str) -> Answering:
        self._mailbox.delete(self._current(asking, name))
        return Answering(status=204)

    def respond(self, asking: Asking, name: str, verb: str) -> Answering:
        """Accept or decline an invitation of someone else; the organizer gets mail unless sendResponse is false."""
        item = self._mailbox.find(name)
        if item.props["isOrganizer"]:
            raise bad_request("You can't respond to this meeting because you're the meeting organizer.")
        if _options(asking).get("sendResponse", True):
            self._mailbox.on_mail(1)
        if verb == "decline":
            self._mailbox.delete(item, mail=False)
        else:
            self._mailbox.update(item, Draft(props={"responseStatus": RESPONSES[verb]}))
        return Answering(status=202)

    def cancel(self, asking: Asking, name: str) -> Answering:
        """What DELETE does, for organizers only, with words to the guests."""
        item = self._mailbox.find(name)
        if not item.props["isOrganizer"]:
            raise bad_request("You can't cancel this meeting because you're not the meeting organizer.")
        _options(asking)
        self._mailbox.delete(item)
        return Answering(status=202)

    def _current(self, asking: Asking, name: str) -> Item:
        """The item, still in the version of If-Match where one is sent; else Refusal (412)."""
        item = self._mailbox.find(name)
        wanted = asking.headers.get("if-match", "*").strip()
        if wanted != "*" and wanted.removeprefix("W/") != etag(item).removeprefix("W/"):
            message = "The send or update operation could not be performed because the change key does not match."
            raise Refusal(412, "ErrorIrresolvableConflict", message)
        return item


def _options(asking: Asking) -> dict[str, Any]:
    """An action's parameters, their names in any case; none at all is fine."""
    body = asking.json() if asking.body else {}
    if not isinstance(body, dict):
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    return {name[:1].lower() + name[1:]: value for name, value in body.items()}
