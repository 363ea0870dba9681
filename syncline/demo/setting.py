"""Sets the scene: a fresh project folder, three connections, one sync, and the calendars' contents."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path

from connectors import connect
from flows.project import LIBRARY, Project
from syncline.demo.people import ZONE, Person
from syncline.demo.servers import Server
from syncline.demo.stage import SYNC
from syncline.draft import draft
from syncline.scaffold import scaffold

MARK = ".syncline/demo"
MAPPING = "google-outlook-caldav-meetings"
APPS = {"google": "google_calendar", "outlook": "outlook_calendar", "caldav": "caldav"}
ROOT = Path(__file__).parent.parent.parent
REAL = ROOT.parent / "shared" / "data" / "calendars"
OWN = ROOT / "sandbox" / "data"


class FolderError(Exception):
    """A folder that the demo must not use."""


def fresh(folder: Path) -> Path:
    """An empty project folder; a former demo's is removed, anything else is left alone. Raises FolderError."""
    if (folder / MARK).is_dir():
        shutil.rmtree(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderError(f"{folder} is there already and is no demo of Syncline's. Name another: syncline demo FOLDER")
    scaffold(folder)
    (folder / MARK).mkdir()
    return folder


def furnish(folder: Path, servers: Sequence[Server]) -> Project:
    """The demo's project: connections named like the sides, the mapping with `conflicts: ask` for titles, the sync."""
    project = Project.at(folder)
    for server in servers:
        account = connect(server.app, server.settings).check()
        (side,) = [side for side, app in APPS.items() if app == server.app]
        project.save_connection(side, server.app, server.settings, account, datetime.now(UTC))
    text = (LIBRARY / f"{MAPPING}.yaml").read_text(encoding="utf-8").split("\n", 1)[1]
    text, asked = re.subn(r"(?m)^(  title: +\{.*)\}$", r"\1, conflicts: ask}", text)
    if asked != 1:
        raise FolderError(f"The library's {MAPPING}.yaml has no row `title` that the demo could change.")
    (folder / "mappings" / f"{MAPPING}.yaml").write_text(text, encoding="utf-8")
    draft(project, SYNC, MAPPING, [f"{side}={side}" for side in APPS], [])
    return project


def calendars(folder: Path | None) -> dict[str, list[Path]]:
    """Side -> the files it starts with.

    A file named after an app is that app's. Others are dealt out in turn, and the first goes to a second side too:
    what several sides have already is matched.
    """
    place = folder or (REAL if REAL.is_dir() else OWN)
    files = sorted(place.glob("*.ics"))
    if not files:
        raise FolderError(f"There is no calendar (.ics) in {place}.")
    found: dict[str, list[Path]] = {side: [file for file in files if file.stem == app] for side, app in APPS.items()}
    others = [file for file in files if file.stem not in APPS.values()]
    for file, side in zip(others, cycle(APPS), strict=False):
        found[side].append(file)
    found["caldav"] += others[:1]
    return found


def fill(people: Sequence[Person], files: Mapping[str, Sequence[Path]], extra: str) -> None:
    """Each side's files, and the meetings of the story in the first."""
    for person in people:
        for file in files[person.side]:
            person.load(file.read_text(encoding="utf-8"))
    people[0].load(extra)


def opening(meeting: str, series: str, monday: date) -> str:
    """iCalendar text of the story's meeting (Monday) and series (Tuesdays). Both have guests, who must get no mail."""
    guest = "ATTENDEE;CN=Mira Okafor;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:mira.okafor@example.com"
    parts = [
        _event("demo-kick-off", meeting, monday, "090000", "100000", "LOCATION:Room Pine", guest),
        _event(
            "demo-weekly", series, monday + timedelta(days=1), "100000", "103000", "RRULE:FREQ=WEEKLY;COUNT=12", guest
        ),
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Syncline//demo//EN", *parts, "END:VCALENDAR", ""])


def _event(uid: str, title: str, day: date, start: str, end: str, *lines: str) -> str:
    at = f"TZID={ZONE}:{day:%Y%m%d}T"
    head = [
        f"UID:{uid}@example.com",
        "DTSTAMP:20260101T000000Z",
        f"SUMMARY:{title}",
        f"DTSTART;{at}{start}",
        f"DTEND;{at}{end}",
    ]
    return "\r\n".join(["BEGIN:VEVENT", *head, *lines, "END:VEVENT"])
