"""Running servers for every test: the two stand-ins, and a new calendar on a Radicale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest

from sandbox import start
from tests.connectors.caldav_servers import DavServer, radicale  # noqa: F401 - a fixture
from tests.system.people import Dav, Google, Outlook
from tests.system.world import NOW, World

MKCALENDAR = (
    '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    "<D:displayname>{}</D:displayname></D:prop></D:set></C:mkcalendar>"
)
_numbers = count(1)
Make = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path, radicale: DavServer) -> Iterator[Make]:  # noqa: F811 - the fixture
    """Makes a world over these sides; `zone` is where the CalDAV user's floating times are meant."""
    with ExitStack() as stack:

        def make(*sides: str, zone: str = "UTC") -> World:
            google, outlook = (stack.enter_context(start(f"{app}_calendar")) for app in ("google", "outlook"))
            dav, name = _calendar(radicale, zone)
            settings = {
                "google": {"base_url": google.url, "token": google.token},
                "outlook": {"base_url": outlook.url, "token": outlook.token},
                "caldav": radicale.settings,
            }
            people = Google(google.url, google.token), Outlook(outlook.url, outlook.token), dav
            for person in people[:2]:
                person.control.post("now", now=NOW.isoformat())
            world = World(tmp_path / name, sides or ("google", "outlook", "caldav"), *people, settings, name, zone)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(make_world: Make) -> World:
    """All three calendars."""
    return make_world()


def _calendar(server: DavServer, zone: str) -> tuple[Dav, str]:
    name = f"System-{next(_numbers)}"
    account = (server.settings["username"], server.settings["password"])
    url = f"{server.settings['base_url']}/alice/{name}/"
    httpx.request("MKCALENDAR", url, content=MKCALENDAR.format(name), auth=account).raise_for_status()
    return Dav(url, account, zone), name
