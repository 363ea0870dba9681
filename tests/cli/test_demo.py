"""The demo checks itself; here it is seen that it does, that it cleans up, and that it leaves other folders alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from syncline.demo import setting, story

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "sandbox" / "data"
SIDES = {"google", "outlook", "caldav"}


def listens(url: str) -> bool:
    at = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((at.hostname, at.port)) == 0


def connections(syncline, folder: Path) -> list[str]:
    """The addresses of the apps, as the project knows them."""
    rows = syncline("connections", "--project", folder, "--json").doc
    return [row["settings"].split("base_url=", 1)[1].split(",")[0] for row in rows]


def test_the_whole_story(tmp_path, syncline):
    """Run as a person does it, with `--keep`: its servers are up until Ctrl-C, and then they are not."""
    words = [sys.executable, "-m", "syncline", "demo", "demo-project", "--data", str(DATA), "--keep", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        steps = [json.loads(line) for _ in range(len(story.STEPS) + 1) if (line := demo.stdout.readline())]
        apps = steps[-1].get("apps", {})
        up = [listens(url) for url in apps.values()]
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate()
    assert (demo.returncode, errors) == (0, b""), errors.decode()
    assert [(step["step"], step["ok"]) for step in steps] == [(number, True) for number in range(1, 9)]
    assert (len(apps), up) == (3, [True] * 3)
    assert not any(listens(url) for url in apps.values())

    first, merged, series, conflict, deleted, vanished, last, _ = steps
    assert all(row["before"] + row["created"] == row["now"] for row in first["counts"].values())
    assert {row["now"] for row in first["counts"].values()} == {first["counts"]["google"]["now"]}
    assert [len(change["fields"]) for change in merged["plan"]["changes"]] == [3, 2, 3]
    assert set(series["series"]) == SIDES
    assert {len(starts) for starts in series["series"].values()} == {3}
    assert [hold["kind"] for hold in conflict["holds"]] == ["conflict"]
    assert deleted["meeting"] == dict.fromkeys(SIDES)
    assert [hold["kind"] for hold in vanished["holds"]] == ["brake", "brake"]
    assert vanished["undone"]["writes"]["caldav"]["create"] > 10
    assert not any(count for counts in last["run"]["writes"].values() for count in counts.values())
    assert last["mail"] == {"google": 0, "outlook": 0}

    folder = tmp_path / "demo-project"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".env.example", ".gitignore", ".syncline", "deployments", "mappings",
    ]  # fmt: skip
    assert syncline("check", "demo", "--offline", "--project", folder).code == 0
    assert len(syncline("history", "demo", "--project", folder, "--json").doc) > 10


def test_a_step_that_shows_something_else_ends_the_demo(tmp_path, syncline, monkeypatch):
    def broken(stage):
        stage.teller.expect("meetings in Google", len(stage.google.meetings()), -1)

    never = []
    monkeypatch.setattr(story, "STEPS", (("Broken", broken), ("After it", never.append)))
    folder = tmp_path / "demo"
    said = syncline("demo", folder, "--data", DATA, "--json")
    assert said.code == 1
    assert "meetings in Google: expected -1, found " in said.err
    line = json.loads(said.out)
    assert (line["step"], line["ok"], line["expected"]) == (1, False, -1)
    assert not never
    urls = connections(syncline, folder)
    assert (len(urls), [url for url in urls if listens(url)]) == (3, [])
    assert setting.fresh(folder) == folder, "a former demo is replaced"
    assert connections(syncline, folder) == []


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, syncline):
    mine = tmp_path / "precious" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("all of it")
    said = syncline("demo", mine.parent)
    assert (said.code, said.out) == (1, "")
    assert "is no demo of Syncline's" in said.err
    assert [path.name for path in mine.parent.iterdir()] == ["thesis.txt"]


def test_a_folder_without_calendars_cannot_fill_the_demo(tmp_path, syncline):
    said = syncline("demo", tmp_path / "demo", "--data", tmp_path)
    assert (said.code, "There is no calendar (.ics)" in said.err) == (1, True)
    assert not (tmp_path / "demo").exists()
