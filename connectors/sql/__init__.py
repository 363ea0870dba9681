"""Tables of a PostgreSQL or SQLite database, and views that can be read or written like tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from connectors.rest import cursor as spelled
from connectors.rest import resumed
from connectors.setting import OAuthApp, Setting
from connectors.sql import rows, table
from connectors.sql.database import Database
from connectors.sql.log import Log
from connectors.sql.table import Table
from connectors.sql.writing import Writer
from engine.contract import (
    Caps,
    CursorExpired,
    Field,
    Json,
    Outcome,
    Page,
    Record,
    Refused,
    Schema,
    Support,
    Write,
)

PLACE = ("place", "now", "mark")


class Connector:
    """One database. An object is a table or view, named as in SQL, with its schema where that is not the usual one."""

    app: ClassVar[str] = "sql"
    title: ClassVar[str] = "SQL database"
    objects: ClassVar[tuple[str, ...]] = ("TABLE", "SCHEMA.TABLE")
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {}
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="url",
            help="postgresql://HOST:5432/DATABASE or sqlite:////whole/path/to/file.db, without a password",
            required=True,
        ),
        Setting(name="username", help="User name"),
        Setting(name="password", help="Password", secret=True),
        Setting(
            name="changes",
            help="scan: read each table whole on every run, and put nothing of ours into the database; "
            "trigger: keep a log of changes there, in two tables of our own",
            default="scan",
        ),
        Setting(name="stamp_column", help="A text column that keeps the key each row was made under"),
        Setting(
            name="updated_column",
            help="The column with the time of the last change: it is set by our writes; none to leave it alone",
            default="updated_at",
        ),
        Setting(name="version_column", help="A whole number that other programs count up, to be counted up by us too"),
        Setting(name="zone", help="Time zone (IANA name) of times that are stored without one", default="UTC"),
    )
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=objects,
        delta=Support.QUIRK,
        tombstones=Support.QUIRK,
        guarded=Support.YES,
        stamped=Support.QUIRK,
        batch=200,
        page=rows.PAGE,
        calls=(100, timedelta(seconds=1)),
        proven="real databases: PostgreSQL 17, SQLite 3",
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        _checked(settings)
        self._settings = settings
        self._database = Database(settings)
        self._log = Log(sqlite=self._database.sqlite) if settings["changes"] == "trigger" else None
        self._tables: dict[str, Table] = {}
        self._logged: set[str] = set()
        vars(self)["caps"] = _graded(logged=self._log is not None, stamped=bool(settings.get("stamp_column")))

    @property
    def requests(self) -> int:
        """Transactions so far."""
        return self._database.transactions

    def check(self) -> str:
        """`database at host`, or the name of the file."""
        with self._database.read() as connection:
            table.tables(connection)
        return self._database.label

    def schema(self, obj: str) -> Schema:
        with self._database.read() as connection:
            return Schema(table.load(connection, obj, {}, self._settings, keyed=False).fields, self._settings["zone"])

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All rows, as they were at one moment."""
        self._prepare(obj, scope)
        with self._database.read() as connection:
            found = self._table(connection, obj, scope)
            place = self._log.place(connection, found) if self._log and not found.view else None
            page = Page([])
            for records in rows.every(connection, found, self._log):
                yield page
                page = Page(records)
            yield replace(page, cursor=spelled(scope, **place) if place else None)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """The rows that the log names. Without a log, CursorExpired."""
        if self._log is None:
            raise CursorExpired("Nothing tells what has changed in the database (changes=scan): it is read whole.")
        before = resumed(cursor, scope, *PLACE)
        with self._database.read() as connection:
            found = self._table(connection, obj, scope)
            place = self._log.place(connection, found)
            ids = self._log.since(connection, found, before)
            for records in rows.named(connection, found, self._log, ids):
                yield Page(records)
            yield Page([], spelled(scope, **place))

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        with self._database.read() as connection:
            found = self._table(connection, obj, scope)
            for records in rows.named(connection, found, self._log, ids):
                yield from records

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """All in one transaction, each taken back alone if it fails. Outcomes are told once it is committed."""
        if obj not in self._logged:
            self._prepare(obj, scope)
        with self._database.write() as connection:
            writer = Writer(connection, self._table(connection, obj, scope), self._log)
            outcomes = [writer.outcome(write) for write in writes]
        yield from outcomes

    def _table(self, connection: sa.Connection, obj: str, scope: Json) -> Table:
        """Looked at once in the life of a connector, which is a run."""
        name = spelled(scope, object=obj)
        if name not in self._tables:
            self._tables[name] = table.load(connection, obj, scope, self._settings)
        return self._tables[name]

    def _prepare(self, obj: str, scope: Json) -> None:
        """Sees to it that the log is kept, where the connection asks for one."""
        if self._log is None:
            return
        with self._database.read() as connection:
            found = self._table(connection, obj, scope)
        self._log.install(self._database, found)
        self._logged.add(obj)


def _checked(settings: Mapping[str, str]) -> None:
    if settings["changes"] not in ("scan", "trigger"):
        raise Refused(f"changes is {settings['changes']!r}: write scan or trigger.")
    try:
        ZoneInfo(settings["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(f"zone is {settings['zone']!r}: write the name of a time zone, such as Europe/Berlin.") from error


def _graded(*, logged: bool, stamped: bool) -> Caps:
    """What this connection can do: it hangs on its settings."""
    told = Support.YES if logged else Support.NO
    safe = Support.YES if logged or stamped else Support.NO
    return replace(Connector.caps, delta=told, tombstones=told, stamped=safe)
