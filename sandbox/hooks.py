"""Outgoing webhooks. Only loopback addresses are ever called: a stand-in must not reach the world."""

from __future__ import annotations

import asyncio
import http.client
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from sandbox.faults import Faults, Visit

log = logging.getLogger(__name__)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TIMEOUT = 10.0


class Hooks:
    """Delivers in the order of sending, from one thread of its own. `faults` may lose or double messages."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-hooks")

    def send(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Deliver soon; a message that cannot be delivered is lost, as with the real apps."""
        visit = Visit("POST", url)
        if self._faults.take({"lose_hook"}, visit):
            return
        for _ in range(2 if self._faults.take({"double_hook"}, visit) else 1):
            self._pool.submit(self._deliver, url, dict(headers), body)

    async def ask(
        self, url: str, headers: Mapping[str, str], body: bytes = b"", method: str = "POST"
    ) -> tuple[int, bytes]:
        """Deliver now and tell status and body of the reply; raises OSError (also for addresses off loopback)."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, post, url, dict(headers), body, method)

    def close(self) -> None:
        """Forget what is not delivered yet."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        try:
            post(url, headers, body)
        except (OSError, http.client.HTTPException) as error:
            log.warning("a webhook was lost: %s", error)


def post(url: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> tuple[int, bytes]:
    """One request over plain HTTP to a loopback address; raises OSError."""
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK or parts.scheme != "http":
        raise OSError(f"a stand-in only calls loopback addresses over http, not {url}")
    line = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT)
    try:
        line.request(method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, dict(headers))
        reply = line.getresponse()
        return reply.status, reply.read()
    finally:
        line.close()
