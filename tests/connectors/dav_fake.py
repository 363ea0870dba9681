"""A calendar or an address book in memory, for texts and manners that no real server would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import httpx

from connectors import App, connect
from connectors.http import MockTransport

CALENDAR = "/cal/"
CALENDARS, CARDS = "urn:ietf:params:xml:ns:caldav", "urn:ietf:params:xml:ns:carddav"
NAMESPACES = f'xmlns="DAV:" xmlns:c="{CALENDARS}" xmlns:a="{CARDS}" xmlns:s="http://calendarserver.org/ns/"'


class FakeDav:
    """One calendar at /cal/. `answers` are tried first: each may answer a request, or leave it by returning None."""

    app: ClassVar[str] = "caldav"
    suffix: ClassVar[str] = ".ics"
    kind: ClassVar[str] = "c:calendar"
    data: ClassVar[str] = "c:calendar-data"

    def __init__(self, **resources: str) -> None:
        self.texts = {f"{name}{self.suffix}": text for name, text in resources.items()}
        self.versions = dict.fromkeys(self.texts, 1)
        self.answers: list[Callable[[httpx.Request], httpx.Response | None]] = []
        self.features = "1, 3, calendar-access"
        self.sync = True
        self.etag_on_put = True
        self.log: list[str] = []

    def connector(self, **settings: str) -> App:
        given = {"base_url": "http://localhost/", "username": "alice", "password": "wonderland", **settings}
        return connect(self.app, given, transport=MockTransport(self.handle), sleep=lambda _: None)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.log.append(f"{request.method} {request.url.path}")
        for answer in self.answers:
            if (response := answer(request)) is not None:
                return response
        return getattr(self, f"_{request.method.lower()}")(request)

    def _etag(self, name: str) -> str:
        return f'"{self.versions[name]}"'

    def _get(self, request: httpx.Request) -> httpx.Response:
        name = unquote(request.url.path.removeprefix(CALENDAR))
        if name not in self.texts:
            return httpx.Response(404)
        return httpx.Response(200, headers={"ETag": self._etag(name)}, content=self.texts[name].encode())

    def _put(self, request: httpx.Request) -> httpx.Response:
        name = unquote(request.url.path.removeprefix(CALENDAR))
        there = name in self.texts
        if request.headers.get("if-none-match") == "*" and there:
            return httpx.Response(412)
        if "if-match" in request.headers and (not there or request.headers["if-match"] != self._etag(name)):
            return httpx.Response(412)
        self.texts[name] = request.content.decode()
        self.versions[name] = self.versions.get(name, 0) + 1
        headers = {"ETag": self._etag(name)} if self.etag_on_put else {}
        return httpx.Response(204 if there else 201, headers=headers)

    def _delete(self, request: httpx.Request) -> httpx.Response:
        name = unquote(request.url.path.removeprefix(CALENDAR))
        return httpx.Response(404 if self.texts.pop(name, None) is None else 204)

    def _options(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"DAV": self.features})

    def _propfind(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path != CALENDAR and not path.startswith("/home"):
            body = "<current-user-principal><href>/home/</href></current-user-principal>"
            return multistatus(member(path, body))
        if path == "/home/" and request.headers["depth"] == "0":
            home = f"<{self.kind}-home-set><href>/home/</href></{self.kind}-home-set><displayname>Alice</displayname>"
            return multistatus(member(path, home))
        kind = f"<resourcetype><collection/><{self.kind}/></resourcetype><displayname>Work</displayname>"
        found = [member(CALENDAR, f"{kind}<s:getctag>{sum(self.versions.values())}</s:getctag>")]
        if request.headers["depth"] == "1":
            found += [member(CALENDAR + name, f"<getetag>{self._etag(name)}</getetag>") for name in self.texts]
        return multistatus(*found)

    def _report(self, request: httpx.Request) -> httpx.Response:
        root = ElementTree.fromstring(request.content)
        if root.tag == "{DAV:}sync-collection":
            if not self.sync:
                return httpx.Response(403, content=b'<error xmlns="DAV:"><supported-report/></error>')
            found = [member(CALENDAR + name, f"<getetag>{self._etag(name)}</getetag>") for name in self.texts]
            return multistatus(*found, "<sync-token>token-1</sync-token>")
        return multistatus(*(self._member(href.text or "") for href in root.iter("{DAV:}href")))

    def _member(self, href: str) -> str:
        name = unquote(href.removeprefix(CALENDAR))
        if name not in self.texts:
            return f"<response><href>{href}</href><status>HTTP/1.1 404 Not Found</status></response>"
        data = f"<{self.data}>{escape(self.texts[name])}</{self.data}>"
        return member(href, f"<getetag>{self._etag(name)}</getetag>{data}")


class FakeBook(FakeDav):
    """One address book, at /cal/ too."""

    app = "carddav"
    suffix = ".vcf"
    kind = "a:addressbook"
    data = "a:address-data"


def member(href: str, props: str) -> str:
    status = "<status>HTTP/1.1 200 OK</status>"
    return f"<response><href>{escape(href)}</href><propstat><prop>{props}</prop>{status}</propstat></response>"


def multistatus(*parts: str) -> httpx.Response:
    return httpx.Response(207, content=f"<multistatus {NAMESPACES}>{''.join(parts)}</multistatus>".encode())


def ics(*lines: str, zones: str = "") -> str:
    """A VCALENDAR with these lines; "=" begins a further VEVENT with the same UID."""
    text = "\n".join(lines).replace("\n=\n", "\nEND:VEVENT\nBEGIN:VEVENT\nUID:u1\n")
    head = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{zones}BEGIN:VEVENT\nUID:u1\n"
    return f"{head}{text}\nEND:VEVENT\nEND:VCALENDAR\n".replace("\n", "\r\n")


SCOPE: dict[str, Any] = {"calendar": CALENDAR}
