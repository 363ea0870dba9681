"""Stand-in for Outlook contacts (Microsoft Graph v1.0)."""

from sandbox.outlook_contacts.server import Server

__all__ = ["Server"]
