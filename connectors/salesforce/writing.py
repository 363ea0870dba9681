"""Writes in collections of 200, each with an outcome of its own, and read back as stored.

Where the object has our external id, a new record carries the key of its write and is made by an upsert, so that it is
found again instead of made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.http import Client
from connectors.rest import gone, in_batches
from connectors.salesforce import soql
from connectors.salesforce.errors import of_part
from connectors.salesforce.records import get
from connectors.salesforce.schema import DELETED, Shape
from engine.contract import (
    AppError,
    Deleted,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Outcome,
    Record,
    Refused,
    Transient,
    Write,
)

BATCH = 200
KEYS = 50  # in one look-up: they go into an address
NO_RULES = {"Sforce-Auto-Assign": "FALSE"}
"""Assignment rules would give records to other people, and mail them."""
Send = Callable[[Sequence[Write]], Sequence[Mapping[str, Any]]]


class Writer:
    """Writes to one object."""

    def __init__(self, http: Client, shape: Shape) -> None:
        self._http, self._shape = http, shape
        self._path = f"{soql.API}/composite/sobjects"

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        acts = {Op.CREATE: self._create, Op.UPDATE: self._update, Op.DELETE: self._delete}
        return in_batches(writes, acts, BATCH)

    def _create(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        shape = self._shape
        if shape.stamp and not shape.stampable:
            raise Refused(
                f"{shape.name} has no external id {shape.stamp}, by which a new record is found again, or this user "
                "may not write it. Add the field (the README tells how), or empty the setting stamp_field."
            )
        known = self._known(writes) if shape.stamp else {}
        new = [write for write in writes if write.key not in known]
        yield from self._outcomes(writes, known | _sent(new, self._post))

    def _known(self, writes: Sequence[Write]) -> dict[str, Record | AppError]:
        """Records that were made under these keys before, and the keys whose record was deleted since."""
        shape, keys = self._shape, [write.key for write in writes]
        found: dict[str, Record | AppError] = {}
        for begin in range(0, len(keys), KEYS):
            where = f"WHERE {shape.stamp} IN {soql.listed(keys[begin : begin + KEYS])}"
            query = soql.select(["Id", shape.stamp, *shape.tells], shape.name, where)
            for rows in soql.pages(self._http, query, binned=bool(shape.tells)):
                for row in sorted(rows, key=lambda row: not row.get(DELETED)):  # a living one counts
                    said = f"Record {row['Id']} was made under this key and deleted since; it is in Salesforce's bin."
                    found[row[shape.stamp]] = Deleted(said) if row.get(DELETED) else Record(str(row["Id"]), None, {})
        return found

    def _post(self, writes: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
        shape = self._shape
        if not shape.stamp:
            return self._call("POST", "", [self._row(write) for write in writes], idempotent=False)
        rows = [{**self._row(write), shape.stamp: write.key} for write in writes]
        return self._call("PATCH", f"/{shape.name}/{shape.stamp}", rows)

    def _update(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        def patch(part: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
            return self._call("PATCH", "", [{**self._row(write), "id": write.id} for write in part])

        yield from self._outcomes(writes, _sent(writes, patch))

    def _delete(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Into the bin, from where people can take it back for 15 days."""

        def away(part: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
            ids = ",".join(str(write.id) for write in part)
            results: list[Mapping[str, Any]] = self._http.json(
                "DELETE", self._path, params={"ids": ids, "allOrNone": "false"}, headers=NO_RULES, idempotent=True
            )
            return results

        results = _sent(writes, away)
        for write in writes:
            result = results[write.key]
            if isinstance(result, AppError) and not isinstance(result, Missing):
                yield Failed(write.key, result)
            else:
                yield Done(write.key, gone(str(write.id)))

    def _call(
        self, method: str, path: str, rows: Sequence[Mapping[str, Any]], *, idempotent: bool = True
    ) -> Sequence[Mapping[str, Any]]:
        body = {"allOrNone": False, "records": rows}
        results: list[Mapping[str, Any]] = self._http.json(
            method, self._path + path, json=body, headers=NO_RULES, idempotent=idempotent
        )
        return results

    def _row(self, write: Write) -> dict[str, Any]:
        """None clears; a checkbox has no third state."""
        fields = self._shape.schema.fields
        cleared = {name: False for name, value in write.data.items() if value is None and fields[name].type == "bool"}
        return {"attributes": {"type": self._shape.name}, **write.data, **cleared}

    def _outcomes(self, writes: Sequence[Write], results: Mapping[str, Record | AppError]) -> Iterator[Outcome]:
        """Each write with its error, or its record as it is stored now; in doubt where that cannot be read."""
        done = {key: result.id for key, result in results.items() if isinstance(result, Record)}
        unheard = Transient("Salesforce did not say what became of this record.")
        records: dict[str, Record] = {}
        try:
            found = get(self._http, self._shape, list(done.values())) if done else iter(())
            records = dict(zip(done, found, strict=True))
        except AppError as error:  # whatever it is: the writes themselves have landed
            unheard = Transient(f"The record was written, but could not be read again. {error}")
        for write in writes:
            result, record = results.get(write.key), records.get(write.key)
            if isinstance(result, AppError):
                yield Failed(write.key, result)
            elif record is None:
                yield Failed(write.key, unheard)
            elif record.gone:
                yield Failed(write.key, Missing(f"Salesforce has no record {record.id} any more."))
            else:
                yield Done(write.key, record)


def _sent(writes: Sequence[Write], send: Send) -> dict[str, Record | AppError]:
    """Key -> the id of what was written (as a record of nothing else), or the error.

    All together; where Salesforce refuses the whole for one of them (a field that is not there, a text where a number
    belongs), each for itself.
    """
    if not writes:
        return {}
    try:
        results = send(writes)
    except Transient as error:
        return {write.key: error for write in writes}
    except (Invalid, Missing) as error:
        if len(writes) == 1:
            return {writes[0].key: error}
        return {key: result for write in writes for key, result in _sent([write], send).items()}
    return {write.key: _result(result) for write, result in zip(writes, results, strict=True)}


def _result(result: Mapping[str, Any]) -> Record | AppError:
    if result["success"]:
        return Record(str(result["id"]), None, {})
    errors = result.get("errors") or [{"message": "It was not saved.", "statusCode": "UNKNOWN_EXCEPTION"}]
    return of_part(errors[0])
