"""A turn at looking after the webhooks: what one process does at the apps while no other does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from connectors import App
from connectors.hook import Hook, Hooked, Subscription
from engine.contract import AppError, Missing, Refused
from engine.store.lease import Lease
from engine.store.tables import inbox
from flows.hookbook import Entry, HookBook
from flows.hookstep import Step
from flows.hookwish import Wishes
from flows.project import Project


@dataclass
class Turn:
    """Every commit checks the lease. `address` gives where the app is to call."""

    project: Project
    book: HookBook
    wishes: Wishes
    lease: Lease
    clock: Callable[[], datetime]
    address: Callable[[Entry], str]
    _apps: dict[str, Hooked] = field(default_factory=dict)

    def do(self, entry: Entry, hook: Hook, step: Step) -> None:
        """Raises AppError, ProjectError, SecretsError, and Fenced or StoreError where nothing more must be done."""
        self.lease.keep()
        acts = {Step.MAKE: self._make, Step.RENEW: self._renew, Step.RELEASE: self._release, Step.END: self._end}
        acts[step](entry, hook)

    def note(self, entry: Entry, error: str) -> None:
        """Why a step failed."""
        self._store(self.book.revise, entry, error=error)

    def _make(self, entry: Entry, hook: Hook) -> None:
        """The row comes first: the app may call before it answers."""
        self._store(self.book.add, entry)
        if hook.made == "by us":
            at = self.clock()
            self._keep(entry, at, self._subscribe(entry, hook))

    def _renew(self, entry: Entry, hook: Hook) -> None:
        """What may have gone untold is looked for. A former one that could not be ended until now ends by itself."""
        if entry.former is not None:
            with suppress(AppError):
                self._release(entry, hook)
        at, secret, place = self.clock(), self.book.secret(entry, hook), entry.place
        untold = entry.until is not None and entry.until <= at
        former = entry.subscription or ""
        try:
            made = self._app(entry).renew(former, place.object, place.conditions, self.address(entry), secret)
        except Missing:
            made, former, untold = self._subscribe(entry, hook), "", True
        self._keep(entry, at, made, former if former != made.id else "", self._looks(entry) if untold else [])

    def _release(self, entry: Entry, _: Hook) -> None:
        self._app(entry).unsubscribe(entry.former or "")
        self._store(self.book.revise, entry, former=None, error=None)

    def _end(self, entry: Entry, _: Hook) -> None:
        """Where the connection is gone nobody can be asked: the app finds out that nobody is there."""
        there = self.project.connections.get(entry.place.connection) is not None
        for subscription in filter(None, (entry.subscription, entry.former) if there else ()):
            self._app(entry).unsubscribe(subscription)
        self._store(self.book.remove, entry)

    def _subscribe(self, entry: Entry, hook: Hook) -> Subscription:
        if self.book.chosen(entry):
            self._store(self.book.revise, entry, secret=self.book.sealed())
        place, secret = entry.place, self.book.secret(entry, hook)
        return self._app(entry).subscribe(place.object, place.conditions, self.address(entry), secret)

    def _keep(
        self,
        entry: Entry,
        at: datetime,
        made: Subscription,
        former: str = "",
        looks: list[dict[str, Any]] | None = None,
    ) -> None:
        """`at` is from before the app was asked, for it may have called since."""
        sealed = self.book.told(entry, made)
        secret = {} if sealed is None else {"secret": sealed}
        with self.project.store.write() as connection:
            self.lease.check(connection)
            values = {"subscription": made.id, "until": made.until, "former": former or None, "made_at": at}
            self.book.revise(connection, entry, **values, **secret, error=None)
            if looks:
                connection.execute(insert(inbox), looks)

    def _looks(self, entry: Entry) -> list[dict[str, Any]]:
        """For the inbox: everything of the place is to be looked at once."""
        at = self.clock().isoformat()
        sides = self.wishes.sides.get(entry.place, ())
        return [{"sync": route.sync, "side": route.side, "record": None, "at": at} for route in sides]

    def _app(self, entry: Entry) -> Hooked:
        name = entry.place.connection
        if name not in self._apps:
            app: App = self.project.connector(name)
            if not isinstance(app, Hooked):
                raise Refused(f"{app.title} makes no webhooks on request.")
            self._apps[name] = app
        return self._apps[name]

    def _store(self, act: Callable[..., None], entry: Entry, **values: Any) -> None:
        with self.project.store.write() as connection:
            self.lease.check(connection)
            act(connection, entry, **values)
