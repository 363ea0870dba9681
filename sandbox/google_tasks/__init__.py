"""A stand-in for the Google Tasks API v1, as far as its public documents and discovery document tell."""

from sandbox.google_tasks.server import Server

__all__ = ["Server"]
