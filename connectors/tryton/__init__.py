"""Tryton, the ERP: its parties and products, over JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from connectors.http import Client
from connectors.rest import Since, gone, known, mark, one_by_one, resumed
from connectors.rest import cursor as spelled
from connectors.setting import BASE_URL, OAuthApp, Setting
from connectors.tryton.kind import STAMP, Kind, Names, Raw, stamp_of
from connectors.tryton.party import Party
from connectors.tryton.product import Product
from connectors.tryton.rpc import Rpc, classify
from engine.contract import (
    Caps,
    CursorExpired,
    Field,
    Invalid,
    Json,
    Missing,
    Op,
    Outcome,
    Page,
    Record,
    Refused,
    Schema,
    Stale,
    Support,
    Write,
)

KINDS: Mapping[str, Kind] = {"party.party": Party(), "product.product": Product()}
ALL = {"active_test": False}
"""What is not active is shown too."""
OVERLAP = timedelta(minutes=2)
"""Times are those at which a transaction began; Tryton ends one after a minute."""
PAGE = 200
MOST = 2000
"""Changes that are read at once; more than that are read as a scan."""


class Connector:
    """One user of one database. A record that is not active is still a record."""

    app: ClassVar[str] = "tryton"
    title: ClassVar[str] = "Tryton"
    objects: ClassVar[tuple[str, ...]] = tuple(KINDS)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {name: kind.fields for name, kind in KINDS.items()}
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(name=BASE_URL, help="Address of the server, such as https://tryton.example.org", required=True),
        Setting(name="database", help="Name of the database", required=True),
        Setting(name="user", help="User name", required=True),
        Setting(name="password", help="Password", secret=True, required=True),
    )
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=objects,
        delta=Support.YES,
        tombstones=Support.NO,
        guarded=Support.YES,
        stamped=Support.YES,
        batch=1,
        page=PAGE,
        proven="a real server: Tryton 8.2",
    )
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._label = f"{settings['user']} of {settings['database']} at {urlsplit(http.base_url).hostname}"
        self._rpc = Rpc(http, quote(settings["database"], safe=""), settings["user"], settings["password"])
        self._names = Names(self._rpc)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._rpc.requests

    def check(self) -> str:
        self._rpc.read("model.res.user.get_preferences", True)
        return self._label

    def schema(self, obj: str) -> Schema:
        """Amounts are in the company's currency, where the user has a company."""
        kind = _kind(obj, {})
        currency = self._currency() if any(field.type == "money" for field in kind.fields.values()) else ""
        money = {n: replace(field, currency=currency) for n, field in kind.fields.items() if field.type == "money"}
        return Schema({**kind.fields, **money})

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """By id. The cursor is of the time before the first was read."""
        kind = _kind(obj, scope)
        newest = self._read(kind, [], 1, [["write_date", "DESC NULLS LAST"]])
        since = Since(_record(kind, newest[0]).changed_at if newest else None)
        count, top, late = 0, 0, since.start(OVERLAP)
        seen: dict[str, str] = {}
        page = Page([])
        while True:
            rows = self._read(kind, [["id", ">", top]], PAGE, [["id", "ASC"]])
            if not rows:
                break
            yield page
            page = Page([_record(kind, raw) for raw in rows])
            count, top = count + len(rows), rows[-1]["id"]
            seen |= {one.id: mark(one) for one in page.records if one.changed_at and one.changed_at >= late}
        yield replace(page, cursor=_cursor(scope, Since(since.at, seen), count, top))

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """By time of change. Tryton forgets what was deleted: where records are missing, CursorExpired."""
        kind = _kind(obj, scope)
        before = resumed(cursor, scope, "since", "count", "top")
        since = Since.of(before["since"])
        at = since.start(OVERLAP)
        dates = [[f"{one}{date}", ">=", at] for one in ("", *(f"{name}." for name in kind.dated)) for date in _DATES]
        rows = self._read(kind, [["OR", *dates]], MOST, [["id", "ASC"]])
        new = [raw["id"] for raw in rows if raw["id"] > before["top"]]
        count = self._rpc.read(f"model.{kind.model}.search_count", [], 0, None, context=ALL)
        if len(rows) == MOST or count != before["count"] + len(new):
            raise CursorExpired("Records were deleted in Tryton, or very many changed: all are read.")
        records = [_record(kind, raw) for raw in rows]
        after = _cursor(scope, since.after(records, OVERLAP), count, max([before["top"], *new]))
        yield Page(since.fresh(records), after)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        kind = _kind(obj, scope)
        for some in (ids[at : at + PAGE] for at in range(0, len(ids), PAGE)):
            numbers = [int(id) for id in some if id.isdecimal()]
            rows = self._read(kind, [["id", "in", numbers]], PAGE, None)
            found = {str(raw["id"]): _record(kind, raw) for raw in rows}
            yield from (found.get(id) or gone(id) for id in some)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Each in a transaction of its own: what it consists of is written together, or not at all."""
        kind = _kind(obj, scope)
        acts = {
            Op.CREATE: lambda write: self._create(kind, write),
            Op.UPDATE: lambda write: self._update(kind, write),
            Op.DELETE: lambda write: self._delete(kind, write),
        }
        return one_by_one(writes, acts)

    def _create(self, kind: Kind, write: Write) -> Record:
        """What is to be inactive is made active first: Tryton takes no other value of an inactive record."""
        _writable(kind, write)
        off = write.data.get("active") is False
        there = self._read(kind, [["identifiers.code", "=", STAMP + write.key]], 1, None)
        if not there:
            data = {**write.data, "active": True} if off else write.data
            made = kind.create(self._rpc, self._names, data, write.key)
            there = self._read(kind, [["id", "=", made]], 1, None)
            if not there:
                return gone(str(made))
        if off and there[0]["active"]:
            kind.update(self._rpc, self._names, there[0], {"active": False})
            return self._one(kind, str(there[0]["id"]))
        return _record(kind, there[0])

    def _update(self, kind: Kind, write: Write) -> Record:
        _writable(kind, write)
        kind.update(self._rpc, self._names, self._before(kind, write), write.data)
        return self._one(kind, write.id or "")

    def _delete(self, kind: Kind, write: Write) -> Record:
        kind.delete(self._rpc, self._before(kind, write))
        return gone(write.id or "")

    def _before(self, kind: Kind, write: Write) -> Raw:
        """The record as it is now. Missing or Stale; who writes later than this is met by Tryton's own time stamps."""
        rows = self._read(kind, [["id", "=", int(write.id or 0)]], 1, None)
        if not rows:
            raise Missing(f"Tryton has no {kind.model} {write.id}.")
        if write.if_version is not None and write.if_version != _version(kind, rows[0]):
            raise Stale(f"The {kind.model} {write.id} was changed in Tryton meanwhile.")
        found: Raw = rows[0]
        return found

    def _one(self, kind: Kind, id: str) -> Record:
        rows = self._read(kind, [["id", "=", int(id)]], 1, None)
        return _record(kind, rows[0]) if rows else gone(id)

    def _read(self, kind: Kind, domain: Sequence[Any], limit: int, order: Any) -> list[Any]:
        names = [*kind.names, "_timestamp", "create_date", "write_date"]
        found = self._rpc.read(f"model.{kind.model}.search_read", list(domain), 0, limit, order, names, context=ALL)
        return list(found)

    def _currency(self) -> str:
        self._rpc.read("model.res.user.get_preferences", True)
        company = self._rpc.context.get("company")
        if company is None:
            return ""
        rows = self._rpc.read("model.company.company.read", [company], ["currency.code"])
        return str(rows[0]["currency."]["code"]) if rows and rows[0]["currency."] else ""


