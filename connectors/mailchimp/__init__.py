"""Members of Mailchimp audiences, through the Marketing API 3.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from connectors.hook import Subscription
from connectors.http import Client
from connectors.mailchimp import hooks, members
from connectors.mailchimp.consent import MaySubscribe
from connectors.mailchimp.errors import classify
from connectors.mailchimp.members import ROOT, Audience
from connectors.mailchimp.merging import FIELDS, STAMP, joined
from connectors.mailchimp.writing import BATCH, Writer
from connectors.rest import known
from connectors.setting import BASE_URL, Setting
from engine.contract import Caps, Invalid, Json, Op, Outcome, Page, Record, Refused, Schema, Support, Write

OBJECTS = ("members",)
MOST = {"count": 1000}
CAPS = Caps(
    objects=OBJECTS,
    delta=Support.YES,
    tombstones=Support.QUIRK,
    guarded=Support.NO,
    stamped=Support.YES,
    webhooks=Support.QUIRK,
    batch=BATCH,
    page=members.COUNT,
    calls=(10, timedelta(seconds=1)),
    proven="a stand-in that is exercised by mailchimp-marketing",
)


class Connector:
    """One Mailchimp account. Scope: `{"audience": name or id}`; not needed where there is only one."""

    app: ClassVar = "mailchimp"
    title: ClassVar = "Mailchimp"
    objects: ClassVar = OBJECTS
    fields: ClassVar = FIELDS
    settings: ClassVar = (
        Setting(
            name=BASE_URL,
            help="Address of the API: https://DC.api.mailchimp.com, where DC is the end of the API key, such as us21",
            required=True,
        ),
        Setting(name="password", help="API key", secret=True),
        Setting(name="username", help="Anything: Mailchimp does not look at it", default="syncline"),
        Setting(name="token", help="An OAuth access token, instead of the API key", secret=True),
        Setting(
            name="may_subscribe",
            help="Whether a sync may subscribe people: no, ask (Mailchimp mails them to confirm) or yes",
            default="no",
        ),
        Setting(
            name="stamp",
            help="no: members get no SYNCLINE key; a create of unknown outcome is then matched, or you are asked",
            default="yes",
        ),
    )
    sign_in: ClassVar = None
    caps = CAPS
    hook: ClassVar = hooks.HOOK
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        self._allowed = _allowed(settings.get("may_subscribe", "no"))
        self._stamped = settings.get("stamp", "yes").lower() != "no"
        self._audiences: dict[str, Audience] = {}
        if not self._stamped:
            self.caps = replace(CAPS, stamped=Support.NO)

    def check(self) -> str:
        """The account's name and number."""
        account = self._http.json("GET", ROOT, params={"fields": "account_name,account_id"})
        return f"{account['account_name']} ({account['account_id']})"

    def schema(self, obj: str) -> Schema:
        """The merge fields of all audiences."""
        known(self.title, OBJECTS, obj)
        return Schema(joined(self._merges(str(each["id"])) for each in self._lists()))

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All members that are not archived, whatever their status."""
        known(self.title, OBJECTS, obj)
        return members.scan(self._audience(scope), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed or was archived since the cursor."""
        known(self.title, OBJECTS, obj)
        return members.changes(self._audience(scope), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named members."""
        known(self.title, OBJECTS, obj)
        return members.get(self._audience(scope), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        known(self.title, OBJECTS, obj)
        if self._stamped and any(write.op is Op.CREATE for write in writes):
            self._define(self._audience(scope))
        return Writer(self._audience(scope), self._allowed, stamped=self._stamped).write(writes)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """To the audience."""
        known(self.title, OBJECTS, obj)
        return hooks.subscribe(self._http, _chosen(self._lists(), str(scope.get("audience", ""))), url, secret)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """The same; raises Missing where it was removed."""
        return hooks.renew(self._http, subscription)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it; unknown ones are ignored."""
        hooks.unsubscribe(self._http, subscription)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _audience(self, scope: Json) -> Audience:
        wanted = str(scope.get("audience", ""))
        if wanted not in self._audiences:
            id = _chosen(self._lists(), wanted)
            merges = {str(each["tag"]): str(each["type"]) for each in self._merges(id)}
            self._audiences[wanted] = Audience(self._http, id, merges)
        return self._audiences[wanted]

    def _define(self, audience: Audience) -> None:
        """Makes the merge field that holds the keys, where it is not there yet."""
        if STAMP in audience.merges:
            return
        given = {"tag": STAMP, "name": "Syncline key", "type": "text", "public": False, "required": False}
        try:
            self._http.request("POST", f"{audience.path}/merge-fields", json=given, idempotent=True)
        except Invalid as error:
            if not any(each["tag"] == STAMP for each in self._merges(audience.id)):  # nobody else made it meanwhile
                raise Refused(
                    f"Mailchimp did not make the merge field {STAMP}, by which a new member is found again. Remove "
                    f"another field of this audience, or set stamp=no for this connection. ({error})"
                ) from error
        self._audiences = {
            name: replace(each, merges={**each.merges, STAMP: "text"}) if each.id == audience.id else each
            for name, each in self._audiences.items()
        }

    def _lists(self) -> list[dict[str, Any]]:
        fields = {"fields": "lists.id,lists.name"}
        return list(self._http.json("GET", f"{ROOT}lists", params={**fields, **MOST})["lists"])

    def _merges(self, id: str) -> list[dict[str, Any]]:
        return list(self._http.json("GET", f"{ROOT}lists/{id}/merge-fields", params=MOST)["merge_fields"])


def _allowed(setting: str) -> MaySubscribe:
    try:
        return MaySubscribe(setting.lower())
    except ValueError as error:
        raise Refused(f"may_subscribe is {setting!r}; it can be no, ask or yes.") from error


def _chosen(lists: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """The id of the audience of that name or id. Refused where there is none, or more than one."""
    found = [str(each["id"]) for each in lists if wanted in ("", each["id"], each["name"])]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{each['name']} ({each['id']})" for each in lists)
    what = f"no audience {wanted!r}" if not found else f"several audiences {wanted!r}".replace(" ''", "")
    raise Refused(f"This Mailchimp account has {what}. Name one in the scope, by its id at best. There are: {names}.")
