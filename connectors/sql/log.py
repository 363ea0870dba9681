"""The log that triggers keep of a table: what changed since, and which row was made under which key.

PostgreSQL's transactions end in another order than they began, so a number that grows is no place to resume from:
the place is a snapshot, and what is new is what it could not see. SQLite has one writer at a time: its numbers will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.sql import ddl
from connectors.sql.database import Database
from connectors.sql.table import Table, dumps
from engine.contract import CursorExpired, Refused

KEPT = 30
"""Days that the log is kept."""
_MARK = "(SELECT max(at) FROM {home}syncline_changes WHERE tab = :tab AND row_key IS NULL)"
_SEQ = "(SELECT seq FROM sqlite_sequence WHERE name = 'syncline_changes')"  # lines may be gone, their numbers not
_PLACE = {
    True: "SELECT {seq} AS place, datetime('now') AS now, {mark} AS mark",
    False: "SELECT CAST(pg_current_snapshot() AS text) AS place, CAST(now() AS text) AS now, "
    "CAST({mark} AS text) AS mark",
}
_OLD = {
    True: "SELECT :place > {seq} OR julianday('now') - julianday(:now) > :days",
    False: "SELECT pg_snapshot_xmax(CAST(:place AS pg_snapshot)) > pg_snapshot_xmax(pg_current_snapshot()) "
    "OR now() - CAST(:now AS timestamptz) > make_interval(days => :days)",
}
_NEWS = {
    True: "SELECT DISTINCT row_key FROM syncline_changes WHERE tab = :tab AND row_key IS NOT NULL AND seq > :place",
    False: "SELECT DISTINCT row_key FROM {home}syncline_changes WHERE tab = :tab AND row_key IS NOT NULL "
    "AND tx >= pg_snapshot_xmin(CAST(:place AS pg_snapshot)) "
    "AND NOT pg_visible_in_snapshot(tx, CAST(:place AS pg_snapshot))",
}
_PRUNE = {
    True: "DELETE FROM syncline_changes WHERE row_key IS NOT NULL AND at < datetime('now', '-{days} days')",
    False: "DELETE FROM {home}syncline_changes WHERE row_key IS NOT NULL AND at < now() - interval '{days} days'",
}
_THERE = {
    True: "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name "
    "AND name IN ('syncline_insert_' || :name, 'syncline_update_' || :name, 'syncline_delete_' || :name)",
    False: "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = :name AND n.nspname = :schema "
    "AND t.tgname IN ('syncline_rows', 'syncline_emptied') AND t.tgenabled <> 'D'",
}
_TRIGGERS = {True: 3, False: 2}


@dataclass(frozen=True, slots=True)
class Made:
    """The row that was made under a key."""

    id: str
    gone: bool


class Log:
    """Of one database. Every method but `install` works within a transaction that is open already."""

    def __init__(self, *, sqlite: bool) -> None:
        self._sqlite = sqlite

    def install(self, database: Database, table: Table) -> None:
        """Makes what is missing; leaves out old lines. Raises Refused, with what to do, where the account may not."""
        try:
            with database.write() as connection:
                self._lock(connection)
                home = self._home(connection)
                there = sa.inspect(connection).has_table if table.view else None
                if not (there("syncline_keys") if there else self._there(connection, table)):
                    for statement in self.script(table, home):
                        connection.exec_driver_sql(statement)
                prune = _PRUNE[self._sqlite].format(home=f"{ddl.quoted(home)}.", days=KEPT)
                connection.exec_driver_sql(prune)
        except Refused as error:
            raise Refused(
                f"{error} changes=trigger needs a log of changes in the database: have its administrator run the SQL "
                "of the connector's page, or connect with changes=scan."
            ) from error

    def script(self, table: Table, home: str) -> list[str]:
        """The statements that `install` runs for a table. Nothing tells that a view has changed: it is scanned."""
        if self._sqlite:
            own = ddl.on_sqlite(table.sql.name, table.name, table.key)
            return [*ddl.SQLITE, *([] if table.view else own)]
        own = ddl.on_postgresql(home, table.schema, table.sql.name, table.name, table.key)
        return [*ddl.postgresql(home), *([] if table.view else own)]

    def place(self, connection: sa.Connection, table: Table) -> dict[str, str]:
        """Where to resume from. CursorExpired where nothing is logged (any more)."""
        if not self._there(connection, table):
            raise CursorExpired(f"No triggers tell of changes of {table.name}: it is read whole.")
        found = self._all(connection, _PLACE, table).mappings().one()
        return {"place": str(found["place"]), "now": found["now"], "mark": found["mark"]}

    def since(self, connection: sa.Connection, table: Table, before: Mapping[str, str]) -> list[str]:
        """Ids of the rows that were made, changed or deleted since a place."""
        now = self.place(connection, table)
        place: Any = int(before["place"]) if self._sqlite else before["place"]
        at = {"place": place, "now": before["now"], "days": KEPT - 1}
        if now["mark"] != before["mark"] or self._all(connection, _OLD, table, **at).scalar():
            raise CursorExpired(f"The log of {table.name} was begun anew since it was last read.")
        return [self._id(row) for row in self._all(connection, _NEWS, table, place=place).scalars()]

    def remember(self, connection: sa.Connection, table: Table, key: str, id: str) -> None:
        """The row was made under this key."""
        statement = "INSERT INTO {home}syncline_keys (key, tab, row_key) VALUES (:key, :tab, :row)"
        self._all(connection, statement, table, key=key, row=self._row(table, id))

    def recall(self, connection: sa.Connection, table: Table, key: str) -> Made | None:
        """What was made under this key, if anything was."""
        statement = "SELECT row_key, gone FROM {home}syncline_keys WHERE key = :key AND tab = :tab"
        row = self._all(connection, statement, table, key=key).first()
        return Made(self._id(row.row_key), bool(row.gone)) if row else None

    def stamps(self, connection: sa.Connection, table: Table, ids: Sequence[str]) -> dict[str, str]:
        """Id -> the key that the row was made under, of those that were made by us."""
        rows = {self._row(table, id): id for id in ids}
        text = "SELECT row_key, key FROM {home}syncline_keys WHERE tab = :tab AND NOT gone AND row_key IN :rows"
        home = f"{ddl.quoted(self._home(connection))}."
        query = sa.text(text.format(home=home)).bindparams(sa.bindparam("rows", expanding=True))
        found = connection.execute(query, {"tab": table.name, "rows": list(rows)})
        return {rows[row.row_key]: row.key for row in found}

    def _all(self, connection: sa.Connection, text: str | Mapping[bool, str], table: Table, **more: Any) -> Any:
        home = f"{ddl.quoted(self._home(connection))}."
        told = text if isinstance(text, str) else text[self._sqlite]
        query = sa.text(told.format(home=home, mark=_MARK.format(home=home), seq=_SEQ))
        return connection.execute(query, {"tab": table.name, **more})

    def _home(self, connection: sa.Connection) -> str:
        """The schema of the log."""
        return str(connection.dialect.default_schema_name or "main")

    def _there(self, connection: sa.Connection, table: Table) -> bool:
        at = {"name": table.sql.name} if self._sqlite else {"name": table.sql.name, "schema": table.schema}
        return connection.execute(sa.text(_THERE[self._sqlite]), at).scalar() == _TRIGGERS[self._sqlite]

    def _lock(self, connection: sa.Connection) -> None:
        """Two syncs of one database would trip over each other's statements; SQLite has one writer anyway."""
        if not self._sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": ddl.number("syncline_changes")})

    @staticmethod
    def _row(table: Table, id: str) -> str:
        return dumps([id]) if len(table.key) == 1 else id

    @staticmethod
    def _id(row: str) -> str:
        texts = json.loads(row)
        return str(texts[0]) if len(texts) == 1 else dumps(texts)
