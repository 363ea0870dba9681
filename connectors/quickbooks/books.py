"""Asking one company's books: queries, single objects, batches, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from connectors.http import Client
from connectors.paging import by_offset
from connectors.quickbooks.errors import classify, of_fault
from connectors.quickbooks.fields import ENTITIES
from engine.contract import AppError, Record

PAGE, NAMED, BATCH = 1000, 100, 30
MINOR = {"minorversion": "75"}
Raw = Mapping[str, Any]


class Books:
    """The objects of one kind, as QuickBooks' own JSON."""

    def __init__(self, http: Client, realm: str, obj: str) -> None:
        self._http, self.obj, self.entity = http, obj, ENTITIES[obj]
        self._base = f"v3/company/{realm}"
        self.told: datetime | None = None
        """The time of the first answer, by QuickBooks' clock."""

    def ask(self, method: str, path: str, body: Any = None, *, safe: bool = True, **params: str) -> Any:
        """An answer. `safe`: sending it twice does no harm."""
        answer = self._http.json(
            method,
            f"{self._base}/{path}",
            json=body,
            params={**MINOR, **params},
            idempotent=safe,
            classify=partial(classify, obj=self.obj),
        )
        self.told = self.told or moment(answer["time"])
        return answer

    def every(self) -> Iterator[Sequence[Raw]]:
        """All, page by page, inactive ones among them: one that is made inactive meanwhile moves none of the others."""

        def page(offset: int) -> Sequence[Raw]:
            return self._query(f"where Active in (true, false) orderby Id startposition {offset + 1} maxresults {PAGE}")

        return by_offset(page, PAGE)

    def named(self, ids: Iterable[str]) -> dict[str, Raw]:
        """Id -> the object, active or not; those that are there."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Raw] = {}
        for begin in range(0, len(wanted), NAMED):
            listed = ", ".join(quoted(id) for id in wanted[begin : begin + NAMED])
            rows = self._query(f"where Id in ({listed}) and Active in (true, false) maxresults {PAGE}")
            found |= {str(row["Id"]): row for row in rows}
        return found

    def account(self, name: str) -> str | None:
        """The id of an account by its name."""
        query = f"select * from Account where Name = {quoted(name)}"  # noqa: S608 - it is quoted
        rows = self.ask("GET", "query", query=query)["QueryResponse"].get("Account") or []
        return str(rows[0]["Id"]) if rows else None

    def create(self, key: str, body: Raw) -> str:
        """The id of a new object. QuickBooks gives the same answer to the same key again, for a while."""
        answer = self.ask("POST", self.entity.lower(), dict(body), requestid=digest(key))
        return str(answer[self.entity]["Id"])

    def update(self, bodies: Mapping[str, Raw]) -> dict[str, AppError]:
        """Up to 30 updates by key; gives the refusals."""
        keys = {str(number): key for number, key in enumerate(bodies)}
        items = [{"bId": id, "operation": "update", self.entity: dict(bodies[key])} for id, key in keys.items()]
        once = digest(" ".join(f"{key} {body['SyncToken']}" for key, body in bodies.items()))
        answer = self.ask("POST", "batch", {"BatchItemRequest": items}, requestid=once)
        told = answer["BatchItemResponse"]
        return {keys[str(each["bId"])]: of_fault(self.obj, each) for each in told if each.get("Fault")}

    def _query(self, rest: str) -> list[Raw]:
        """Article numbers are only told where they are named."""
        columns = "*, Sku" if self.entity == "Item" else "*"
        query = f"select {columns} from {self.entity} {rest}"  # noqa: S608 - values are quoted
        answer = self.ask("GET", "query", query=query)
        return list(answer["QueryResponse"].get(self.entity) or [])


def away(raw: Raw) -> bool:
    """Deleted: which for customers and items is to be inactive."""
    return raw.get("status") == "Deleted" or not raw.get("Active", True)


def light(raw: Raw) -> Record:
    """Id, version and time only; inactive ones are gone."""
    changed = moment(raw["MetaData"]["LastUpdatedTime"])
    if away(raw):
        return Record(str(raw["Id"]), None, {}, changed, gone=True)
    return Record(str(raw["Id"]), str(raw["SyncToken"]), {}, changed)


def quoted(text: str) -> str:
    """A literal of the query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def digest(text: str) -> str:
    """A request id: QuickBooks takes 36 characters for a batch."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def moment(text: str) -> datetime:
    """A time with an offset."""
    return datetime.fromisoformat(text).astimezone(UTC)
