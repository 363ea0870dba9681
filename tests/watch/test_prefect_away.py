"""A Prefect server that goes away from a process that has reported to it before."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.engine import API_HEALTHCHECKS

from flows import flowrun, sync
from flows.report import RunReport
from flows.server import Server, ServerError
from syncline import watching
from tests.sync.world import Make, World, make, only
from tests.watch.lookout import Watch, watch

__all__ = ["make", "watch"]
AWAY = "http://127.0.0.1:9/api"
FAKE = str(Path(__file__).parents[1] / "cli" / "fake_server.py")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(API_HEALTHCHECKS, f"{AWAY}/", float("inf"))  # Prefect asks once, and not again for ten minutes
    monkeypatch.delenv("PREFECT_HOME", raising=False)
    with temporary_settings({PREFECT_API_URL: AWAY}):
        yield


def raising(error: Exception) -> Any:
    """A flow that ends so."""

    def flow(*_: Any, **__: Any) -> Any:
        raise error

    return flow


def own(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world's process reports to the project's own server."""
    home: Path = world.project.state / "prefect"
    monkeypatch.setenv("PREFECT_HOME", str(home))
    monkeypatch.setenv("PREFECT_API_URL", AWAY)
    return home


def fake(home: Path) -> Server:
    return Server(home, lambda port: [sys.executable, FAKE, str(port)])


def test_a_run_says_in_a_sentence_that_the_server_is_away(make: Make, away: None) -> None:
    world = make("a", "b")
    with pytest.raises(
        ServerError, match=rf"does not answer at {AWAY}\. Start it, or take PREFECT_API_URL away.*--direct"
    ):
        sync.run(world.project, "it")


def test_what_to_do_is_what_can_be_done(make: Make, away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make("a", "b")
    refused = raising(httpx.ConnectError("refused"))
    home = own(world, monkeypatch)
    with pytest.raises(ServerError, match=rf"does not answer at {AWAY}\. Start it with: syncline up\. .*--direct"):
        flowrun.call(refused, world.project, "it")
    server = fake(home)
    page = server.up()
    try:
        with pytest.raises(ServerError, match=rf"is at {page} now, and no more at {AWAY}: start this process anew"):
            flowrun.call(refused, world.project, "it")
    finally:
        server.down()


def answered(status: int) -> PrefectHTTPStatusError:
    request = httpx.Request("POST", AWAY)
    return PrefectHTTPStatusError("said no", request=request, response=httpx.Response(status, request=request))


def test_what_a_proxy_says_for_the_server_is_no_defect_of_ours(make: Make, away: None) -> None:
    world = make("a", "b")
    for error, kind in (
        (answered(503), ServerError),
        (answered(422), PrefectHTTPStatusError),
        (RuntimeError("a defect"), RuntimeError),
    ):
        with pytest.raises(kind):
            flowrun.call(raising(error), world.project, "it")


def test_a_watcher_starts_a_server_that_has_died(make: Make, away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make("a", "b")
    server = fake(own(world, monkeypatch))
    monkeypatch.setattr(watching, "Server", fake)
    monkeypatch.setattr(sync, "run", lambda *_, **__: RunReport("1"))
    page = server.up()
    pid = json.loads((server.home / "server.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    try:
        watching.carrier(world.project, direct=False)("it", False)
        assert server.page() == page
        server.down()
        watching.carrier(world.project, direct=False)("it", False)
        assert server.page() is None, "somebody has stopped it"
    finally:
        server.down()


def test_a_watcher_tells_it_once_and_goes_on_when_the_server_is_back(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    it = watch()
    away = [True]

    def carry(_sync: str) -> None:
        if away:
            raise ServerError("The server does not answer.")

    it.before = carry
    it.world.apps["a"].edit("a1", note="edited")
    assert it.goes_on(300) > 1
    away.clear()
    it.goes_on(300)
    assert it.said("trouble") == ["The server does not answer."]
    assert it.said("well") == ["It works again."]
    assert only(it.world.apps["b"])["note"] == "edited"
    assert not [record for record in caplog.records if record.exc_info], "it needs no traceback"
