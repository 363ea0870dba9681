"""QuickBooks Online: the customers and items of one company, through the Accounting API v3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from connectors.http import Client
from connectors.quickbooks import feed, hooks
from connectors.quickbooks.books import BATCH, PAGE, Books
from connectors.quickbooks.errors import classify
from connectors.quickbooks.fields import FIELDS
from connectors.quickbooks.shape import record_of
from connectors.quickbooks.writing import Writer
from connectors.rest import known
from connectors.setting import OAUTH, OAuthApp, Setting, base_url
from engine.contract import Caps, Json, Outcome, Page, Record, Schema, Support, Write

OBJECTS = tuple(FIELDS)


class Connector:
    """One company. Its customers and items have no container, so the scope is empty."""

    app: ClassVar = "quickbooks"
    title: ClassVar = "QuickBooks Online"
    objects: ClassVar = OBJECTS
    fields: ClassVar = FIELDS
    settings: ClassVar = (
        base_url("https://quickbooks.api.intuit.com"),
        Setting(name="realm_id", help="Number of the company, which Intuit calls realm id", required=True),
        *OAUTH,
        Setting(
            name="verifier_token",
            help="Verifier token of the app's webhooks, with which Intuit signs them; only needed for webhooks",
            secret=True,
        ),
        Setting(
            name="income_account",
            help="Account, by name or number, into which the sales of new items go",
            default="Sales of Product Income",
        ),
        Setting(
            name="expense_account",
            help="Account, by name or number, on which the purchases of new items are",
            default="Cost of Goods Sold",
        ),
    )
    sign_in: ClassVar = OAuthApp(
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 - an address
        scopes=("com.intuit.quickbooks.accounting",),
    )
    caps = Caps(
        objects=OBJECTS,
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.YES,
        stamped=Support.QUIRK,
        webhooks=Support.QUIRK,
        batch=BATCH,
        page=PAGE,
        calls=(8, timedelta(seconds=1)),
        proven="a stand-in that is exercised by python-quickbooks",
    )
    hook: ClassVar = hooks.HOOK
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._settings, self._http = settings, http
        self._accounts: dict[str, str] = {}

    def check(self) -> str:
        """The company's name."""
        realm = self._settings["realm_id"]
        info = self._books(OBJECTS[0]).ask("GET", f"companyinfo/{realm}")["CompanyInfo"]
        return f"{info['CompanyName']} ({realm})"

    def schema(self, obj: str) -> Schema:
        """The fields, and the company's own currency."""
        prefs = self._books(obj).ask("GET", "preferences")["Preferences"].get("CurrencyPrefs") or {}
        currency = str((prefs.get("HomeCurrency") or {}).get("value") or "")
        several = bool(prefs.get("MultiCurrencyEnabled")) and obj == "customers"  # then a balance is in the customer's
        return Schema(
            {
                name: replace(field, currency="" if several else currency) if field.type == "money" else field
                for name, field in FIELDS[obj].items()
            }
        )

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All active ones."""
        return feed.scan(self._books(obj), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor; what was made inactive, or merged, is gone."""
        return feed.changes(self._books(obj), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002
        """The named records."""
        found = self._books(obj).named(ids)
        yield from (record_of(obj, found.get(id), id) for id in ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:  # noqa: ARG002
        """One outcome per write."""
        return Writer(self._books(obj), self._settings, self._accounts).write(writes)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _books(self, obj: str) -> Books:
        known(self.title, OBJECTS, obj)
        return Books(self._http, self._settings["realm_id"], obj)
