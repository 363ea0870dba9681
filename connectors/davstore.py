"""One DAV collection: listing what is in it, reading resources, storing and deleting them under guard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors import dav
from connectors.davfind import Discovery, Place, headers
from connectors.davkind import Kind
from connectors.http import Client, Response, where
from engine.contract import Invalid, Missing, Record, Refused

CHUNK = 75  # resources in one multiget
Listing = tuple[Sequence[dav.Member], str | None]
"""Members and the token after them."""


class Collection:
    """Resources are named by their path relative to the collection, escaped as in an address."""

    def __init__(self, http: Client, kind: Kind, place: Place) -> None:
        self._http = http
        self.kind, self.place = kind, place
        self._schedules: bool | None = None
        self._version: str | None = None

    # --- listing --------------------------------------------------------------------------------------------------

    def since(self, token: str) -> Iterator[Listing]:
        """What changed since the token ("" for everything), in as many parts as the server makes of it (RFC 6578 3.6).

        Raises CursorExpired for a token the server has forgotten, Refused or Invalid where it keeps none.
        """
        url = self.place.url
        more = True
        while more:
            body, depth = dav.sync_collection(token), 0  # RFC 6578 3.2: the sync level is in the body
            found = dav.read(self._http.request("REPORT", url, content=body, headers=headers(depth)))
            more = any(member.status == 507 for member in found.members) and found.token not in (None, token)
            token = found.token or ""
            yield [member for member in found.members if self._is_resource(member)], found.token

    def listed(self, discovery: Discovery) -> list[dav.Member]:
        """Everything, from a server that keeps no sync tokens."""
        _, found = discovery.propfind(self.place.url, 1, dav.ETAG, dav.TYPE)
        return [member for member in found.members if self._is_resource(member)]

    def ctag(self, discovery: Discovery) -> str | None:
        """A mark of the collection's state, which many servers without sync tokens have."""
        _, found = discovery.propfind(self.place.url, 0, dav.CTAG)
        return next((text for member in found.members if (text := member.text(dav.CTAG))), None)

    def ident(self, member: dav.Member) -> str:
        return member.href.removeprefix(self.place.path)

    def _is_resource(self, member: dav.Member) -> bool:
        inside = member.href.startswith(self.place.path) and member.href != self.place.path
        return inside and not member.href.endswith("/") and dav.DAV + "collection" not in member.kinds()

    # --- reading --------------------------------------------------------------------------------------------------

    def records(self, idents: Sequence[str]) -> Iterator[list[Record]]:
        """Lists in the order of the ids: gone=True for what is not there, nothing for what is of another kind."""
        for at in range(0, len(idents), CHUNK):
            chunk = idents[at : at + CHUNK]
            body = dav.multiget(self.kind.multiget, self.kind.data, (self.place.path + ident for ident in chunk))
            found = dav.read(self._http.request("REPORT", self.place.url, content=body, headers=headers(1)))
            members = {self.ident(member): member for member in found.members}
            records = [self._record(ident, members.get(ident)) for ident in chunk]
            yield [one for one in records if one is not None]

    def _record(self, ident: str, member: dav.Member | None) -> Record | None:
        if member is not None and member.status in (404, 410):
            return _gone(ident)
        if member is None or self.kind.data not in member.props:  # not answered: ask for this one alone
            try:
                version, text = self.read(ident)
            except Missing:
                return _gone(ident)
            return self.kind.record(ident, version, text)
        data = member.props[self.kind.data].text or ""
        return self.kind.record(ident, dav.etag(member.text(dav.ETAG)), data)

    def read(self, ident: str) -> tuple[str | None, str]:
        """Version and text of one resource, or Missing."""
        response = self._http.request("GET", self._url(ident))
        if response.status_code != 200:
            raise Refused(f"{where(response)} answered {response.status_code} instead of a record. Check base_url.")
        return dav.etag(response.headers.get("etag")), response.content.decode("utf-8", "replace")

    # --- writing --------------------------------------------------------------------------------------------------

    def put(self, ident: str, body: bytes, version: str | None) -> Record:
        """Store a resource over this version, or, for None, where there is none yet; Stale otherwise.

        The record is as the server now stores it, which for some is not what was sent. If somebody else was faster
        to write again, it is what we stored: theirs is the next change.
        """
        guard = {"If-None-Match": "*"} if version is None else {"If-Match": version}
        kind = {"Content-Type": f"{self.kind.mime}; charset=utf-8"}
        response = self._http.request("PUT", self._url(ident), content=body, headers=guard | kind, idempotent=True)
        _landed(response)
        mine = dav.etag(response.headers.get("etag"))
        version, text = self.read(ident)
        if mine is not None and mine != version:
            version, text = mine, body.decode()
        stored = self.kind.record(ident, version, text)
        if stored is None:
            raise Invalid(f"The server does not show {ident} as one {self.kind.item}.")
        return stored

    def delete(self, ident: str, version: str | None) -> None:
        """Missing where it is gone already. No reply goes to an organizer (RFC 6638 8.1)."""
        guard = {} if version is None else {"If-Match": version}
        headers = {"Schedule-Reply": "F", **guard}
        _landed(self._http.request("DELETE", self._url(ident), headers=headers, idempotent=True))

    def schedules(self) -> bool:
        """Whether the server mails guests by itself when an organizer's event changes (RFC 6638 2)."""
        if self._schedules is None and self.kind.guests:
            response = self._http.request("OPTIONS", self.place.url)
            self._schedules = "calendar-auto-schedule" in response.headers.get("dav", "").lower()
        return bool(self._schedules)

    def version(self, discovery: Discovery) -> str:
        """The version of the format for new records: vCard 3.0, unless others are all that is taken."""
        if self._version is None:
            found = discovery.propfind(self.place.url, 0, self.kind.formats)[1].members if self.kind.formats else ()
            listed = [member.props[self.kind.formats] for member in found if self.kind.formats in member.props]
            taken = [one.get("version", "") for element in listed for one in element]
            self._version = "3.0" if not taken or "3.0" in taken else max(taken)
        return self._version

    def _url(self, ident: str) -> str:
        url = self.place.url + ident
        if "/" in ident or ident in ("", ".", ".."):
            raise Invalid(f"{ident!r} is not the name of a record in this {self.kind.place}.")
        return url


def _landed(response: Response) -> None:
    if response.status_code >= 300:
        raise Refused(f"{where(response)} sends us elsewhere with a write. Check base_url.")


def _gone(ident: str) -> Record:
    return Record(id=ident, version=None, data={}, gone=True)
