"""Writes in batches of 100, each with an outcome of its own, and read back as stored.

A new record carries the key of its write in a unique property of ours, so that it is found again instead of made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.http import Client
from connectors.hubspot import ties
from connectors.hubspot.errors import of_part
from connectors.hubspot.records import BATCH, Fields, get, read
from connectors.hubspot.schema import GROUPS, STAMP
from connectors.rest import gone, in_batches
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

TRACE = "objectWriteTraceId"
STAGE = "lifecyclestage"
Made = dict[str, str]
"""Key of a write -> id of its record."""
Errors = dict[str, AppError]


class Writer:
    """Writes to one object. `stampable`: objects known to have our property; None where there is to be none."""

    def __init__(self, http: Client, obj: str, fields: Fields, stampable: set[str] | None) -> None:
        self._http, self._obj, self._fields, self._stampable = http, obj, fields, stampable
        self._path = f"crm/v3/objects/{obj}"

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        acts = {Op.CREATE: self._create, Op.UPDATE: self._update, Op.DELETE: self._delete}
        return in_batches(writes, acts, BATCH)

    def _create(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        made, failed = ({}, {}) if self._stampable is None else self._known(writes, self._stampable)
        left = [write for write in writes if write.key not in made and write.key not in failed]
        ids, errors = _whole_or_single(left, self._post)
        yield from self._outcomes(writes, made | ids, failed | errors)

    def _known(self, writes: Sequence[Write], stampable: set[str]) -> tuple[Made, Errors]:
        """Records that were made under these keys before, and the keys whose record is in the bin."""
        if self._obj not in stampable:
            self._define()
            stampable.add(self._obj)
        made = self._by_key([write.key for write in writes])
        left = [write.key for write in writes if write.key not in made]
        binned = self._by_key(left, archived=True) if left else {}
        said = "was made under this key and deleted since; it is in HubSpot's bin."
        return made, {key: Deleted(f"Record {id} {said}") for key, id in binned.items()}

    def _by_key(self, keys: Sequence[str], *, archived: bool = False) -> Made:
        rows = read(self._http, self._obj, {}, keys, STAMP, archived=archived)
        return {str(row["properties"][STAMP]): str(row["id"]) for row in rows}

    def _define(self) -> None:
        """Makes the property that holds the keys, where it is not there yet."""
        path = f"crm/v3/properties/{self._obj}"
        try:
            self._http.request("GET", f"{path}/{STAMP}")
        except Missing:
            try:
                self._http.request("POST", path, json=_definition(self._obj), idempotent=True)
            except Invalid:  # somebody else was quicker, or an answer was lost
                self._http.request("GET", f"{path}/{STAMP}")
            except Refused as error:
                raise Refused(
                    f"HubSpot does not let this token make the property {STAMP}, by which a new record is found again. "
                    f"Give it the scope crm.schemas.{self._obj}.write, or set stamp=no for this connection. ({error})"
                ) from error

    def _post(self, writes: Sequence[Write]) -> tuple[Made, Errors]:
        keys = {str(number): write.key for number, write in enumerate(writes)}
        inputs = [self._input(write) | {TRACE: number} for number, write in zip(keys, writes, strict=True)]
        answer = self._http.json("POST", f"{self._path}/batch/create", json={"inputs": inputs})
        made = {keys[str(row[TRACE])]: str(row["id"]) for row in answer["results"] if str(row.get(TRACE)) in keys}
        return made, {keys[number]: error for number, error in _problems(answer, TRACE) if number in keys}

    def _input(self, write: Write) -> dict[str, Any]:
        stamp = {} if self._stampable is None else {STAMP: write.key}
        values = {name: value for name, value in self._values(write.data).items() if value != ""}
        return {"properties": values | stamp, "associations": ties.specs(self._obj, write.data)}

    def _update(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        plain = [write for write in writes if self._values(write.data)]
        ids, errors = _whole_or_single(plain, self._patch)
        ids |= {write.key: str(write.id) for write in writes if write not in plain}
        errors |= self._tie([write for write in writes if write.key in ids])
        self._back(writes, ids)
        yield from self._outcomes(writes, ids, errors)

    def _patch(self, writes: Sequence[Write]) -> tuple[Made, Errors]:
        keys = {str(write.id): write.key for write in writes}
        inputs = [{"id": str(write.id), "properties": self._values(write.data)} for write in writes]
        answer = self._http.json("POST", f"{self._path}/batch/update", json={"inputs": inputs}, idempotent=True)
        failed = {keys[id]: error for id, error in _problems(answer, "ids") if id in keys}
        return {key: id for id, key in keys.items() if key not in failed}, failed

    def _tie(self, writes: Sequence[Write]) -> Errors:
        """The references among what is to be set."""
        tied = [write for write in writes if set(write.data) & set(ties.TIES[self._obj])]
        before = ties.read(self._http, self._obj, [str(write.id) for write in tied])
        errors: Errors = {}
        for write in tied:
            try:
                ties.write(self._http, self._obj, str(write.id), write.data, before[str(write.id)])
            except (Invalid, Transient) as error:
                errors[write.key] = error
        return errors

    def _back(self, writes: Sequence[Write], ids: Made) -> None:
        """A stage of life moves back only once it was cleared; without that, HubSpot silently leaves it as it is."""
        wanted = {str(write.id): str(write.data[STAGE]) for write in writes if write.data.get(STAGE)}
        asked = [id for id in wanted if id in ids.values()]
        if not asked:
            return
        rows = read(self._http, self._obj, {STAGE: self._fields[STAGE]}, asked)
        stuck = [
            str(row["id"]) for row in rows if row["properties"].get(STAGE) not in (None, wanted.get(str(row["id"])))
        ]
        for value in ("", None) if stuck else ():
            inputs = [{"id": id, "properties": {STAGE: wanted[id] if value is None else value}} for id in stuck]
            self._http.request("POST", f"{self._path}/batch/update", json={"inputs": inputs}, idempotent=True)

    def _delete(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Into the bin; what is there already, or nowhere, is passed over by HubSpot."""
        try:
            inputs = [{"id": str(write.id)} for write in writes]
            self._http.request("POST", f"{self._path}/batch/archive", json={"inputs": inputs}, idempotent=True)
        except (Invalid, Transient) as error:
            yield from (Failed(write.key, error) for write in writes)
        else:
            yield from (Done(write.key, gone(str(write.id))) for write in writes)

    def _outcomes(self, writes: Sequence[Write], ids: Made, errors: Errors) -> Iterator[Outcome]:
        """Each write with its error, or its record as it is stored now; in doubt where that cannot be read."""
        done = {write.key: ids[write.key] for write in writes if write.key in ids and write.key not in errors}
        unheard = Transient("HubSpot did not say what became of this record.")
        records: dict[str, Record] = {}
        try:
            records = {record.id: record for record in get(self._http, self._obj, self._fields, list(done.values()))}
        except AppError as error:  # whatever it is: the writes themselves have landed
            unheard = Transient(f"The record was written, but could not be read again. {error}")
        for write in writes:
            record = records.get(done.get(write.key, ""))
            if record is None:
                yield Failed(write.key, errors.get(write.key, unheard))
            elif record.gone:
                yield Failed(write.key, Missing(f"HubSpot has no record {record.id} any more."))
            else:
                yield Done(write.key, record)

    def _values(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Properties as HubSpot takes them: an empty text clears."""
        tied = ties.TIES[self._obj]
        return {name: "" if value is None else str(value) for name, value in data.items() if name not in tied}


Send = Callable[[Sequence[Write]], tuple[Made, Errors]]


def _whole_or_single(writes: Sequence[Write], send: Send) -> tuple[Made, Errors]:
    """All together; where HubSpot refuses the whole for one of them, each for itself."""
    if not writes:
        return {}, {}
    try:
        return send(writes)
    except Transient as error:
        return {}, {write.key: error for write in writes}
    except (Invalid, Missing) as error:
        if len(writes) == 1:
            return {}, {writes[0].key: error}
    made: Made = {}
    errors: Errors = {}
    for write in writes:
        ids, failed = _whole_or_single([write], send)
        made, errors = made | ids, errors | failed
    return made, errors


def _problems(answer: Mapping[str, Any], name: str) -> Iterator[tuple[str, AppError]]:
    """What a half successful answer says of each record; `name`: how it names them."""
    for problem in answer.get("errors") or []:
        for about in (problem.get("context") or {}).get(name) or []:
            yield str(about), of_part(problem)


def _definition(obj: str) -> dict[str, Any]:
    return {
        "name": STAMP,
        "label": "Syncline key",
        "description": "The key under which Syncline made this record. Do not change it.",
        "groupName": GROUPS[obj],
        "type": "string",
        "fieldType": "text",
        "hasUniqueValue": True,
        "formField": False,
    }
