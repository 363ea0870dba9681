"""Lays down a new connector: folder, stand-in and test; complete and passing, to be bent towards a real API."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PLACES = {
    "connector.py.txt": "connectors/{app}/__init__.py",
    "README.md.txt": "connectors/{app}/README.md",
    "quality.yaml.txt": "connectors/{app}/quality.yaml",
    "server.py.txt": "sandbox/{app}/server.py",
    "standin.py.txt": "sandbox/{app}/__init__.py",
    "test.py.txt": "tests/connectors/test_{app}.py",
}


class StarterError(Exception):
    """Why no connector can be laid down."""


def lay(app: str, root: Path) -> list[Path]:
    """The files written, below the source tree at `root`. Raises StarterError; then nothing is written."""
    if not NAME.fullmatch(app):
        raise StarterError(f"{app!r} is no name for a connector: small letters, digits and '_', such as acme_crm.")
    if not (root / "connectors" / "rest.py").is_file():
        raise StarterError(f"{root} is not Syncline's source tree. Clone it, and run this in its top folder.")
    files = {root / place.format(app=app): template for template, place in PLACES.items()}
    there = [path for path in files if path.exists()]
    if there:
        raise StarterError(f"{there[0].relative_to(root)} is there already. Choose another name.")
    title = app.replace("_", " ").title()
    words = {"app": app, "title": title, "class": title.replace(" ", "")}
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (Path(__file__).parent / template).read_text(encoding="utf-8")
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    return list(files)
