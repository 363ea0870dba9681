"""What is kept from one run to the next, and what is not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from httpx import HTTPTransport

from connectors.http import Client, _line, _made
from engine.store.tables import leases
from flows.project import Project, ProjectError
from flows.shared import shared
from flows.watch.accounts import USES, Accounts
from syncline import watching
from tests.watch.lookout import Watch, watch

__all__ = ["watch"]


def test_a_project_is_opened_once_for_all_who_use_it_at_a_time(watch: Watch) -> None:
    root = watch().world.root
    with shared(root) as one:
        store = one.store
        with shared(root) as two:
            assert two is one
        assert one.store.rows(_leases()) == []
    with shared(root) as three:
        assert three is not one
        assert three.store is not store
    with pytest.raises(ProjectError), shared(root / "nowhere"):
        pass


def test_looks_and_runs_of_a_watcher_have_one_project_and_so_one_pace_of_an_account(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ran = watch().world, []
    monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", "0")

    class Watcher:
        def __init__(self, project: Project, *_: object, **__: object) -> None:
            self.project = project

        def run(self) -> None:
            with shared(world.root) as of_flow_runs:
                ran.append(of_flow_runs is self.project)

        def stop(self) -> None: ...
        def hear(self, syncs: object = ()) -> None: ...

    monkeypatch.setattr(watching, "Watcher", Watcher)
    watching.watch(world.project, [], True, lambda _: None)
    assert ran == [True]


def _leases() -> object:
    return leases.select().where(leases.c.sync == "nobody's")


def test_looks_keep_an_account_open_until_somebody_signs_in_again_or_it_fails(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = watch().world.project
    made: list[object] = []
    monkeypatch.setattr(Project, "connector", lambda _self, _name: made.append(object()) or made[-1])
    accounts = Accounts(project)
    for number in (1, 2):
        project.save_connection("a", "caldav", {"base_url": "http://x"}, "ann", datetime(2026, 11, number, tzinfo=UTC))
        assert accounts.get("a") is accounts.get("a")
        assert len(made) == number
    accounts.drop("a")
    accounts.get("a")
    assert len(made) == 3
    for _ in range(USES):
        accounts.get("a")
    assert len(made) == 4


def test_a_connection_to_an_app_outlives_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    line = _made.__wrapped__()
    assert line is not None
    opened: list[object] = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            opened.append(self)
            super().setup()

        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        for _ in range(3):
            client = Client(f"http://127.0.0.1:{server.server_port}", transport=line)
            assert client.request("GET", "x").status_code == 204
            assert client.requests == 1
            client.close()
        assert len(opened) == 1
    finally:
        HTTPTransport.close(line)
        server.shutdown()
        thread.join()
        server.server_close()


def test_threads_that_come_together_share_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one would be left with its connections open."""
    makers = threading.Barrier(2)

    def slow() -> dict[str, str]:
        with suppress(threading.BrokenBarrierError):
            makers.wait(0.2)  # where two make one at a time, they meet here
        return {}

    monkeypatch.setattr("connectors.http.getproxies", slow)
    _made.cache_clear()
    with ThreadPoolExecutor(2) as threads:
        one, other = (threads.submit(_line) for _ in range(2))
        assert one.result() is other.result() is not None
    _made.cache_clear()  # this one was made as if no proxy were set


def test_with_a_proxy_httpx_keeps_its_own_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert _made.__wrapped__() is None
