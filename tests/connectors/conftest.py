"""Servers that several tests use."""

from tests.connectors.caldav_servers import radicale, xandikos

__all__ = ["radicale", "xandikos"]
