"""A Tryton of the test session's own: a process of its own, its database made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Client
from connectors.tryton.rpc import Rpc, classify
from tests.connectors.caldav_servers import free_port, running

PASSWORD = "Sesame-1234567"
MODULES = ("party", "product")


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a connection to it."""
    folder, port = tmp_path_factory.mktemp("tryton"), free_port()
    config, word = folder / "trytond.conf", folder / "password"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n")
    word.write_text(PASSWORD)
    (folder / "shop.sqlite").touch()
    (folder / "email_validator.py").write_text("raise ImportError")  # with it, Tryton asks the DNS about addresses
    _run(folder, "trytond-admin", "-c", config, "-d", "shop", "--all", "-p")
    _run(folder, "trytond-admin", "-c", config, "-d", "shop", "-u", *MODULES, "--activate-dependencies")
    shutil.copy(folder / "shop.sqlite", folder / "firm.sqlite")
    with running(
        ["env", f"PYTHONPATH={folder}", str(_tool("trytond")), "-c", str(config), "-d", "shop", "firm"],
        port,
        folder / "log",
    ):
        settings = {"base_url": f"http://127.0.0.1:{port}", "database": "shop", "user": "admin", "password": PASSWORD}
        _furnish(rpc(settings))
        _found(rpc({**settings, "database": "firm"}))
        yield settings


def rpc(settings: dict[str, str]) -> Rpc:
    """Another user's hands."""
    http = Client(settings["base_url"], classify=classify)
    return Rpc(http, settings["database"], settings["user"], settings["password"])


def empty(hands: Rpc, model: str) -> None:
    """Deletes what a former test left."""
    ids = hands.read(f"model.{model}.search", [], 0, None, None, context={"active_test": False})
    if ids:
        hands.write(f"model.{model}.delete", ids)


def _furnish(hands: Rpc) -> None:
    hands.write("model.country.country.create", [{"name": "Germany", "code": "DE"}, {"name": "France", "code": "FR"}])


def _found(hands: Rpc) -> None:
    """A company, which costs belong to; it is a party itself, so that this is another database."""
    groups = hands.read("model.res.group.search", [["name", "ilike", "%Product%"]], 0, None, None)
    euro = {"name": "Euro", "symbol": "E", "code": "EUR", "rates": [["create", [{"rate": Decimal(1)}]]]}
    (currency,) = hands.write("model.currency.currency.create", [euro])
    (party,) = hands.write("model.party.party.create", [{"name": "Firm"}])
    (company,) = hands.write("model.company.company.create", [{"party": party, "currency": currency}])
    own = {"companies": [["add", [company]]], "company": company, "groups": [["add", groups]]}
    hands.write("model.res.user.write", [1], own)


def _tool(name: str) -> Path:
    return Path(sys.executable).parent / name


def _run(folder: Path, tool: str, *words: Any) -> None:
    environment = {**os.environ, "TRYTONPASSFILE": str(folder / "password"), "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [_tool(tool), *map(str, words)], env=environment, input=b"\n", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
