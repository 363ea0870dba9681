"""Where pings go, as the sync files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.project import Project
from flows.routes import Route, broken, routes

MAPPING = """\
name: meetings
about: Meetings here and there.
sides:
  google: {app: google_calendar, object: events, scope: {calendar: primary}}
  outlook: {app: outlook_calendar, object: events, scope: {calendar: Calendar}}
match: [[title]]
fields:
  title: {google: summary, outlook: subject}
"""
SYNC = (
    "sync: {name}\nmapping: meetings\nsides:\n  google: {{connection: g{scope}}}\n  outlook: {{connection: o}}\n{more}"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for folder in ("mappings", "deployments"):
        (tmp_path / folder).mkdir()
    (tmp_path / "mappings" / "meetings.yaml").write_text(MAPPING)
    return Project.at(tmp_path)


def sync(project: Project, name: str, scope: str = "", more: str = "") -> None:
    text = SYNC.format(name=name, scope=f", scope: {{calendar: {scope}}}" if scope else "", more=more)
    project.deployment_file(name).write_text(text)


def scopes(project: Project) -> list[str]:
    return [str(route.scope["calendar"]) for route in routes(project) if route.side == "google"]


def test_each_side_of_each_sync_is_a_route_with_the_syncs_own_scope(project: Project) -> None:
    sync(project, "one")
    sync(project, "two", "Work")
    assert Route("one", "google", "g", "google_calendar", "events", {"calendar": "primary"}) in routes(project)
    assert scopes(project) == ["primary", "Work"]


def test_paused_syncs_have_none(project: Project) -> None:
    sync(project, "one", more="paused: true\n")
    assert (routes(project), broken(project)) == ([], [])


def test_files_that_change_are_read_again(project: Project) -> None:
    sync(project, "one")
    assert scopes(project) == ["primary"]
    sync(project, "one", "Work")
    assert scopes(project) == ["Work"]
    (project.root / "mappings" / "meetings.yaml").write_text(MAPPING.replace("primary", "Home and away"))
    sync(project, "one")
    assert scopes(project) == ["Home and away"]
    project.deployment_file("one").unlink()
    assert routes(project) == []


def test_a_broken_file_is_named_and_stops_no_other(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    sync(project, "one")
    sync(project, "two", more="shedule: {}\n")
    assert {route.sync for route in routes(project)} == {"one"}
    assert broken(project) == ["two"] and "two is passed over" in caplog.text
    sync(project, "two")
    assert {route.sync for route in routes(project)} == {"one", "two"} and broken(project) == []


def test_a_mapping_that_is_missing_is_noticed_once_it_is_there(project: Project) -> None:
    sync(project, "one")
    there, away = project.root / "mappings" / "meetings.yaml", project.root / "kept.yaml"
    there.rename(away)
    assert (routes(project), broken(project)) == ([], ["one"])
    away.rename(there)
    assert scopes(project) == ["primary"] and broken(project) == []


def test_what_one_hook_tells_of_is_the_place_that_routes_share(project: Project) -> None:
    sync(project, "one")
    sync(project, "two", "Work")
    sync(project, "three", "Work")
    google = [route for route in routes(project) if route.side == "google"]
    assert len({route.place("scope") for route in google}) == 2
    assert len({route.place("object") for route in google}) == 1
    assert {route.place("account").object for route in google} == {""}
