"""Watch: runs by themselves, as soon as there is something to do."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.project import Project
from syncline.commands.runs import Direct
from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import note


def watch(
    syncs: Annotated[list[str], Parameter(show_default=False, help="The syncs. Without any, all of the project.")] = [],  # noqa: B006
    /,
    *,
    direct: Direct = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Run syncs as soon as something changes, until stopped: takes webhooks, looks at each side now and then.

    It prints a line for each run, with --json a document a line. Stopping it lets runs end; killing it loses nothing.

    Example: syncline watch
    """
    with opened(project) as here:
        for name in syncs:
            here.deployment(name)
        if not direct:
            _use_prefect(here)
        from syncline.watching import line
        from syncline.watching import watch as begin

        begin(here, syncs, direct, lambda told: print(line(told, json), flush=True))
    return Exit.DONE


def _use_prefect(project: Project) -> None:
    """Before Prefect's first import."""
    import os

    from flows.server import Server, configured, use

    home = project.state / "prefect"
    if configured(os.environ) is None and Server(home).page() is None:
        note("Starting the project's Prefect server (about ten seconds, once; stop it with: syncline down) ...")
    use(home)
