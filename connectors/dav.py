"""The XML of WebDAV, CalDAV and CardDAV: what is asked, and what a multistatus answer says.

RFC 4918 (PROPFIND, multistatus), RFC 4791 (CalDAV), RFC 6352 (CardDAV), RFC 6578 (sync-collection).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.http import Response, retry_after, where
from engine.contract import AppError, AuthExpired, CursorExpired, Invalid, Missing, Refused, Stale, Transient

DAV, SERVER = "{DAV:}", "{http://calendarserver.org/ns/}"
CAL, CARD = "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}"
for _prefix, _name in (("d", DAV), ("c", CAL), ("card", CARD), ("cs", SERVER)):
    register_namespace(_prefix, _name.strip("{}"))

ETAG, NAME, TYPE = DAV + "getetag", DAV + "displayname", DAV + "resourcetype"
PRINCIPAL, CTAG = DAV + "current-user-principal", SERVER + "getctag"
COMPONENTS = CAL + "supported-calendar-component-set"

_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[1-2]|1[4-9]|2\d|3[01]);")
_SAFE = "@:$!*'(),;~=+&"
_REFUSED_DATA = (
    "valid-calendar-data", "valid-calendar-object-resource", "supported-calendar-component", "max-resource-size",
    "no-uid-conflict", "supported-calendar-data", "max-instances", "max-attendees-per-instance", "min-date-time",
    "max-date-time", "valid-address-data", "supported-address-data",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """One response of a multistatus."""

    href: str
    """Path on the server, in one spelling (see `path`)."""
    status: int
    """200 where it lists properties."""
    props: Mapping[str, Element]
    """The properties that are there, by qualified name."""

    def text(self, name: str) -> str:
        element = self.props.get(name)
        return (element.text or "").strip() if element is not None else ""

    def links(self, name: str) -> list[str]:
        """The hrefs within a property, as given (they may be on another server)."""
        element = self.props.get(name)
        return [] if element is None else [(href.text or "").strip() for href in element.iter(DAV + "href")]

    def kinds(self) -> set[str]:
        """The resource types: collection, calendar, ..."""
        element = self.props.get(TYPE)
        return set() if element is None else {child.tag for child in element}


@dataclass(frozen=True, slots=True)
class Multistatus:
    """The members an answer names, and the sync token of a sync-collection report."""

    members: tuple[Member, ...]
    token: str | None


def propfind(*names: str) -> bytes:
    root = Element(DAV + "propfind")
    _props(root, names)
    return _text(root)


def sync_collection(token: str) -> bytes:
    """What changed since the token; an empty one asks for all members."""
    root = Element(DAV + "sync-collection")
    SubElement(root, DAV + "sync-token").text = token
    SubElement(root, DAV + "sync-level").text = "1"
    _props(root, (ETAG,))
    return _text(root)


def multiget(report: str, data: str, hrefs: Iterable[str]) -> bytes:
    """The texts (property `data`) of these resources, by the report of this name."""
    root = Element(report)
    _props(root, (ETAG, data))
    for href in hrefs:
        SubElement(root, DAV + "href").text = href
    return _text(root)


def mkcalendar(name: str, component: str) -> tuple[str, bytes]:
    """Method and body: a calendar for one kind of component (RFC 4791 5.3.1)."""
    root = Element(CAL + "mkcalendar")
    prop = SubElement(SubElement(root, DAV + "set"), DAV + "prop")
    SubElement(prop, NAME).text = name
    SubElement(SubElement(prop, COMPONENTS), CAL + "comp", {"name": component})
    return "MKCALENDAR", _text(root)


def mkbook(name: str) -> tuple[str, bytes]:
    """Method and body: an address book (RFC 5689)."""
    root = Element(DAV + "mkcol")
    prop = SubElement(SubElement(root, DAV + "set"), DAV + "prop")
    SubElement(prop, NAME).text = name
    kind = SubElement(prop, TYPE)
    SubElement(kind, DAV + "collection")
    SubElement(kind, CARD + "addressbook")
    return "MKCOL", _text(root)


def read(response: Response) -> Multistatus:
    """The multistatus of a 207 answer. Refused where the server answers something else: it speaks no DAV there."""
    root = _xml(response.content) if response.status_code == 207 else None
    if root is None or root.tag != DAV + "multistatus":
        said = f"{response.status_code} {response.headers.get('content-type', '')}".strip()
        raise Refused(f"{where(response)} is not a CalDAV or CardDAV address (it answered {said}). Check base_url.")
    token = root.findtext(DAV + "sync-token")
    return Multistatus(tuple(_member(one) for one in root.iter(DAV + "response")), (token or "").strip() or None)


def classify(response: Response) -> AppError | None:
    """The meaning of an answer: the precondition its body names (RFC 4918 16) counts more than the status."""
    code = response.status_code
    if code < 400:
        return None
    said = f"{where(response)} answered {code} {response.reason_phrase}".strip()
    named = _preconditions(response) if code in (400, 403, 405, 409, 412, 413, 415, 422) else set()
    if "valid-sync-token" in named:
        return CursorExpired(f"{said}: the server has forgotten where we were. Everything is read anew.")
    if broken := named & set(_REFUSED_DATA):
        return Invalid(f"{said}: it does not take this record ({', '.join(sorted(broken))}).")
    if code == 401:
        return AuthExpired(f"{said}: the user name, password or token is not accepted. Sign in again.")
    if code in (404, 410):
        return Missing(f"{said}: it is not there.")
    if code == 412:
        return Stale(f"{said}: the record was changed meanwhile.")
    if code == 429 or (code == 503 and "retry-after" in response.headers):
        return Transient(f"{said}: too many calls.", wait=retry_after(response), landed=False)
    if code == 423:
        return Transient(f"{said}: the record is locked by another program.", landed=False)
    if code in (405, 501):
        return Refused(f"{said}: this address speaks no CalDAV or CardDAV. Check base_url.")
    if code in (403, 507):
        return Refused(f"{said}: the account may not do this here (read-only, or full).")
    if code >= 500 or code == 408:
        return Transient(f"{said}: the server has a problem.", wait=retry_after(response))
    return Invalid(f"{said}: it does not take this request.")


def etag(value: str | None) -> str | None:
    """An ETag as version: servers and proxies add the mark of weakness at will, so it is left off."""
    return (value or "").strip().removeprefix("W/") or None


def path(href: str) -> str:
    """The path of an address in one spelling: servers escape the same name differently in different answers."""
    parts = urlsplit(href).path.split("/")
    return "/".join(quote(unquote(part), safe=_SAFE) for part in parts)


def _props(root: Element, names: Iterable[str]) -> None:
    prop = SubElement(root, DAV + "prop")
    for name in names:
        SubElement(prop, name)


def _text(root: Element) -> bytes:
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _member(response: Element) -> Member:
    href = path(response.findtext(DAV + "href") or "")
    props: dict[str, Element] = {}
    for propstat in response.iter(DAV + "propstat"):
        if _status(propstat) == 200:
            props |= {prop.tag: prop for found in propstat.iter(DAV + "prop") for prop in found}
    own = response.find(DAV + "status")
    return Member(href, _status(response) if own is not None else 200, props)


def _status(element: Element) -> int:
    """The code of a DAV:status such as `HTTP/1.1 404 Not Found`."""
    words = (element.findtext(DAV + "status") or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200


def _xml(content: bytes) -> Element | None:
    """Texts with control characters make the XML around them unreadable: then these are left out."""
    for body in (content, _NOT_XML.sub(b"", content)):
        try:
            root: Element = fromstring(body)
        except (ParseError, DefusedXmlException, ValueError):
            continue
        return root
    return None


def _preconditions(response: Response) -> set[str]:
    root = _xml(response.content)
    return set() if root is None else {child.tag.rpartition("}")[2] for child in root.iter()}
