"""A stand-in's control plane, as tests use it."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen


class Control:
    """Faults, counters, seeding. `url` is the stand-in's root."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_control/"

    def fault(self, kind: str, times: int = 1, **more: Any) -> None:
        self._send("POST", "faults", {"kind": kind, "times": times, **more})

    def calm(self) -> None:
        self._send("DELETE", "faults")

    def seed(self, calendar: str, ics: str) -> None:
        self._send("POST", "seed", {"calendar": calendar, "ics": ics})

    def revoke(self) -> None:
        """End every sign-in."""
        self._send("POST", "revoke")

    def reset(self) -> None:
        self._send("POST", "reset_log")

    def log(self) -> dict[str, Any]:
        log: dict[str, Any] = self._send("GET", "log")
        return log

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)) as reply:
            return json.loads(reply.read() or b"null")
