"""One company's books: its objects, the names they share, and the requests that were answered before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

from sandbox.clock import Clock
from sandbox.quickbooks import errors
from sandbox.quickbooks.entities import NAME, PEOPLE, SHAPES, Data, changed, copy, made
from sandbox.table import Row, Table

ZONE = timezone(timedelta(hours=-8))
ACCOUNTS = (("Sales of Product Income", "Income"), ("Services", "Income"), ("Cost of Goods Sold", "Cost of Goods Sold"))
REFS = {"ParentRef": "", "IncomeAccountRef": "Account", "ExpenseAccountRef": "Account", "AssetAccountRef": "Account"}


class Company:
    """All objects of one company. Times are told in its zone, in whole seconds."""

    def __init__(self, clock: Clock, tell: Callable[..., None] = lambda *_: None) -> None:
        self.clock, self._tell = clock, tell
        self.currency = "EUR"
        self.answers: dict[str, Data] = {}
        """Request id -> the answer it got."""
        self.tables = {name: Table(clock, str) for name in SHAPES}
        for name, kind in ACCOUNTS:
            self.create("Account", {"Name": name, "AccountType": kind})

    def create(self, entity: str, given: Mapping[str, Any]) -> Data:
        """A new object as it is shown, or Wrong."""
        data = made(entity, given)
        self._free(entity, data, None)
        self._refers(entity, data)
        row = self.tables[entity].add(data)
        self._tell(entity, "Create", row.id)
        return self.shown(entity, row)

    def update(self, entity: str, given: Mapping[str, Any]) -> Data:
        """The object after an update, or Wrong. Making it inactive marks its name, and frees it."""
        row = self.find(entity, str(given.get("Id")))
        if str(given.get("SyncToken", "")) != str(row.version - 1):
            raise errors.stale()
        data = changed(entity, row.data, given)
        if row.data["Active"] and not data.get("Active", True):
            data[NAME[entity]] = self._deleted_name(entity, data[NAME[entity]])
        data.setdefault("Active", True)
        self._free(entity, data, row)
        self._refers(entity, data)
        row.data = data
        self._tell(entity, "Update", row.id)
        return self.shown(entity, self.tables[entity].touch(row))

    def find(self, entity: str, id: str) -> Row:
        """Active or not, or Wrong."""
        row = self.tables[entity].find(id)
        if row is None:
            raise errors.missing()
        return row

    def merge(self, entity: str, into: str, away: str) -> None:
        """People make one of two: nothing but a tombstone is left of the other."""
        self.tables[entity].remove(away)
        self.tables[entity].touch(self.find(entity, into))
        self._tell(entity, "Merge", into, away)

    def shown(self, entity: str, row: Row) -> Data:
        """As the API shows it."""
        meta = {"CreateTime": told(row.created_at), "LastUpdatedTime": told(row.changed_at)}
        head = {"domain": "QBO", "Id": row.id, "MetaData": meta}
        if row.gone:
            return {**head, "status": "Deleted"}
        data, name = copy(row.data), row.data[NAME[entity]]
        more: Data = {"FullyQualifiedName": name}
        if entity == "Customer":
            more |= {"PrintOnCheckName": data.get("PrintOnCheckName", name), "Balance": 0, "BalanceWithJobs": 0}
            more["CurrencyRef"] = {"value": self.currency, "name": "Home currency"}
        for key in ("BillAddr", "ShipAddr"):
            if key in data:
                data[key].setdefault("Id", f"{row.id}{key[0]}")
        return {**data, **more, **head, "SyncToken": str(row.version - 1), "sparse": False}

    def now(self) -> str:
        """The `time` of an answer."""
        return self.clock.now().astimezone(ZONE).isoformat(timespec="milliseconds")

    def state(self) -> dict[str, Any]:
        """As JSON."""
        return {"tables": {name: table.state() for name, table in self.tables.items()}, "answers": self.answers}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self.answers = copy(state["answers"])
        for name, table in state["tables"].items():
            self.tables[name].load(table)

    def _free(self, entity: str, data: Mapping[str, Any], row: Row | None) -> None:
        name = str(data[NAME[entity]]).casefold()
        for other in PEOPLE if entity in PEOPLE else (entity,):
            for each in self.tables[other].living():
                if str(each.data[NAME[other]]).casefold() == name and each is not row:
                    raise errors.taken(each.id, NAME[entity])

    def _refers(self, entity: str, data: Mapping[str, Any]) -> None:
        for name, target in REFS.items():
            value = (data.get(name) or {}).get("value")
            if value and not self.find(target or entity, value).data["Active"]:
                raise errors.missing()

    def _deleted_name(self, entity: str, name: str) -> str:
        taken = {each.data[NAME[entity]] for each in self.tables[entity].living()}
        marked = partial("{} (deleted{})".format, name)
        return next(
            text for text in (marked(f"-{number}" if number else "") for number in range(1000)) if text not in taken
        )


def told(at: datetime) -> str:
    """A time of an object."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """A time of a request; without an offset it is the company's."""
    at = datetime.fromisoformat(text.replace(" ", "+"))
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)
