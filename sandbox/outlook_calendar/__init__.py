"""A stand-in for the calendar part of Microsoft Graph v1.0, as far as its public documents and users tell."""

from sandbox.outlook_calendar.server import Server

__all__ = ["Server"]
