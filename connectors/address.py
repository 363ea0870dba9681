"""Addresses of servers: what is one, and whether two lead to the same place."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from engine.contract import Refused

PORTS = {"http": 80, "https": 443}


def base(url: str) -> str:
    """A base address with its final slash. Refused where it is none, or holds a password (which logs would show)."""
    scheme, host, _ = origin(url)
    if scheme not in PORTS or not host:
        raise Refused("base_url is not an address. Write it like https://example.org.")
    if "@" in urlsplit(url).netloc:
        raise Refused("base_url holds a user name or password: give these as settings of their own.")
    return url if url.endswith("/") else url + "/"


def join(start: str, link: str) -> str:
    """Where a link leads, as a browser sees it; Refused where it is broken."""
    try:
        return urljoin(start, link)
    except ValueError as error:
        raise Refused(f"The server sent us on to a broken address: {error}.") from error


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port; empty where it is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None