_DATES = ("write_date", "create_date")


def _kind(obj: str, scope: Json) -> Kind:
    known("Tryton", tuple(KINDS), obj)
    if scope:
        raise Refused(
            "A Tryton database has no parts to choose from: leave the scope out, and use `only` of the mapping."
        )
    return KINDS[obj]


def _record(kind: Kind, raw: Raw) -> Record:
    dates = [raw[date] for date in _DATES if raw[date]]
    for name in kind.dated:
        value = raw[f"{name}."]
        dates += [
            one["write_date"] for one in (value if isinstance(value, list) else [value]) if one and one["write_date"]
        ]
    newest: datetime | None = max(dates, default=None)
    return Record(
        id=str(raw["id"]),
        version=_version(kind, raw),
        data=kind.native(raw),
        changed_at=newest,
        created_at=raw["create_date"],
        stamp=stamp_of(raw),
    )


def _version(kind: Kind, raw: Raw) -> str:
    """Of the record and of what it hangs together with: none of them can change unnoticed."""
    text = repr(sorted(kind.stamps(raw).items()))
    return blake2b(text.encode(), digest_size=12).hexdigest()


def _writable(kind: Kind, write: Write) -> None:
    for name in write.data:
        if name not in kind.fields or not kind.fields[name].writable:
            raise Invalid(f"Tryton has no field {name} of {kind.model} to write to.", field=name)


def _cursor(scope: Json, since: Since, count: int, top: int) -> str:
    return spelled(scope, since=since.as_json(), count=count, top=top)
