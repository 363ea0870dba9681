"""Writes: new objects one by one under a request id, updates and deletions in batches of 30, all read back as stored.

An update is made on top of the object as it is now, so that what QuickBooks keeps besides our fields survives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.quickbooks.books import BATCH, Books, Raw, away
from connectors.quickbooks.shape import created, record_of, updated
from connectors.rest import gone, in_batches
from engine.contract import AppError, Deleted, Done, Failed, Invalid, Missing, Op, Outcome, Stale, Transient, Write

ACCOUNTS = {"IncomeAccountRef": "income_account", "ExpenseAccountRef": "expense_account"}
"""Where an item's money goes: the field, and the setting that is taken where the field is not given."""
Errors = dict[str, AppError]


class Writer:
    """Writes to the objects of one kind."""

    def __init__(self, books: Books, settings: Mapping[str, str], accounts: dict[str, str]) -> None:
        self._books, self._settings, self._accounts = books, settings, accounts

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        acts = {Op.CREATE: self._create, Op.UPDATE: self._update, Op.DELETE: self._update}
        return in_batches(writes, acts, BATCH)

    def _create(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        ids: dict[str, str] = {}
        errors: Errors = {}
        for write in writes:
            try:
                ids[write.key] = self._books.create(write.key, self._body(write))
            except (Invalid, Transient) as error:
                errors[write.key] = error
        yield from self._outcomes(writes, ids, errors)

    def _body(self, write: Write) -> dict[str, Any]:
        body = created(self._books.obj, write.data)
        if self._books.entity != "Item":
            return body
        body.setdefault("Type", "NonInventory")
        for name in ("IncomeAccountRef", *(["ExpenseAccountRef"] if body.get("PurchaseCost") else [])):
            body.setdefault(name, {"value": self._account(name)})
        return body

    def _account(self, name: str) -> str:
        """The id of the account that the connection names, by its name or id."""
        wanted = self._settings.get(ACCOUNTS[name], "")
        if wanted not in self._accounts:
            found = wanted if wanted.isdigit() else self._books.account(wanted)
            if not found:
                advice = f"set {ACCOUNTS[name]} of the connection to the name of one that there is."
                raise Invalid(f"A new item needs an account, and QuickBooks has no {wanted!r}: {advice}", field=name)
            self._accounts[wanted] = found
        return self._accounts[wanted]

    def _update(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Updates, and deletions, which are updates as well: customers and items can only be made inactive."""
        there = self._books.named(str(write.id) for write in writes)
        errors: Errors = {}
        bodies: dict[str, Raw] = {}
        for write in writes:
            try:
                bodies[write.key] = self._changed(write, there.get(str(write.id)))
            except (Missing, Stale) as error:
                errors[write.key] = error
        if bodies:
            try:
                errors |= self._books.update(bodies)
            except (Invalid, Transient) as error:
                errors |= dict.fromkeys(bodies, error)
        yield from self._outcomes(writes, {write.key: str(write.id) for write in writes}, errors)

    def _changed(self, write: Write, before: Raw | None) -> Raw:
        if before is None or away(before):
            raise Missing(f"QuickBooks has no {self._books.entity.lower()} {write.id}, or it is inactive.")
        if write.if_version is not None and write.if_version != str(before["SyncToken"]):
            raise Stale(f"{self._books.entity} {write.id} was changed in QuickBooks meanwhile.")
        data = {} if write.op is Op.DELETE else write.data
        body = updated(self._books.obj, before, data)
        return {**body, "Active": False} if write.op is Op.DELETE else body

    def _outcomes(self, writes: Sequence[Write], ids: Mapping[str, str], errors: Errors) -> Iterator[Outcome]:
        """Each write with its error, or its record as it is stored now; in doubt where that cannot be read."""
        done = {key: id for key, id in ids.items() if key not in errors}
        found: dict[str, Raw] = {}
        unread: AppError | None = None
        try:
            found = self._books.named(done.values()) if done else {}
        except AppError as error:  # whatever it is: the writes themselves have landed
            unread = Transient(f"The record was written, but could not be read again. {error}")
        for write in writes:
            wrong = errors.get(write.key) or unread
            if wrong is None or (write.op is Op.DELETE and isinstance(wrong, Missing)):  # a deletion of what is gone
                yield self._outcome(write, done, found)
            else:
                yield Failed(write.key, wrong)

    def _outcome(self, write: Write, done: Mapping[str, str], found: Mapping[str, Raw]) -> Outcome:
        id = done.get(write.key, str(write.id))
        record = record_of(self._books.obj, found.get(id), id)
        if write.op is Op.DELETE:
            return Done(write.key, gone(id))
        if not record.gone:
            return Done(write.key, record)
        said = f"{self._books.entity} {id}"
        if write.op is Op.CREATE:
            return Failed(write.key, Deleted(f"{said} was made under this key and deleted since."))
        return Failed(write.key, Missing(f"{said} is not there any more."))
