"""A stand-in for the Google Calendar API v3, as far as its public documents and discovery document tell."""

from sandbox.google_calendar.server import Server

__all__ = ["Server"]
