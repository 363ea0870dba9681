"""`python -m sandbox google_calendar outlook_calendar`: serve stand-ins until stopped.

Prints one JSON line per app, `{"app", "url", "token"}` and what else a connection wants, when it is ready. `--seed` is
followed by a file, or a folder: calendars (`.ics`) all go into the app's default calendar (a folder with a file named
after the app: only this one), lists of records (`.json`) each into the container that the file is named after.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from sandbox import APPS
from sandbox.serving import StateFile, start

BESIDES = {"quickbooks": {"realm_id": "9130350000000001"}}
"""App -> settings of a connection besides address and token."""


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    options = _parse()
    state = StateFile(options.state)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        for index, app in enumerate(options.apps):
            port = options.port_base + index if options.port_base else 0
            texts = _texts(app, options.seed)
            running = stack.enter_context(start(app, port=port, state=state, seeds=texts))
            print(json.dumps({**asdict(running), **BESIDES.get(app, {})}), flush=True)
        stop.wait()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Serve stand-ins of apps on loopback.")
    parser.add_argument("apps", nargs="+", choices=sorted(APPS), metavar="APP", help=", ".join(sorted(APPS)))
    parser.add_argument("--port-base", type=int, default=0, help="first port; any free ones without it")
    parser.add_argument("--seed", action="append", default=[], metavar="APP=PATH", help="file or folder (.ics, .json)")
    parser.add_argument("--state", type=Path, help="keep the data in this file between runs")
    return parser.parse_args()


def _texts(app: str, seeds: list[str]) -> list[tuple[str, str]]:
    """The texts meant for one app, each with its container."""
    paths = [Path(path) for name, _, path in (seed.partition("=") for seed in seeds) if name == app]
    return [(_container(file), file.read_text(encoding="utf-8")) for path in paths for file in _files(app, path)]


def _container(file: Path) -> str:
    return file.stem if file.suffix == ".json" else "primary"


def _files(app: str, path: Path) -> list[Path]:
    own = path / f"{app}.ics"
    if path.is_file() or own.is_file():
        return [path if path.is_file() else own]
    return sorted(file for file in path.glob("*") if file.suffix in (".ics", ".json"))


if __name__ == "__main__":
    main()
