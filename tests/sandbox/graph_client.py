"""Microsoft's own client library, pointed at a stand-in.

Its generated classes warn about their own base classes when they are first imported: tests that use it need
`pytest.mark.filterwarnings("ignore:.*is deprecated.*:DeprecationWarning")`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from sandbox import start

Story = Callable[[Any], Awaitable[None]]


def tell_at(app: str, story: Story) -> None:
    """Run a story with a signed-in GraphServiceClient at a fresh stand-in."""
    with start(app) as server:
        asyncio.run(_run(story, server.url, server.token))


async def _run(story: Story, url: str, token: str) -> None:
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory

    class Fixed(AccessTokenProvider):
        async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
            return token

        def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
            return AllowedHostsValidator([])

    # The library's own transport does not close the one that it wraps.
    async with httpx.AsyncHTTPTransport() as wire:
        plain = httpx.AsyncClient(transport=wire)
        http = GraphClientFactory.create_with_default_middleware(client=plain, options=options)
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Fixed()), client=http)
        adapter.base_url = f"{url}/v1.0"
        await story(GraphServiceClient(request_adapter=adapter))
