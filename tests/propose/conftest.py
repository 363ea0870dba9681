"""A project, and an empty place in any app: a stand-in of its own, or a new collection, database or folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest

import sandbox
from connectors import connect, dav
from engine.contract import Done, Op, Write
from tests.cli.conftest import _clean_environment, folder, syncline
from tests.connectors.caldav_servers import DavServer, radicale
from tests.connectors.tryton_server import empty, rpc, tryton
from tests.library.cases import REALM
from tests.propose import files

__all__ = ["_clean_environment", "folder", "radicale", "syncline", "tryton"]


@dataclass
class Place:
    """One side: `words` are its settings for the command line."""

    app: str
    obj: str
    settings: dict[str, str]
    scope: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed = {"may_subscribe": "yes"} if self.app in ("mailchimp", "shopify") else {}
        self.connector = connect(self.app, {**self.settings, **allowed}, sleep=lambda _: None)

    def make(self, key: str, data: dict[str, Any]) -> str:
        (made,) = self.connector.write(self.obj, self.scope, [Write(op=Op.CREATE, key=key, data=data)])
        assert isinstance(made, Done) and made.record, made
        return made.record.id

    def edit(self, record: str, data: dict[str, Any]) -> None:
        (done,) = self.connector.write(self.obj, self.scope, [Write(op=Op.UPDATE, key="edit", id=record, data=data)])
        assert isinstance(done, Done), done

    def records(self) -> list[dict[str, Any]]:
        return [one.data for page in self.connector.scan(self.obj, self.scope) for one in page.records if not one.gone]


_numbers = count(1)
Places = Callable[[str, str], Place]


@pytest.fixture
def place(folder, tmp_path, request) -> Iterator[Places]:
    """Makes one, by app and object."""
    with ExitStack() as stack:

        def made(app: str, obj: str) -> Place:
            if app in ("carddav", "caldav"):
                return Place(app, obj, *_collection(request.getfixturevalue("radicale"), app, obj))
            if app == "tryton":
                return Place(app, obj, _emptied(request.getfixturevalue("tryton"), obj))
            if app in files.MAKERS:
                return Place(app, obj, files.MAKERS[app](tmp_path, obj))
            server = stack.enter_context(sandbox.start(app))
            secret = {"password" if app == "mailchimp" else "token": server.token}
            return Place(
                app, obj, {"base_url": server.url, **secret, **({"realm_id": REALM} if app == "quickbooks" else {})}
            )

        yield made


def _collection(server: DavServer, app: str, obj: str) -> tuple[dict[str, str], dict[str, Any]]:
    name = f"Proposed-{next(_numbers)}"
    method, body = (
        dav.mkbook(name) if app == "carddav" else dav.mkcalendar(name, "VTODO" if obj == "tasks" else "VEVENT")
    )
    account = (server.settings["username"], server.settings["password"])
    url = f"{server.settings['base_url']}/alice/{name}/"
    httpx.request(method, url, content=body, auth=account).raise_for_status()
    return server.settings, {"book" if app == "carddav" else "calendar": name}


def _emptied(settings: dict[str, str], model: str) -> dict[str, str]:
    """Products have a database of their own: their company is a party."""
    if model == "product.product":
        settings, model = {**settings, "database": "firm"}, "product.template"
    empty(rpc(settings), model)
    return settings
