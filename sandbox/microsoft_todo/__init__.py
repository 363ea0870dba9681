"""Stand-in for Microsoft To Do (Microsoft Graph v1.0)."""

from sandbox.microsoft_todo.server import Server

__all__ = ["Server"]
