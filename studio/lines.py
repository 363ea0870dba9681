"""How long, and how often, a caller may hold a line to the receiver.

uvicorn waits for ever for the head of a request that comes in drops. The body's time is the receiver's own affair.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds between two looks at a line: where nothing happens for so long, at most twice as long, we hang up."""
MOST = 400
"""Lines open at a time; whoever calls then is hung up on."""
Seen = tuple[object, bool]
"""The last request of a line, and whether it is answered."""


class Line(H11Protocol):
    """One line."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody calls."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.close()
        else:
            self._later()

    def _later(self) -> None:
        seen = self.cycle, self.cycle is None or self.cycle.response_complete
        self.loop.call_later(PATIENCE, self._look, seen)

    def _look(self, before: Seen) -> None:
        """Hangs up where all had been answered at the look before, and no whole head of a request has come since."""
        if before == (self.cycle, True):
            self.transport.close()
        elif not self.transport.is_closing():
            self._later()
