"""Stand-ins: local servers that speak the real HTTP API of an app, with a hostile mode.

They import nothing else of this project, so that a misreading of an API cannot be shared by a connector and its tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.serving import Running, start

__all__ = ["APPS", "Running", "start"]

APPS = {
    "google_calendar": "sandbox.google_calendar:Server",
    "outlook_calendar": "sandbox.outlook_calendar:Server",
}
"""Where each stand-in's class lives; imported only when it is started."""


def __getattr__(name: str) -> Any:
    """Import the server machinery on first use: `sandbox.APPS` alone costs nothing."""
    if name in {"start", "Running"}:
        from sandbox import serving

        return getattr(serving, name)
    raise AttributeError(name)
