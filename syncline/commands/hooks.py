"""Webhooks: what the apps are to call, and a receiver alone."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from flows.project import Project

Doc = dict[str, Any]
COLUMNS = ("connection", "what", "state", "until", "last heard", "calls")
OFF = "No app is asked to call: set SYNCLINE_PUBLIC_URL to the address at which apps reach this machine."


def hooks(
    action: Annotated[
        Literal["list", "serve", "end"],
        Parameter(
            help="list: every webhook with its state, and what to enter by hand. serve: receive calls and look after "
            "the webhooks, until stopped; `syncline watch` does that, too. end: end all of them at the apps."
        ),
    ] = "list",
    /,
    *,
    secrets: Annotated[
        bool, Parameter(show_default=False, help="list: show all addresses, and the secrets to enter by hand.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List the webhooks by which apps tell of changes, receive their calls, or end them.

    Exit code of list: 2 where one fails; of end: 1 where one could not be ended.

    Example: syncline hooks
    """
    with opened(project) as here:
        if action == "serve":
            return _serve(here, json)
        return _end(here, json) if action == "end" else _list(here, secrets, json)


def _list(project: Project, secrets: bool, json: bool) -> int:
    from engine.store.lease import Busy
    from flows.hooks import Hooks
    from flows.hookview import listed

    found = Hooks(project, project.settings.public_url)
    with suppress(Busy):  # then another process makes the addresses
        found.lay()
    rows = listed(found, secrets=secrets)
    unknown = sum(found.book.counts().get("", {}).values())
    doc = {"public_url": found.public_url or None, "hooks": rows, "unknown_calls": unknown}
    emit(doc, json, _shown)
    return Exit.WAITS if any(row["state"] == "failing" for row in rows) else Exit.DONE


def _shown(doc: Doc) -> RenderableType:
    from rich.console import Group

    from syncline.output import table
    from syncline.tables import moment

    def at(stamp: str | None) -> str:
        return moment(stamp) if stamp else ""

    rows = [
        (row["connection"], _what(row), row["state"], at(row["until"]), at(row["heard"]), _calls(row["calls"]))
        for row in doc["hooks"]
    ]
    parts: list[RenderableType] = [] if doc["public_url"] else [OFF]
    parts.append(table(COLUMNS, rows, empty="No sync wants to be told of anything."))
    parts += [f"{row['connection']}: {row['error']}" for row in doc["hooks"] if row["error"]]
    parts += [_steps(row) for row in doc["hooks"] if row["address"]]
    if doc["unknown_calls"]:
        parts.append(f"{doc['unknown_calls']} calls came to addresses that do not exist.")
    return Group(*parts)


def _what(row: Doc) -> str:
    scope = ", ".join(str(value) for value in row["scope"].values())
    return " ".join(filter(None, (row["object"] or "everything", scope)))


def _calls(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))


def _steps(row: Doc) -> str:
    lines = [
        f"{row['connection']}: {row['steps'] or 'the app was given this address.'}",
        f"  address: {row['address']}",
    ]
    return "\n".join([*lines, f"  secret:  {row['secret']}"] if row["secret"] else lines)


def _serve(project: Project, json: bool) -> int:
    from contextlib import ExitStack
    from threading import Event

    from flows.changed import events
    from flows.project import ProjectError
    from syncline.receiving import received, tended
    from syncline.stopping import stopped

    _ = project.store  # made by one thread
    settings, done = project.settings, Event()
    with ExitStack() as stack:
        stack.enter_context(stopped(done.set))
        heard, woken = stack.enter_context(events(project)), stack.enter_context(tended(project))
        try:
            address = stack.enter_context(received(project, heard, woken))
        except OSError as error:
            where = f"{settings.receiver_host}:{settings.receiver_port} ({error.strerror or error})"
            raise ProjectError(f"Nothing can be taken at {where}. Set SYNCLINE_RECEIVER_PORT to a free port.") from None
        doc = {"address": address, "public_url": settings.public_url or None}
        emit(doc, json, lambda _: f"Webhooks are taken at {address}. {settings.public_url or OFF}")
        sys.stdout.flush()
        done.wait()
    return Exit.DONE


def _end(project: Project, json: bool) -> int:
    from engine.store.lease import Busy
    from flows.hooks import Hooks
    from flows.project import ProjectError

    hooks = Hooks(project, project.settings.public_url)
    count = len(hooks.book.all())
    try:
        left = [{"connection": entry.place.connection, "error": entry.error} for entry in hooks.end()]
    except Busy:
        raise ProjectError("Another process looks after the webhooks just now. Try again in a minute.") from None

    def shown(doc: Doc) -> str:
        lines = [f"{doc['ended']} webhooks ended. `syncline watch` and `syncline hooks serve` make them again."]
        return "\n".join(lines + [f"{one['connection']}: {one['error']}" for one in doc["left"]])

    emit({"ended": count - len(left), "left": left}, json, shown)
    return Exit.ERROR if left else Exit.DONE
