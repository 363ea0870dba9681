"""The webhooks as the state has them: one row for each address that an app may call."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from connectors.hook import Hook, Subscription
from engine.canonical import digest, dumps
from engine.contract import Refused
from engine.store import put
from engine.store.outside import calls, deliveries, hooks
from flows.project import Project
from flows.routes import Place
from flows.secrets import Vault

OVERLAP = timedelta(hours=1)
"""So long a former subscription, and a former secret, go on beside those that have not proved themselves by a call."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. Times are aware."""

    key: str
    place: Place
    sealed: bytes
    """`{"secret": ...}` under the project's key; of no use where the connection has the secret among its settings. With
    `chosen` where it is the app's, and with the `former` one where the app has replaced it."""
    made_at: datetime
    """When the present subscription was made or made to last longer."""
    subscription: str | None = None
    until: datetime | None = None
    former: str | None = None
    error: str | None = None
    heard_at: datetime | None = None

    @property
    def proved(self) -> bool:
        """Whether the app has called since the present subscription was made."""
        return self.heard_at is not None and self.heard_at >= self.made_at


class HookBook:
    """Those of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def vault(self) -> Vault:
        """Seals and opens the hooks' secrets, as `{"secret": ...}`."""
        return Vault(self._project.settings.key.get_secret_value(), self._project.state / "key")

    def all(self) -> list[Entry]:
        """By place."""
        with self._project.store.read() as connection:
            found = [_entry(row) for row in connection.execute(select(hooks))]
        return sorted(found, key=lambda entry: (entry.place, entry.made_at))

    def find(self, key: str) -> Entry | None:
        """The one with this key."""
        with self._project.store.read() as connection:
            row = connection.execute(select(hooks).where(hooks.c.key == key)).first()
        return _entry(row) if row else None

    def counts(self) -> dict[str, dict[str, int]]:
        """Key -> how many calls ended how; key "" is of calls to addresses that do not exist."""
        found: dict[str, dict[str, int]] = {}
        for row in self._project.store.all(calls):
            found.setdefault(row["hook"], {})[row["outcome"]] = row["count"]
        return found

    def fresh(self, place: Place, base: str, now: datetime) -> Entry:
        """A new one, not stored yet. Its key tells under which public address it was made; see `made_under`."""
        key = f"{secrets.token_urlsafe(24)}-{_mark(base)}"
        return Entry(key, place, self.sealed(), now)

    def sealed(self) -> bytes:
        """A fresh secret; an app that chooses secrets may choose another one."""
        return self.vault.seal({"secret": secrets.token_urlsafe(32)})

    def chosen(self, entry: Entry) -> bool:
        """Whether the app has chosen the secret: it does that once for each subscription. Raises SecretsError."""
        return "chosen" in self.vault.open(entry.sealed, entry.place.connection)

    def told(self, entry: Entry, made: Subscription) -> bytes | None:
        """The row's secrets after the app has made or renewed the subscription; None: they stay. Raises
        SecretsError."""
        now = self.vault.open(entry.sealed, entry.place.connection)
        fresh = made.secret is not None and made.secret != now.get("secret")
        if not fresh and "former" not in now:
            return None
        former = {"former": now["secret"]} if fresh else {}
        return self.vault.seal({"secret": made.secret or now["secret"], "chosen": "by the app", **former})

    def believed(self, entry: Entry, hook: Hook, now: datetime) -> Sequence[str]:
        """What proves a call: the secret, and for a while the one that it has replaced. Raises as `secret`."""
        overlap = entry.former is not None or now < entry.made_at + OVERLAP
        found = {} if hook.secret or not overlap else self.vault.open(entry.sealed, entry.place.connection)
        return [self.secret(entry, hook), *([found["former"]] if "former" in found else ())]

    def secret(self, entry: Entry, hook: Hook) -> str:
        """What proves a call. Raises Refused where the connection lacks the setting that holds it, SecretsError."""
        if not hook.secret:
            return self.vault.open(entry.sealed, entry.place.connection).get("secret", "")
        return self.setting(entry.place.connection, hook)

    def setting(self, name: str, hook: Hook) -> str:
        """The secret that a connection has among its settings. Raises Refused where it has none, SecretsError."""
        found = {**self._project.connection(name).settings, **self._project.connections.secrets(name)}
        if not found.get(hook.secret):
            raise Refused(
                f"The app signs its calls with the setting {hook.secret} of the connection {name}, which is not set. "
                "Connect again with it."
            )
        return str(found[hook.secret])

    @staticmethod
    def add(connection: Connection, entry: Entry) -> None:
        """Stores a fresh one; one that is there stays."""
        place = entry.place
        row: dict[str, Any] = {"key": entry.key, "secret": entry.sealed, "made_at": entry.made_at.isoformat()}
        row |= {"connection": place.connection, "object": place.object, "scope": place.conditions}
        put(connection, hooks, [row], replace=False)

    @staticmethod
    def revise(connection: Connection, entry: Entry, **values: Any) -> None:
        """Stores what has become of it; what the receiver writes meanwhile stays."""
        told = {name: at.isoformat() if isinstance(at, datetime) else at for name, at in values.items()}
        connection.execute(update(hooks).where(hooks.c.key == entry.key).values(told))

    @staticmethod
    def remove(connection: Connection, entry: Entry) -> None:
        """With all that was counted of it."""
        for column in (hooks.c.key, deliveries.c.hook, calls.c.hook):
            connection.execute(delete(column.table).where(column == entry.key))


def made_under(entry: Entry, base: str) -> bool:
    """Whether the app was given an address under this public one."""
    return entry.key.endswith(f"-{_mark(base)}")


def _mark(base: str) -> str:
    return digest(base)[:8]


def _entry(row: Row[Any]) -> Entry:
    place = Place(row.connection, row.object, dumps(row.scope))
    until, heard = _moment(row.until), _moment(row.heard_at)
    made = datetime.fromisoformat(row.made_at)
    return Entry(row.key, place, row.secret, made, row.subscription, until, row.former, row.error, heard)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
