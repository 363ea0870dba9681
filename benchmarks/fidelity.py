"""`python -m benchmarks.fidelity DIR...`: do three calendars show the same after a sync?

Each .ics file is put into a Google Calendar, synced on to Outlook and to a CalDAV server in one sync of three, and what
each server then returns is expanded from 2005 to 2030 without our code (see `shown`). Every meeting must have the same
instants and titles on all sides, or be a hold with a reason; else the exit code is 1. Also counted: how Outlook could
hold the rules.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import connectors
from benchmarks import shown
from engine.holds import listed
from engine.lenses import verdict
from engine.store.tables import copies, links
from flows import direct
from flows.project import Project
from flows.session import Session
from sandbox import start
from syncline.demo.servers import servers

SYNC = """sync: it
mapping: google-outlook-caldav-meetings
sides:
  google: {connection: google}
  outlook: {connection: outlook}
  caldav: {connection: caldav, scope: {calendar: %s}}
"""
KINDS = ("exact", "rewritten", "expanded", "refused")
_numbers = count(1)


@dataclass
class Result:
    """What became of one calendar."""

    name: str
    meetings: int = 0
    occurrences: Counter[bool] = field(default_factory=Counter)
    """On Google's side: those from 2015 on (True), and before."""
    held: list[str] = field(default_factory=list)
    """Reasons."""
    differences: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    idle: int = 0
    """Writes of the second run: 0 is right."""

    @property
    def good(self) -> bool:
        return not self.differences and not self.idle


def compare(name: str, text: str, dav: Mapping[str, str]) -> Result:
    """Syncs one calendar to two empty ones and compares what all three show. `dav`: an account of a CalDAV server."""
    with start("google_calendar") as google, start("outlook_calendar") as outlook, TemporaryDirectory() as folder:
        calendar = f"fidelity-{next(_numbers)}"
        there = f"{dav['base_url']}/{dav['username']}/{calendar}/"
        account = (dav["username"], dav["password"])
        shown.HTTP.request("MKCALENDAR", there, auth=account).raise_for_status()
        seed = {"calendar": "primary", "ics": text}
        shown.HTTP.post(f"{google.url}/_control/seed", json=seed).raise_for_status()
        stand_ins = {
            side: {"base_url": each.url, "token": each.token}
            for side, each in (("google", google), ("outlook", outlook))
        }
        result, tied = _synced(name, Path(folder), calendar, stand_ins | {"caldav": dav})
        sides = {
            "google": shown.google(google.url, google.token),
            "outlook": shown.outlook(outlook.url, outlook.token),
            "caldav": shown.caldav(there, account),
        }
    _judge(result, tied, sides)
    return result


def _synced(
    name: str, root: Path, calendar: str, settings: Mapping[str, Mapping[str, str]]
) -> tuple[Result, dict[str, dict[str, str]]]:
    """Two runs. Also gives link -> side -> record id, without the links that wait for a person."""
    for part in ("mappings", "deployments"):
        (root / part).mkdir()
    (root / "deployments" / "it.yaml").write_text(SYNC % calendar)
    project = Project.at(root)
    apps = {side: connectors.connect(_app(side), given) for side, given in settings.items()}
    session = Session(project, "it", connectors=apps)
    try:
        direct.run(project, "it", session=session)
        again = direct.run(project, "it", session=session)
        result = Result(name, idle=sum(sum(ops.values()) for ops in again.writes.values()))
        result.differences += [f"{side}: {error}" for side, error in again.errors.items()]
        result.verdicts = _verdicts(project, session)
        return result, _ties(project, result)
    finally:
        project.close()


def _app(side: str) -> str:
    return side if side == "caldav" else f"{side}_calendar"


def _verdicts(project: Project, session: Session) -> Counter[str]:
    found: Counter[str] = Counter()
    horizon = f"{session.clock().year + 5}-12-31"
    for link in project.store.all(links):
        if link["agreed"].get("repeat"):
            found[verdict(link["agreed"]["repeat"], link["agreed"]["start"], horizon).kind] += 1
    return found


def _ties(project: Project, result: Result) -> dict[str, dict[str, str]]:
    found = {link["id"]: link["agreed"].get("title") for link in project.store.all(links)}
    tied: dict[str, dict[str, str]] = {id: {} for id in found}
    for copy in project.store.all(copies):
        tied.setdefault(str(copy["link"]), {})[copy["side"]] = copy["id"]
    for hold in listed(project.store, "it"):
        result.held.append(f"{found.get(hold['link'])}: {hold['reason']}")
        tied.pop(hold["link"], None)
    return tied


def _judge(result: Result, tied: Mapping[str, Mapping[str, str]], sides: Mapping[str, shown.Meetings]) -> None:
    result.meetings = len(sides["google"])
    result.occurrences = Counter(one.start >= "2015" for meeting in sides["google"].values() for one in meeting)
    for ids in tied.values():
        result.differences += _differences(ids, sides)
    if len(tied) + len(result.held) < result.meetings:
        result.differences.append(f"{result.meetings - len(tied) - len(result.held)} meetings were not looked at")
    for side, meetings in sides.items():
        odd = len(meetings) - len([ids for ids in tied.values() if side in ids])
        if odd > len(result.held):
            result.differences.append(f"{side} has {odd} meetings that belong to no other")


def _differences(ids: Mapping[str, str], sides: Mapping[str, shown.Meetings]) -> Iterator[str]:
    """Each side against Google."""
    expected = sides["google"].get(ids.get("google", ""))
    for side in ("outlook", "caldav"):
        found = sides[side].get(ids.get(side, ""))
        if expected is None or found is None:
            yield f"{side}: {'not there' if found is None else found[:1]} for {(expected or ['nothing'])[:1]}"
        elif found != expected:
            odd = sorted(set(found) ^ set(expected))
            told = [f"{'+' if one in set(found) else '-'} {one}" for one in odd[:4]]
            yield f"{side}: {len(found)} occurrences for {len(expected)}: {'; '.join(told)}"


def table(results: Sequence[Result]) -> str:
    """Markdown."""
    head = ["calendar", "meetings", "2015-2030", "2005-2014", "the same", "held", *KINDS]
    lines = [head, ["---"] * len(head), *([str(cell) for cell in _cells(one)] for one in results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(one: Result) -> list[Any]:
    same = "yes" if one.good else "NO"
    counts = [one.meetings, one.occurrences[True], one.occurrences[False]]
    return [one.name, *counts, same, len(one.held), *(one.verdicts[kind] for kind in KINDS)]


def main(folders: Sequence[str]) -> int:
    """Prints the table, then holds and differences."""
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.ics"))]
    if not files:
        print("No .ics files there. Usage: python -m benchmarks.fidelity DIR...", file=sys.stderr)
        return 3
    with TemporaryDirectory() as home, servers(Path(home)) as apps:
        dav = next(server.settings for server in apps if server.app == "caldav")
        results = [compare(file.stem, file.read_text(encoding="utf-8"), dav) for file in files]
    print(table(results))
    for one in results:
        for reason in one.held:
            print(f"\n{one.name}: held: {reason}")
        for difference in one.differences:
            print(f"\n{one.name}: DIFFERENT: {difference}")
    return 0 if all(one.good for one in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
