"""The command line: `syncline COMMAND`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Group, Parameter

from syncline.commands import (
    alerts,
    connector,
    design,
    holds,
    hooks,
    look,
    mapping,
    metrics,
    ops,
    past,
    project,
    rebuild,
    rehearse,
    runs,
    undo,
    watch,
)
from syncline.errors import explain
from syncline.exits import Exit

START = Group("Start", sort_key=1)
DESIGN = Group("Describe a sync", sort_key=2)
RUN = Group("Run it", sort_key=3)
LOOK = Group("Look at it", sort_key=4)
OPERATE = Group("Operate", sort_key=5)

GROUPS = {
    START: (ops.demo, ops.sandbox, project.init, project.connect, project.connections),
    DESIGN: (design.new, design.check, mapping.mapping, rehearse.rehearse),
    RUN: (runs.plan, runs.apply, runs.run, runs.backfill, watch.watch, undo.undo, rebuild.rebuild),
    LOOK: (look.status, alerts.alerts, look.runs, look.show, past.history, past.sql, holds.holds, holds.resolve),
    OPERATE: (hooks.hooks, ops.deploy, ops.up, ops.down, ops.doctor, metrics.metrics, connector.connector),
}

app = App(
    name="syncline",
    help="Keep the same records the same in several business apps.\n\n"
    "Exit codes: 0 done, 1 error, 2 something waits for a person (or: the plan has changes), 3 wrong usage.",
    help_format="plaintext",
    version=lambda: version("syncline"),
    default_parameter=Parameter(negative=""),
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # we say ourselves that nothing is lost
)
for _group, _commands in GROUPS.items():
    for _command in _commands:
        app.command(_command, group=_group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code. Never a traceback, unless SYNCLINE_DEBUG is set."""
    try:
        return int(app(list(arguments) if arguments is not None else None, exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        return _say(f"{error}. See: syncline --help", Exit.USAGE)
    except KeyboardInterrupt:
        return _say("Stopped. Nothing is lost; a later run goes on.", Exit.ERROR)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone: say nothing more
        return Exit.DONE
    except Exception as error:
        if os.environ.get("SYNCLINE_DEBUG"):
            raise
        return _say(explain(error), Exit.ERROR)


def _say(sentence: str, code: Exit) -> int:
    text = sentence.replace(".. See", ". See")
    print(f"syncline: {text}", file=sys.stderr)
    return code


def script() -> None:
    """The installed command.

    What it loads lives until it ends: looking through that for garbage, on the way and once more at the end, would be
    a quarter of the time that a short run takes.
    """
    gc.set_threshold(100_000)
    code = main()
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    script()
