"""A network that misbehaves on demand, in front of a real server."""

from __future__ import annotations

import httpx


class Flaky(httpx.BaseTransport):
    """Passes requests on. `refuse` answers that many times itself; `lose` drops the answers to that many writes."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self.methods: list[str] = []
        self.refuse: list[httpx.Response] = []
        self.lose = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.methods.append(request.method)
        if self.refuse:
            return self.refuse.pop()
        response = self._real.handle_request(request)
        if self.lose and request.method in ("PUT", "DELETE"):
            self.lose -= 1
            response.read()
            response.close()
            raise httpx.ReadError("the connection was closed", request=request)
        return response

    def close(self) -> None:
        self._real.close()
