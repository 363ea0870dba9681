"""Set up: a project folder, and the accounts it may use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note, table


def init(
    folder: Annotated[Path, Parameter(help="The folder to make; an existing one is completed, nothing is replaced.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Make a project folder: mappings/, deployments/, .env.example and .gitignore.

    Example: syncline init my-sync
    """
    from syncline.scaffold import scaffold

    made = scaffold(folder)
    emit(
        {"project": str(folder.resolve()), "made": made},
        json,
        lambda _: f"{folder} is a Syncline project.\nNext: cd {folder} && syncline connect APP --name NAME",
    )
    return Exit.DONE


def connect(
    app: Annotated[str, Parameter(help="An app of the README's table, such as hubspot, google_calendar or csv.")],
    /,
    *,
    name: Annotated[str, Parameter(help="What you call this account.")],
    set: Annotated[
        list[str],
        Parameter(
            name="--set",
            consume_multiple=True,
            show_default=False,
            help="A setting, key=value: base_url, token, username, password, client_id, ... "
            "key=- asks for it, or reads a line of standard input; SYNCLINE_SET_KEY in the environment works too.",
        ),
    ] = [],  # noqa: B006 - never changed
    no_browser: Annotated[
        bool, Parameter(show_default=False, help="Only print the address of the sign-in page, open nothing.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Sign in to an account and save it; nothing is saved before the account has answered.

    For a name that there is already it signs in again; settings that are not given stay. Secrets are kept encrypted.

    Example: syncline connect caldav --name home --set base_url=https://dav.example.org username=ann password=-
    """
    from connectors import connect as open_connector
    from syncline.credentials import complete, gather, kept

    with opened(project) as here:
        given = gather(app, set)
        settings = complete(app, {**kept(here.connections, name, app, given), **given}, browser=not no_browser)
        account = open_connector(app, settings, settings.update).check()
        here.save_connection(name, app, settings, account, datetime.now(UTC))
    emit(
        {"connection": name, "app": app, "account": account},
        json,
        lambda _: f"Connected: {name} is {account} ({app}).",
    )
    return Exit.DONE


def connections(
    *,
    check: Annotated[
        bool, Parameter(show_default=False, help="Also ask each account whether it still answers.")
    ] = False,
    remove: Annotated[str | None, Parameter(help="Forget the connection of this name.")] = None,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List the accounts that are signed in, and when a sign-in ends where that is known; secrets are not shown.

    Example: syncline connections --check
    """
    with opened(project) as here:
        if remove is not None:
            _end_hooks(here, remove)
            if not here.connections.delete(remove):
                note(f"There is no connection {remove!r}.")
                return Exit.ERROR
        rows = [_shown(one) for one in here.connections.all()]
        if check:
            for row in rows:
                row["state"] = _state(here, row["name"])
    columns = ["name", "app", "account", "settings", "ends", "state" if check else "paused"]
    empty = "No account is connected yet. Next: syncline connect APP --name NAME"
    emit(rows, json, lambda data: table(columns, [[row[key] for key in columns] for row in data], empty=empty))
    return Exit.ERROR if any(row.get("state", "ok") != "ok" for row in rows) else Exit.DONE


def _shown(one: Any) -> dict[str, Any]:
    settings = ", ".join(f"{key}={value}" for key, value in sorted(one.settings.items()))
    paused = f"paused since {one.paused_at[:16]}: {one.paused}" if one.paused_at else ""
    ends = (one.expires_at or "")[:16]
    account = one.account or ""
    return {"name": one.name, "app": one.app, "account": account, "settings": settings, "ends": ends, "paused": paused}


def _end_hooks(project: Any, name: str) -> None:
    """While the app can still be asked."""
    from engine.store.lease import Busy
    from flows.hooks import Hooks

    try:
        for entry in Hooks(project, project.settings.public_url).end(name):
            note(f"A webhook goes on until the app ends it: {entry.error}")
    except Busy:
        note("Its webhooks go on until the app ends them: another process is looking after webhooks just now.")


def _state(project: Any, name: str) -> str:
    from engine.contract import AppError
    from flows.project import ProjectError
    from flows.secrets import SecretsError

    try:
        project.connector(name, anyway=True).check()
    except (AppError, ProjectError, SecretsError) as error:
        return str(error)
    return "ok"
