"""One calendar collection: listing what is in it, reading resources, storing and deleting them under guard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.caldav import dav
from connectors.caldav.discover import Calendar, Discovery, headers
from connectors.caldav.series import record
from connectors.http import Client, Response, where
from engine.contract import Invalid, Missing, Record, Refused

CHUNK = 75  # resources in one multiget
Listing = tuple[Sequence[dav.Member], str | None]
"""Members and the token after them."""


class Collection:
    """Resources are named by their path relative to the collection, escaped as in an address."""

    def __init__(self, http: Client, calendar: Calendar) -> None:
        self._http = http
        self.calendar = calendar
        self._schedules: bool | None = None

    # --- listing --------------------------------------------------------------------------------------------------

    def since(self, token: str) -> Iterator[Listing]:
        """What changed since the token ("" for everything), in as many parts as the server makes of it (RFC 6578 3.6).

        Raises CursorExpired for a token the server has forgotten, Refused or Invalid where it keeps none.
        """
        url = self.calendar.url
        more = True
        while more:
            body, depth = dav.sync_collection(token), 0  # RFC 6578 3.2: the sync level is in the body
            found = dav.read(self._http.request("REPORT", url, content=body, headers=headers(depth)))
            more = any(member.status == 507 for member in found.members) and found.token not in (None, token)
            token = found.token or ""
            yield [member for member in found.members if self._is_resource(member)], found.token

    def listed(self, discovery: Discovery) -> list[dav.Member]:
        """Everything, from a server that keeps no sync tokens."""
        _, found = discovery.propfind(self.calendar.url, 1, dav.ETAG, dav.TYPE)
        return [member for member in found.members if self._is_resource(member)]

    def ctag(self, discovery: Discovery) -> str | None:
        """A mark of the collection's state, which many servers without sync tokens have."""
        _, found = discovery.propfind(self.calendar.url, 0, dav.CTAG)
        return next((text for member in found.members if (text := member.text(dav.CTAG))), None)

    def ident(self, member: dav.Member) -> str:
        return member.href.removeprefix(self.calendar.path)

    def _is_resource(self, member: dav.Member) -> bool:
        inside = member.href.startswith(self.calendar.path) and member.href != self.calendar.path
        return inside and not member.href.endswith("/") and dav.DAV + "collection" not in member.kinds()

    # --- reading --------------------------------------------------------------------------------------------------

    def records(self, idents: Sequence[str]) -> Iterator[list[Record]]:
        """Lists of records, in the order of the ids: gone=True for what is not there, nothing for what is no event."""
        for at in range(0, len(idents), CHUNK):
            chunk = idents[at : at + CHUNK]
            body = dav.multiget(self.calendar.path + ident for ident in chunk)
            found = dav.read(self._http.request("REPORT", self.calendar.url, content=body, headers=headers(1)))
            members = {self.ident(member): member for member in found.members}
            records = [self._record(ident, members.get(ident)) for ident in chunk]
            yield [one for one in records if one is not None]

    def _record(self, ident: str, member: dav.Member | None) -> Record | None:
        if member is not None and member.status in (404, 410):
            return _gone(ident)
        if member is None or dav.DATA not in member.props:  # not answered: ask for this one alone
            try:
                version, text = self.read(ident)
            except Missing:
                return _gone(ident)
            return record(ident, version, text)
        data = member.props[dav.DATA].text or ""
        return record(ident, dav.etag(member.text(dav.ETAG)), data)

    def read(self, ident: str) -> tuple[str | None, str]:
        """Version and text of one resource, or Missing."""
        response = self._http.request("GET", self._url(ident))
        if response.status_code != 200:
            raise Refused(f"{where(response)} answered {response.status_code} instead of an event. Check base_url.")
        return dav.etag(response.headers.get("etag")), response.content.decode("utf-8", "replace")

    # --- writing --------------------------------------------------------------------------------------------------

    def put(self, ident: str, body: bytes, version: str | None) -> Record:
        """Store a resource over this version, or, for None, where there is none yet; Stale otherwise.

        The record is as the server now stores it, which for some is not what was sent. If somebody else was faster
        to write again, it is what we stored: theirs is the next change.
        """
        guard = {"If-None-Match": "*"} if version is None else {"If-Match": version}
        kind = {"Content-Type": "text/calendar; charset=utf-8"}
        response = self._http.request("PUT", self._url(ident), content=body, headers=guard | kind, idempotent=True)
        _landed(response)
        mine = dav.etag(response.headers.get("etag"))
        version, text = self.read(ident)
        if mine is not None and mine != version:
            version, text = mine, body.decode()
        return _event(record(ident, version, text), ident)

    def delete(self, ident: str, version: str | None) -> None:
        """Missing where it is gone already. No reply goes to an organizer (RFC 6638 8.1)."""
        guard = {} if version is None else {"If-Match": version}
        headers = {"Schedule-Reply": "F", **guard}
        _landed(self._http.request("DELETE", self._url(ident), headers=headers, idempotent=True))

    def schedules(self) -> bool:
        """Whether the server mails guests by itself when an organizer's event changes (RFC 6638 2)."""
        if self._schedules is None:
            response = self._http.request("OPTIONS", self.calendar.url)
            self._schedules = "calendar-auto-schedule" in response.headers.get("dav", "").lower()
        return self._schedules

    def _url(self, ident: str) -> str:
        url = self.calendar.url + ident
        if "/" in ident or ident in ("", ".", ".."):
            raise Invalid(f"{ident!r} is not the name of an event in this calendar.")
        return url


def _landed(response: Response) -> None:
    if response.status_code >= 300:
        raise Refused(f"{where(response)} sends us elsewhere with a write. Check base_url.")


def _gone(ident: str) -> Record:
    return Record(id=ident, version=None, data={}, gone=True)


def _event(stored: Record | None, ident: str) -> Record:
    if stored is None:
        raise Invalid(f"The server does not show {ident} as an event.")
    return stored
