"""From an address to a collection: well-known address, principal, home, collections (RFC 6764, 4791 6.2, 6352 7.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from connectors import dav
from connectors.davkind import Kind
from connectors.http import Client, Response
from engine.contract import Invalid, Json, Missing, Refused

HOPS = 5
SERVICES = frozenset({"caldav", "carddav", "contacts", "dav", "webdav", "calendar", "calendars", "cal", "www"})
"""First labels of a host that name a service, not a domain of its own: caldav.example.org belongs to example.org."""


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar or an address book. `url` is whole and ends with a slash."""

    url: str
    name: str

    @property
    def path(self) -> str:
        return dav.path(self.url)


class Discovery:
    """Finds the account and its collections of one kind once, and remembers them."""

    def __init__(self, http: Client, kind: Kind) -> None:
        self._http, self._kind = http, kind
        self._homes: tuple[str, ...] | None = None
        self._owner = ""
        self._known: dict[str, Place] = {}

    def owner(self) -> str:
        """The display name of the account, or "" where the server tells none."""
        self._home()
        return self._owner

    def place(self, scope: Json) -> Place:
        """The collection of a scope: by path, by display name, or the only one. Refused names those there are."""
        wanted = str(scope.get(self._kind.scope) or "")
        if wanted not in self._known:
            self._known[wanted] = self._by_path(wanted) if _is_path(wanted) else self._by_name(wanted, scope)
        return self._known[wanted]

    def propfind(self, url: str, depth: int, *names: str) -> tuple[str, dav.Multistatus]:
        """The answer, and the address it came from after redirects."""
        for _ in range(HOPS):
            response = self._http.request("PROPFIND", url, content=dav.propfind(*names), headers=headers(depth))
            target = response.headers.get("location")
            if not 300 <= response.status_code < 400 or not target:
                return str(response.request.url), dav.read(response)
            url = self._follow(response, target)
        raise Refused(f"{urlsplit(url).hostname} sends us from one address to the next. Check base_url.")

    def _by_path(self, wanted: str) -> Place:
        url = self._vouched(urljoin(self._http.base_url, wanted if wanted.endswith("/") else wanted + "/"))
        try:
            url, found = self.propfind(url, 0, dav.TYPE, dav.NAME)
        except (Missing, Invalid):
            found = dav.Multistatus((), None)
        if not any(self._kind.resource in member.kinds() for member in found.members):
            raise self._unknown(wanted)
        return Place(url, found.members[0].text(dav.NAME) or wanted)

    def _by_name(self, wanted: str, scope: Json) -> Place:
        there = self._places()
        fitting = [one for one in there if wanted in (one.name, one.path.rstrip("/").rpartition("/")[2])]
        fitting = [one for one in fitting if one.name == wanted] or fitting or (there if not wanted else [])
        if len(fitting) == 1:
            return fitting[0]
        if not fitting and wanted and str(scope.get("create", "")).lower() == "true":
            return self._make(wanted)
        raise self._unknown(wanted, ambiguous=bool(fitting))

    def _unknown(self, wanted: str, *, ambiguous: bool = False) -> Refused:
        named = ", ".join(sorted(f"{one.name} ({one.path})" for one in self._places())) or "none at all"
        place = self._kind.place
        said = f"There are several {place}s {wanted!r}" if ambiguous else f"There is no {place} {wanted!r}"
        return Refused(f"{said} here. There are: {named}. Name one of them by its name or path.")

    def _places(self) -> list[Place]:
        """The collections that take records of our kind."""
        found: dict[str, Place] = {}
        for home in self._home():
            url, listing = self.propfind(home, 1, dav.TYPE, dav.NAME, dav.COMPONENTS)
            for member in listing.members:
                if self._kind.resource in member.kinds() and self._takes(member):
                    name = member.text(dav.NAME) or member.href.rstrip("/").rpartition("/")[2]
                    found[member.href] = Place(urljoin(url, member.href.rstrip("/") + "/"), name)
        return list(found.values())

    def _takes(self, member: dav.Member) -> bool:
        """Servers that say nothing take everything."""
        element = member.props.get(dav.COMPONENTS)
        names = [] if element is None else [comp.get("name", "").upper() for comp in element]
        return not names or not self._kind.component or self._kind.component in names

    def _make(self, name: str) -> Place:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or self._kind.scope
        url = urljoin(self._home()[0], f"{slug}/")
        method, body = self._kind.make(name)
        self._http.request(method, url, content=body, headers=headers(), idempotent=False)
        return Place(url, name)

    def _home(self) -> tuple[str, ...]:
        if self._homes is None:
            self._homes = self._find_home()
        return self._homes

    def _find_home(self) -> tuple[str, ...]:
        """base_url may be the server, the principal, the home or a collection: ask it, then the well-known address."""
        refused: Refused | None = None
        for start in (self._http.base_url, urljoin(self._http.base_url, self._kind.known)):
            try:
                homes = tuple(self._homes_at(start))
            except (Missing, Invalid):
                continue
            except Refused as error:
                refused = refused or error
                continue
            if homes:
                return homes
        host = urlsplit(self._http.base_url).hostname
        kind = self._kind
        said = f"{host} does not tell where {kind.place}s are: it is no {kind.protocol} server. Check base_url."
        raise refused or Refused(said)

    def _homes_at(self, start: str) -> Iterator[str]:
        url, found = self.propfind(start, 0, dav.PRINCIPAL, self._kind.home, dav.NAME)
        principal = next((link for member in found.members for link in member.links(dav.PRINCIPAL)), None)
        if principal is not None:
            url, found = self.propfind(self._vouched(urljoin(url, principal)), 0, self._kind.home, dav.NAME)
            self._owner = next((text for member in found.members if (text := member.text(dav.NAME))), "")
        for member in found.members:
            for link in member.links(self._kind.home):
                yield self._vouched(urljoin(url, link if link.endswith("/") else link + "/"))

    def _follow(self, response: Response, target: str) -> str:
        return self._vouched(urljoin(str(response.request.url), target))

    def _vouched(self, url: str) -> str:
        """Some services keep accounts on servers of their own: followed within one domain, and never off https."""
        here, there = urlsplit(self._http.base_url).hostname or "", urlsplit(url)
        first, _, rest = here.partition(".")
        domain = rest if first in SERVICES and "." in rest else here
        if there.scheme == "https" and f".{there.hostname}".endswith(f".{domain}"):
            self._http.trust(url)
        return url


def headers(depth: int | None = None) -> dict[str, str]:
    """For a request with an XML body."""
    extra = {} if depth is None else {"Depth": str(depth)}
    return {"Content-Type": "application/xml; charset=utf-8", **extra}


def _is_path(wanted: str) -> bool:
    return wanted.startswith(("/", "http://", "https://"))
