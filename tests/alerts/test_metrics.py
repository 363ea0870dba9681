"""Figures for Prometheus: computed from the state, and read by its own parser."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update

from engine.contract import Done, Op, Write
from engine.store.tables import inbox, sides
from flows.metrics import METERS, render
from sandbox import start
from syncline.cli import main
from tests.connectors.control import Control
from tests.sync.world import Make, World, make

__all__ = ["make"]
Figures = dict[tuple[str, ...], float]


def figures(world: World) -> Figures:
    """(name, values of the labels sync, side and the rest) -> value."""
    text = render(world.project, lambda: world.now)
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(set(names)) == len(names) and all(family.documentation for family in families)
    return {
        (sample.name.removeprefix("syncline_"), *values(sample.labels)): sample.value
        for family in families
        for sample in family.samples
    }


def values(labels: dict[str, str]) -> list[str]:
    return [labels[name] for name in sorted(labels, key=lambda name: (name != "sync", name != "side", name))]


def test_figures_of_runs_only_grow_and_add_up(make: Make) -> None:
    world = make("a", "b")
    for name in ("Fair", "Talk"):
        world.apps["a"].add(name=name)
    world.run()
    world.run()
    found = figures(world)
    assert found["runs_total", "it", ""] == 2 and ("runs_failed_total", "it", "") not in found
    assert found["create_total", "it", "b"] == 2 and ("create_total", "it", "a") not in found
    assert found["records", "it", "a", "in_sync"] == found["records", "it", "b", "in_sync"] == 2
    assert sum(value for key, value in found.items() if key[:3] == ("records", "it", "b")) == 2
    assert found["requests_total", "it", "a"] > 0 and found["run_seconds_total", "it", ""] > 0
    world.now += timedelta(seconds=90)
    assert figures(world)["cursor_age_seconds", "it", "a"] == 90
    assert figures(world)["lag_seconds", "it", "b"] == 90


def test_a_brake_a_hold_and_a_failing_side_are_seen(make: Make) -> None:
    world = make("a", "b", extra="brakes: {deletes: 1}\n")
    for number in range(4):
        world.apps["a"].add(name=f"Fair {number}")
    world.run()
    for id_ in list(world.apps["a"].live())[:3]:
        world.apps["a"].remove(id_)
    for _ in range(3):
        world.run()
    found = figures(world)
    assert found["holds", "it", "brake"] == 1 and found["brake_trips_total", "it", ""] == 1
    assert found["records", "it", "b", "held"] == 3 and found["alerts", "brake:it"] == 1, "though nobody has looked"

    def refuse(*_: Any) -> Any:
        raise ConnectionError("a defect, not an answer")

    world.apps["b"].changes = refuse
    with pytest.raises(ConnectionError):
        world.run()
    assert figures(world)["runs_failed_total", "it", ""] == 1


def test_only_the_side_that_has_not_been_given_something_is_behind_and_not_for_what_a_person_holds(make: Make) -> None:
    world = make("a", "b", extra="brakes: {deletes: 1}\n")
    for number in range(4):
        world.apps["a"].add(name=f"Fair {number}")
    world.run()

    def lag() -> list[float]:
        found = figures(world)
        return [found["lag_seconds", "it", side] for side in ("a", "b")]

    for id_ in list(world.apps["a"].live())[:3]:
        world.apps["a"].remove(id_)
    for _ in range(2):
        world.now += timedelta(minutes=10)
        world.run()
    assert figures(world)["holds", "it", "brake"] == 1 and lag() == [0, 0]
    with world.project.store.write() as connection:  # a look, as `syncline watch` notes it: no run ends
        world.now += timedelta(minutes=10)
        connection.execute(update(sides).values(read_at=world.now.isoformat()))
    assert lag() == [0, 0]

    world.apps["a"].add(name="Talk")
    world.now += timedelta(minutes=10)
    world.plan()
    assert lag()[0] == 0 and 20 * 60 <= lag()[1] < 30 * 60


def test_how_long_a_ping_waited_for_its_write(make: Make) -> None:
    world = make("a", "b")
    world.run()
    world.apps["a"].add(name="Fair")
    with world.project.store.write() as connection:
        at = (world.now + timedelta(seconds=30)).isoformat()
        connection.execute(insert(inbox).values(sync="it", side="a", record=None, at=at))
    world.run()
    found = figures(world)
    assert found["pinged_total", "it", ""] == 1 and found["ping_to_write_seconds_sum", "it"] == 30
    assert [found["ping_to_write_seconds_bucket", "it", bound] for bound in ("10.0", "30.0", "+Inf")] == [0, 1, 1]
    world.run()
    assert figures(world)["pinged_total", "it", ""] == 1


@pytest.mark.parametrize(
    ("app", "calendar", "title"),
    [("google_calendar", "primary", "summary"), ("outlook_calendar", "Calendar", "subject")],
)
def test_answers_that_tell_to_slow_down_are_counted_also_as_parts_of_a_batch(
    make: Make, app: str, calendar: str, title: str
) -> None:
    world = make("a", "b")
    with start(app) as server:
        settings = {"base_url": server.url, "token": server.token}
        world.project.save_connection("work", app, settings, "ann", world.now)
        account = world.project.connector("work")
        day = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-03"}}
        control = Control(server.url)
        for count in (1, 3):  # one is sent alone, three are parts of a batch
            control.fault("429", times=count, path="/events", method="POST", retry_after=0)
            writes = [Write(op=Op.CREATE, key=f"key-{count}-{n}", data={title: "Fair", **day}) for n in range(count)]
            assert all(isinstance(one, Done) for one in account.write("events", {"calendar": calendar}, writes))
    assert figures(world)["throttled_total", "work"] == 4


def test_the_command_prints_them(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    world = make("a", "b")
    world.run()
    assert main(["metrics", "--project", str(world.root)]) == 0
    names = {family.name for family in text_string_to_metric_families(capsys.readouterr().out)}
    assert main(["metrics", "--json", "--project", str(world.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"figure": "syncline_runs_total", "labels": {"sync": "it", "side": ""}, "value": 1} in found
    assert {one["figure"].removesuffix("_total") for one in found} <= names


def test_the_command_serves_them_until_it_is_asked_to_stop(make: Make) -> None:
    world = make("a", "b")
    words = ["metrics", "--serve", "0", "--project", str(world.root)]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-m", "syncline", *words], cwd=root, stderr=subprocess.PIPE, text=True
    ) as served:
        assert served.stderr is not None
        address = next(word for line in served.stderr for word in line.split() if word.startswith("http"))
        assert "syncline_lag_seconds" in httpx.get(address.rstrip(".")).text
        served.terminate()
        assert served.wait(60) == 0


def test_every_meter_is_documented(make: Make) -> None:
    text = render(make("a", "b").project, lambda: World.now)
    assert all(f"# HELP syncline_{name}_total {about}" in text for name, about in METERS.items())
