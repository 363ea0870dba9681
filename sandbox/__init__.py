"""Stand-ins: local servers that speak the real HTTP API of an app, with a hostile mode.

They import nothing else of this project, so that a misreading of an API cannot be shared by a connector and its tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.serving import Running, start

__all__ = ["APPS", "Running", "start"]

APPS = {
    folder.parent.name: f"sandbox.{folder.parent.name}:Server"
    for folder in sorted(Path(__file__).parent.glob("*/__init__.py"))
    if "Server" in folder.read_text(encoding="utf-8")
}
"""Where each stand-in's class lives: the packages that have a `Server`; imported only when one is started."""


def __getattr__(name: str) -> Any:
    """Import the server machinery on first use: `sandbox.APPS` alone costs nothing."""
    if name in {"start", "Running"}:
        from sandbox import serving

        return getattr(serving, name)
    raise AttributeError(name)
