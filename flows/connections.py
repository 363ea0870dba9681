"""The signed-in accounts of a project, kept in its state; what is secret is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from flows.lock import file_lock
from flows.secrets import Vault

if TYPE_CHECKING:
    from engine.store import Store


@dataclass(frozen=True, slots=True)
class Connection:
    """One account: `settings` hold nothing secret, `sealed` holds the rest."""

    name: str
    app: str
    settings: Mapping[str, str]
    sealed: bytes
    account: str | None
    """As the app calls it, such as an address."""
    created_at: str
    paused: str | None = None
    """Why nothing is asked of the account until somebody has signed in again."""
    paused_at: str | None = None
    """When that was last found (UTC)."""
    expires_at: str | None = None
    """When the sign-in ends (UTC), where that is known."""


class Connections:
    """Those of one project."""

    def __init__(self, store: Store, vault: Vault, locks: Path) -> None:
        self._store, self._vault, self._locks = store, vault, locks

    def all(self) -> list[Connection]:
        """By name."""
        from engine.store.tables import connections

        return sorted((_connection(row) for row in self._store.all(connections)), key=lambda one: one.name)

    def get(self, name: str) -> Connection | None:
        """The connection of that name, if there is one."""
        from engine.store.tables import connections

        rows = self._store.all(connections, connections.c.name == name)
        return _connection(rows[0]) if rows else None

    def put(
        self,
        name: str,
        app: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        account: str,
        now: datetime,
        expires_at: str | None = None,
    ) -> None:
        """Saves a connection, in place of a former one of that name, paused or not. `now` is aware."""
        from engine.store import put
        from engine.store.tables import connections

        row: dict[str, Any] = {"name": name, "app": app, "settings": dict(settings), "account": account}
        row |= {"secrets": self._vault.seal(secrets), "created_at": now.isoformat(), "expires_at": expires_at}
        row |= {"paused": None, "paused_at": None}
        with self._store.write() as transaction:
            put(transaction, connections, [row])

    def secrets(self, name: str) -> dict[str, str]:
        """The secret settings as they are now (another process may have renewed a token)."""
        found = self.get(name)
        return self._vault.open(found.sealed, name) if found else {}

    def renew(self, name: str, fresh: Mapping[str, str]) -> None:
        """Stores renewed tokens; whoever calls this holds `lock(name)`."""
        tokens = dict(fresh)
        until = tokens.pop("expires_at", None)
        sealed = self._vault.seal({**self.secrets(name), **tokens})
        self._set(name, secrets=sealed, **({"expires_at": until} if until else {}))

    def pause(self, name: str, reason: str, now: datetime, made_at: str | None = None) -> None:
        """Nothing is asked of the account from now on; unless somebody has signed in after `made_at`."""
        self._set(name, made_at, paused=reason, paused_at=now.isoformat())

    def resume(self, name: str) -> None:
        """The sign-in is accepted again."""
        self._set(name, paused=None, paused_at=None)

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        from sqlalchemy import delete

        from engine.store.tables import connections

        with self._store.write() as transaction:
            return bool(transaction.execute(delete(connections).where(connections.c.name == name)).rowcount)

    def _set(self, name: str, made_at: str | None = None, **values: Any) -> None:
        from sqlalchemy import update

        from engine.store.tables import connections

        with self._store.write() as transaction:
            this = update(connections).where(connections.c.name == name)
            if made_at is not None:
                this = this.where(connections.c.created_at == made_at)
            transaction.execute(this.values(**values))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """One renewal at a time: over this machine, and over all machines that share a PostgreSQL state."""
        with file_lock(self._locks / f"{name}.lock"):
            if self._store.sqlite:
                yield
                return
            from sqlalchemy import text

            with self._store.read() as session:
                session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": crc32(f"syncline {name}".encode())})
                yield


def _connection(row: Mapping[str, Any]) -> Connection:
    same = {name: row[name] for name in ("account", "created_at", "paused", "paused_at", "expires_at")}
    return Connection(row["name"], row["app"], row["settings"], row["secrets"], **same)
