"""A stand-in for the Google People API v1 (contacts), as far as its public documents and discovery document tell."""

from sandbox.google_contacts.server import Server

__all__ = ["Server"]
