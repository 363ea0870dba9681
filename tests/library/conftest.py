"""Running servers for the mappings of the library: a fresh stand-in each, or a new collection on a Radicale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

import sandbox
from connectors import dav
from tests.connectors.caldav_servers import DavServer, radicale
from tests.connectors.tryton_server import empty, rpc, tryton
from tests.library.cases import CASES, REALM
from tests.library.world import World
from tests.store.postgres import Postgres, postgres

__all__ = ["postgres", "radicale", "tryton"]
HOW_TO = (Path(__file__).parents[2] / "docs" / "how-to" / "prebuilt-mappings.md").read_text(encoding="utf-8")
TABLE = HOW_TO.split("```sql\n")[1].split("```")[0]
HEAD = HOW_TO.split("```csv\n")[1].split("```")[0]
_numbers = count(1)
Make = Callable[..., World]
Place = tuple[dict[str, str], dict[str, Any]]
"""Settings of a connection, and the scope of a sync there."""


@pytest.fixture
def make_world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes the world of a mapping, by its name, perhaps with further mappings of the same apps."""
    with ExitStack() as stack:

        def place(app: str, path: str) -> Place:
            if app in ("carddav", "caldav"):
                return _collection(request.getfixturevalue("radicale"), app)
            if app == "sql":
                return _database(request.getfixturevalue("postgres")), {}
            if app == "csv":
                return _folder(tmp_path / "files", path), {}
            if app == "tryton":
                return _emptied(request.getfixturevalue("tryton"), path), {}
            server = stack.enter_context(sandbox.start(app))
            secret = {"password": server.token} if app == "mailchimp" else {"token": server.token}
            company = {"realm_id": REALM} if app == "quickbooks" else {}
            return {"base_url": server.url, **secret, **company}, {}

        def make(mapping: str, *along: str) -> World:
            places = {side: place(at.app, at.path) for side, at in CASES[mapping].sides.items()}
            settings, scopes = ({side: found[n] for side, found in places.items()} for n in (0, 1))
            world = World(tmp_path / "project", (mapping, *along), CASES[mapping], settings, scopes)
            stack.callback(world.close)
            return world

        yield make


def _database(server: Postgres) -> dict[str, str]:
    """A new one, with the table of the docs."""
    url = server.empty()
    with psycopg.connect(url) as database:
        database.execute(TABLE)
    return {"url": url.replace(":hush", ""), "changes": "trigger"}


def _folder(folder: Path, file: str) -> dict[str, str]:
    folder.mkdir()
    (folder / file).write_text(HEAD)
    return {"folder": str(folder), "keys": "made", "text": "phone,mobile,postcode"}


def _emptied(settings: dict[str, str], model: str) -> dict[str, str]:
    """Products need a company, which is a party: they have a database of their own."""
    if model == "product.product":
        settings, model = {**settings, "database": "firm"}, "product.template"
    empty(rpc(settings), model)
    return settings


def _collection(server: DavServer, app: str) -> Place:
    """A new address book or task list."""
    name = f"Library-{next(_numbers)}"
    method, body = dav.mkbook(name) if app == "carddav" else dav.mkcalendar(name, "VTODO")
    account = (server.settings["username"], server.settings["password"])
    url = f"{server.settings['base_url']}/alice/{name}"
    httpx.request(method, f"{url}/", content=body, auth=account).raise_for_status()
    return {**server.settings, "url": url}, {"book" if app == "carddav" else "calendar": name}
