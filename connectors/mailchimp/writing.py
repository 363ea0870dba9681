"""Writes: new members up to 500 at a time, changes and deletions (archiving) one by one.

A new member carries the key of its write in a merge field of ours, so that one that is there already is known to be
the one that was made before, and not somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.mailchimp import consent
from connectors.mailchimp.consent import MaySubscribe
from connectors.mailchimp.errors import of_part
from connectors.mailchimp.members import ARCHIVED, Audience, hashed
from connectors.mailchimp.merging import OWN, STAMP, written
from connectors.rest import gone, one_by_one
from engine.contract import AppError, Deleted, Done, Failed, Invalid, Op, Outcome, Record, Transient, Write

BATCH = 500
EXISTS = "ERROR_CONTACT_EXISTS"
LENIENT = {"skip_merge_validation": "true"}
"""What people made a required column must not keep other apps' contacts out."""


class Writer:
    """Writes to one audience. `stamped`: it has our merge field."""

    def __init__(self, audience: Audience, allowed: MaySubscribe, *, stamped: bool) -> None:
        self._audience, self._allowed, self._stamped = audience, allowed, stamped
        self._http, self._path = audience.http, audience.path

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        new = [write for write in writes if write.op is Op.CREATE]
        for begin in range(0, len(new), BATCH):
            yield from self._create(new[begin : begin + BATCH])
        others = (write for write in writes if write.op is not Op.CREATE)
        yield from one_by_one(others, {Op.UPDATE: self._update, Op.DELETE: self._archive})

    def _create(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Mailchimp names members by their addresses, so one address is sent once."""
        bodies: dict[str, dict[str, Any]] = {}
        asked: dict[str, Write] = {}
        for write in writes:
            try:
                body = self._new(write, asked)
            except Invalid as error:
                yield Failed(write.key, error)
            else:
                address = body["email_address"].lower()
                bodies[address], asked[address] = body, write
        yield from self._send(asked, bodies)

    def _send(self, asked: Mapping[str, Write], bodies: Mapping[str, Any]) -> Iterator[Outcome]:
        """All at once; where Mailchimp refuses the whole for one of them, each for itself."""
        if not asked:
            return
        try:
            body = {"members": list(bodies.values()), "update_existing": False}
            answer = self._http.json("POST", self._path, params=LENIENT, json=body)
        except (Invalid, Transient) as error:
            if isinstance(error, Transient) or len(asked) == 1:
                yield from (Failed(write.key, error) for write in asked.values())
                return
            for address, write in asked.items():
                yield from self._send({address: write}, {address: bodies[address]})
            return
        made = {str(row["email_address"]).lower(): row for row in answer["new_members"]}
        errors = {str(row.get("email_address")).lower(): row for row in answer["errors"]}
        for address, write in asked.items():
            yield self._heard(write, address, made.get(address), errors.get(address))

    def _heard(
        self, write: Write, address: str, made: Mapping[str, Any] | None, problem: Mapping[str, Any] | None
    ) -> Outcome:
        try:
            if made:
                return Done(write.key, self._audience.record_of(made))
            if problem is None:
                return Failed(write.key, Transient("Mailchimp did not say what became of this member."))
            if problem.get("error_code") != EXISTS:
                return Failed(write.key, of_part(problem))
            return Done(write.key, self._there(write, address))
        except (Deleted, Invalid) as error:
            return Failed(write.key, error)
        except AppError as error:  # whatever it is: the member that is there may be ours
            return Failed(write.key, Transient(f"There is a member with this address, but who made it? {error}"))

    def _there(self, write: Write, address: str) -> Record:
        """The member with that address: ours, if it carries the key."""
        raw = self._audience.find(hashed(address))
        archived = raw["status"] == ARCHIVED
        if (raw.get("merge_fields") or {}).get(STAMP) != write.key:
            where = "in the archive of this audience" if archived else "in this audience"
            advice = "Unarchive it there" if archived else "Match members by e-mail address"
            raise Invalid(
                f"Mailchimp has {raw['email_address']} already, {where}. {advice}, or delete it there.",
                field="email_address",
            )
        if archived:
            raise Deleted(f"{raw['email_address']} was made under this key and archived since.")
        return self._audience.record_of(raw)

    def _new(self, write: Write, asked: Mapping[str, Write]) -> dict[str, Any]:
        address = write.data.get("email_address")
        if not address:
            raise Invalid("A member needs an e-mail address.", field="email_address")
        if str(address).lower() in asked:
            raise Invalid(f"Two records have the address {address}; it can be one member only.", field="email_address")
        body = self._body({name: value for name, value in write.data.items() if value is not None})
        body["status"] = consent.status(write.data.get("status"), None, self._allowed)
        if self._stamped:
            body["merge_fields"] = {**body.get("merge_fields", {}), STAMP: write.key}
        return body | ({"tags": list(write.data["tags"])} if write.data.get("tags") else {})

    def _update(self, write: Write) -> Record:
        data, path = write.data, f"{self._path}/members/{write.id}"
        raw = self._audience.member(str(write.id))
        body = self._body(data)
        if (status := consent.status(data.get("status"), raw["status"], self._allowed)) is not None:
            body["status"] = status
        if body:
            raw = self._http.json("PATCH", path, params=LENIENT, json=body, idempotent=True)
        if "tags" in data and (tags := _labels(raw, data["tags"] or [])):
            self._http.request("POST", f"{path}/tags", json={"tags": tags}, idempotent=True)
            raw = self._audience.member(str(write.id))
        return self._audience.record_of(raw)

    def _archive(self, write: Write) -> Record:
        self._http.request("DELETE", f"{self._path}/members/{write.id}", idempotent=True)
        return gone(str(write.id))

    def _body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What goes into a member's JSON as it is; status and tags have ways of their own."""
        merges = self._audience.merges
        if lost := [name for name in data if name not in OWN and name not in merges]:
            raise Invalid(f"This audience has no merge field {lost[0]}. Add it in Mailchimp.", field=lost[0])
        if "email_address" in data and not data["email_address"]:
            raise Invalid("A member cannot lose its e-mail address.", field="email_address")
        body: dict[str, Any] = {name: data[name] or "" for name in ("email_address", "language") if name in data}
        if "vip" in data:
            body["vip"] = bool(data["vip"])
        values = {name: written(merges[name], data[name]) for name in data if name in merges}
        return body | ({"merge_fields": values} if values else {})


def _labels(raw: Mapping[str, Any], wanted: Sequence[str]) -> list[dict[str, str]]:
    """The tags to add and to take away."""
    had = [str(tag["name"]) for tag in raw.get("tags") or []]
    new = [{"name": tag, "status": "active"} for tag in wanted if tag not in had]
    return new + [{"name": tag, "status": "inactive"} for tag in had if tag not in wanted]
