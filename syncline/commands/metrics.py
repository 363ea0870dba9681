"""Figures for Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import Annotated

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note


def metrics(
    *,
    serve: Annotated[
        int | None, Parameter(help="Serve them on this port of 127.0.0.1 until Ctrl-C, instead of printing them.")
    ] = None,
    host: Annotated[str, Parameter(help="The address to serve on.")] = "127.0.0.1",
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Print the figures of the project as Prometheus reads them: ages, records by state, holds, what runs have done.

    They are computed from the state, so one place serves them for all machines that share it.

    Example: syncline metrics --serve 9464
    """
    from flows.metrics import listed, registry, render

    with opened(project) as here:
        if serve is None:
            if json:
                emit(listed(here, _now), json, str)
            else:
                print(render(here, _now), end="")  # Prometheus reads it: no line is wrapped
            return Exit.DONE
        from prometheus_client import start_http_server

        from syncline.stopping import stopped

        server, thread = start_http_server(serve, host, registry(here, _now))
        note(f"Serving http://{host}:{server.server_port}/metrics. Ctrl-C ends it.")
        done = Event()
        with stopped(done.set):
            done.wait()
        server.shutdown()
        thread.join()
        server.server_close()
    return Exit.DONE


def _now() -> datetime:
    return datetime.now(UTC)
