"""Outlook calendars through Microsoft Graph v1.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from connectors import graph_hooks
from connectors.graph import LIMIT, ROOT, converse
from connectors.graph_account import ADDRESS, sign_in
from connectors.hook import Hook, Subscription
from connectors.http import Client
from connectors.outlook_calendar import delta
from connectors.outlook_calendar.errors import classify
from connectors.outlook_calendar.schema import FIELDS
from connectors.outlook_calendar.series import gone, record_of
from connectors.outlook_calendar.writing import Writer
from connectors.rest import known
from connectors.setting import OAUTH, Setting
from engine.contract import AppError, Caps, Done, Failed, Json, Outcome, Page, Record, Schema, Support, Write


class Connector:
    """One mailbox's calendars. Object: `events`; scope: `{"calendar": name or id}`, and `from`/`to` for the window."""

    app: ClassVar = "outlook_calendar"
    title: ClassVar = "Outlook Calendar"
    objects: ClassVar = ("events",)
    fields: ClassVar = {"events": FIELDS}
    settings: ClassVar = (
        ADDRESS,
        *OAUTH,
        Setting(
            name="mail_guests", help="yes: changing a meeting may make Outlook send mail to its guests", default="no"
        ),
    )
    sign_in: ClassVar = sign_in("Calendars.ReadWrite")
    caps: ClassVar = Caps(
        objects=("events",),
        delta=Support.YES,
        tombstones=Support.QUIRK,
        guarded=Support.YES,
        stamped=Support.YES,
        webhooks=Support.YES,
        mail=Support.YES,
        batch=LIMIT,
        page=delta.PAGE,
        calls=(16, timedelta(seconds=1)),
        proven="a stand-in that is exercised by msgraph-sdk",
    )
    hook: ClassVar = Hook(hear=graph_hooks.hear, covers="object")
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        self._mails = settings.get("mail_guests", "no").lower() == "yes"
        self._folders: dict[str, str] = {"primary": "me/calendar"}

    def check(self) -> str:
        """The owner of the default calendar."""
        calendar = self._http.json("GET", f"{ROOT}/me/calendar")
        owner = calendar.get("owner") or {}
        return str(owner.get("address") or owner.get("name") or calendar["name"])

    def schema(self, obj: str) -> Schema:
        """The same for every mailbox."""
        known(self.title, self.objects, obj)
        return Schema(fields=FIELDS)

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All singles and series of the calendar, in whatever year."""
        known(self.title, self.objects, obj)
        return delta.scan(self._http, delta.find_calendar(self._http, delta.name_of(scope)), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor."""
        known(self.title, self.objects, obj)
        return delta.changes(self._http, scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named records, in order of arrival."""
        known(self.title, self.objects, obj)
        for id, held in delta.read(self._http, self._folder(scope), ids):
            yield record_of(held) if held else gone(id)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write; up to 20 at a time share their requests."""
        known(self.title, self.objects, obj)
        writer = Writer(self._folder(scope), self._mails)
        for key, result in converse(self._http, ((write.key, writer.talk(write)) for write in writes)):
            yield Failed(key, result) if isinstance(result, AppError) else Done(key, result)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """A subscription tells of all calendars of the mailbox."""
        known(self.title, self.objects, obj)
        return graph_hooks.subscribe(self._http, "me/events", url, secret)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """Six more days."""
        return graph_hooks.renew(self._http, subscription)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it."""
        graph_hooks.unsubscribe(self._http, subscription)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _folder(self, scope: Json) -> str:
        name = delta.name_of(scope)
        if name not in self._folders:
            self._folders[name] = delta.find_calendar(self._http, name).folder
        return self._folders[name]
