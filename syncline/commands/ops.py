"""Operate: the demo, stand-ins, Prefect, and a look at the whole set-up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note, table


def demo(
    folder: Annotated[
        Path, Parameter(help="Where the demo's project folder is made. A former demo there is replaced.")
    ] = Path("demo-project"),
    /,
    *,
    data: Annotated[
        Path | None, Parameter(help="A folder of calendars (.ics) to start with, instead of the demo's own.")
    ] = None,
    keep: Annotated[
        bool, Parameter(show_default=False, help="Leave the three calendars up until Ctrl-C, for runs of your own.")
    ] = False,
    json: AsJson = False,
) -> int:
    """Two stand-in calendars and a CalDAV server of this machine, kept the same, step by step.

    It checks what it shows: exit code 1 when a step went wrong.

    Example: syncline demo
    """
    from syncline.demo import run as tell

    return int(tell(folder, data=data, keep=keep, as_json=json))


def sandbox(
    apps: Annotated[list[str], Parameter(help="Apps that have a stand-in, such as hubspot; several at once.")],
    /,
    *,
    port_base: Annotated[
        int | None, Parameter(help="First port; the next apps get the next. Free ports without it.")
    ] = None,
    seed: Annotated[
        list[str],
        Parameter(show_default=False, help="APP=FOLDER: fill an app with the files (.ics, .json) of a folder."),
    ] = [],  # noqa: B006 - never changed
    state: Annotated[Path | None, Parameter(help="A file the data is loaded from and saved to.")] = None,
    json: AsJson = False,  # noqa: ARG001 - its lines are JSON anyway
) -> int:
    """Serve stand-ins of apps on this machine until stopped; the first line of each app is JSON with its address.

    Connect one like an account: syncline connect APP --name NAME --set base_url=URL token=TOKEN (and what else its line
    names, such as realm_id)

    Example: syncline sandbox google_calendar outlook_calendar --port-base 9000 --seed google_calendar=calendars
    """
    from syncline.standins import serve

    return serve(apps, port_base, seed, state)


def deploy(
    syncs: Annotated[
        list[str],
        Parameter(
            show_default=False, help="The syncs. Without any, all of the project; what removed syncs left goes too."
        ),
    ] = [],  # noqa: B006 - never changed
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(show_default=False, help="Show what would be registered and removed, and do nothing.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Register syncs with Prefect: every-N-minutes, nightly-full, on-change and a paused backfill, for each.

    With SYNCLINE_AUTOMATIONS also the automations that tell people of failed runs and of holds. On the project's own
    server, a worker that carries out the runs is started too.

    Example: syncline deploy work
    """
    import os

    from flows import server

    with opened(project) as here:
        for name in syncs:
            here.deployment(name)
        home = here.state / "prefect"
        own = server.configured(os.environ) is None
        url = server.use(home)
        from flows import deploy as registry

        made = registry.deploy(here, syncs or here.syncs(), every=not syncs, dry_run=dry_run)
        if own and not dry_run:
            server.Worker(home).up(url)
    columns = ("sync", "what", "name", "done")
    emit(made, json, lambda data: table(columns, [[one[key] for key in columns] for one in data]))
    if not own:
        note(f"Runs wait in the work pool {server.POOL}. Start a worker: prefect worker start --pool {server.POOL}")
    return Exit.DONE


def up(
    *,
    worker: Annotated[
        bool, Parameter(show_default=False, help="Also start the worker that carries out scheduled runs.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Start the project's Prefect server, if none is configured and it does not run yet; print its address.

    Example: syncline up
    """
    import os

    from flows.server import Server, Worker, configured

    with opened(project) as here:
        url, home = configured(os.environ), here.state / "prefect"
        page = url.removesuffix("/api") if url else Server(home).up()
        if worker:
            Worker(home).up(url or f"{page}/api")
    whose = "configured" if url else "of this project"
    emit({"server": page, "own": url is None}, json, lambda _: f"The Prefect server {whose} is at {page}")
    return Exit.DONE


def down(*, project: ProjectDir = None, json: AsJson = False) -> int:
    """Stop the project's Prefect server and its worker. Runs under way are broken off; the next ones go on.

    Example: syncline down
    """
    from flows.server import Server, Worker

    with opened(project) as here:
        Worker(here.state / "prefect").down()
        stopped = Server(here.state / "prefect").down()
    said = "The project's Prefect server is stopped." if stopped else "The project had no Prefect server running."
    emit({"stopped": stopped}, json, lambda _: said)
    return Exit.DONE


def doctor(*, project: ProjectDir = None, json: AsJson = False) -> int:
    """Look at the set-up: Python, packages, settings, state, clock, key, accounts, syncs, webhooks, Prefect, disk.

    Example: syncline doctor
    """
    from syncline.doctor import examine

    found = examine(project)
    marks = {True: "ok", False: "wrong", None: "–"}
    emit(
        found,
        json,
        lambda data: table(["what", "state", "detail"], [(f["what"], marks[f["ok"]], f["detail"]) for f in data]),
    )
    return Exit.ERROR if any(one["ok"] is False for one in found) else Exit.DONE
