"""The command line as people and scripts meet it: shapes, sentences, exit codes."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from flows.project import Project
from syncline.cli import GROUPS, app

COMMANDS = [command.__name__ for commands in GROUPS.values() for command in commands]
HEAVY = ("prefect", "polars", "sqlalchemy", "duckdb", "pydantic", "httpx")


# --- shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_json(command, syncline):
    said = syncline(command, "--help")
    assert said.code == 0
    assert f"Example: syncline {command}" in " ".join(said.out.split())
    assert "--json" in said.out


def test_the_design_is_complete():
    wanted = "demo sandbox init connect connections new check plan apply run backfill undo rebuild status runs show"
    more = "mapping connector rehearse history holds resolve sql deploy up down doctor watch hooks alerts metrics"
    assert set(f"{wanted} {more}".split()) == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["plan"], "SYNC"),
        (["pln", "work"], 'Did you mean "plan"'),
        (["status", "--jsn"], "--jsn"),
        (["resolve", "x"], "exactly one of"),
        (["resolve", "x", "--take", "a", "--skip"], "exactly one of"),
        (["backfill", "work", "--from", "2026-01-02", "--to", "2026-01-01"], "--to is before --from"),
    ],
)
def test_wrong_usage_is_code_3_and_one_line(words, hint, folder, syncline):
    said = syncline(*words)
    assert said.code == 3
    assert hint in said.err
    assert said.err.count("\n") == 1


def test_looking_for_help_imports_nothing_heavy():
    code = "import sys; from syncline.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    said = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert "Usage: syncline COMMAND" in said.stdout
    assert {name.split(".")[0] for name in said.stderr.split()}.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "words", [["status"], ["history", "work"], ["holds", "work"], ["runs"], ["check", "--offline"]]
)
def test_looking_imports_neither_prefect_nor_polars(words, folder):
    (folder / "deployments" / "work.yaml").write_text(
        "sync: work\nmapping: google-outlook-meetings\n"
        "sides:\n  google: {connection: me}\n  outlook: {connection: office}\n"
    )
    code = "import sys; from syncline.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    said = subprocess.run([sys.executable, "-c", code, *words, "--json"], capture_output=True, text=True, check=True)
    json.loads(said.stdout)
    assert {name.split(".")[0] for name in said.stderr.split()}.isdisjoint(("prefect", "polars", "duckdb"))


# --- project -------------------------------------------------------------------------------------


def test_init_makes_a_project_and_leaves_what_is_there(tmp_path, syncline):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ".gitignore").write_text("mine\n")
    made = syncline("init", tmp_path / "p", "--json").doc["made"]
    assert made == ["mappings/", "deployments/", ".syncline/", ".env.example"]
    assert (tmp_path / "p" / ".gitignore").read_text() == "mine\n"
    assert syncline("init", tmp_path / "p", "--json").doc["made"] == []


def test_every_setting_is_in_the_env_example(folder):
    from flows.settings import Settings

    text = (folder / ".env.example").read_text()
    assert all(f"SYNCLINE_{name.upper()}=" in text for name in Settings.model_fields)


def test_outside_of_a_project_the_sentence_says_what_to_do(tmp_path, monkeypatch, syncline):
    monkeypatch.chdir(tmp_path)
    said = syncline("status")
    assert said.code == 1
    assert "no Syncline project" in said.err
    assert "syncline init" in said.err


def test_the_project_may_be_named(folder, tmp_path, monkeypatch, syncline):
    monkeypatch.chdir(tmp_path)
    assert syncline("connections", "--project", folder, "--json").doc == []
    monkeypatch.setenv("SYNCLINE_PROJECT", str(folder))
    assert syncline("connections", "--json").doc == []


# --- syncs ---------------------------------------------------------------------------------------


def test_new_checks_everything_before_it_writes(connected, syncline):
    made = ("new", "work", "--mapping", "google-outlook-meetings")
    assert "no connection: " not in syncline(*made, "--side", "google=me").err
    assert "--side outlook=CONNECTION" in syncline(*made, "--side", "google=me").err
    assert "no side 'gogle'" in syncline(*made, "--side", "gogle=me", "outlook=me").err
    assert "needs outlook_calendar" in syncline(*made, "--side", "google=me", "outlook=me").err
    assert "no connection 'mee'" in syncline(*made, "--side", "google=mee", "outlook=me").err
    assert "Did you mean" in syncline("new", "work", "--mapping", "google-outlok-meetings", "--side", "google=me").err
    assert list((connected / "deployments").iterdir()) == []


def test_new_writes_a_sync_that_loads(connected, syncline):
    (connected / "mappings" / "twice.yaml").write_text(
        "name: twice\nsides:\n"
        "  a: {app: google_calendar, object: events, scope: {calendar: primary}}\n"
        "  b: {app: google_calendar, object: events, scope: {calendar: primary}}\n"
        "match: [[title]]\nfields:\n  title: {a: summary, b: summary}\n"
        "  start: {a: start, b: start}\n  end: {a: end, b: end}\n"
    )
    made = ("new", "work", "--mapping", "twice", "--side", "a=me", "--side", "b=me", "--scope", "b.calendar=Team")
    assert syncline(*made).code == 0

    sync = Project(connected).deployment("work")
    assert sync.sides["a"].scope is None
    assert sync.sides["b"].scope == {"calendar": "Team"}
    assert "already" in syncline(*made).err
    said = syncline("check", "work", "--json")
    assert said.code == 0
    assert said.doc[0]["asked"] == ["a", "b"]


def test_check_names_file_line_and_the_right_word(connected, syncline):
    file = connected / "mappings" / "m.yaml"
    file.write_text(
        "name: m\nsides:\n"
        "  a: {app: google_calendar, object: events}\n  b: {app: google_calendar, object: events}\n"
        "match: [[title]]\nfields:\n  title: {a: sumary, b: summary}\n"
    )
    said = syncline("check", "m")
    assert said.code == 1
    assert f"{file}:7:" in said.out
    assert "'summary'" in said.out


def test_wrong_yaml_is_one_line_with_file_and_line(folder, syncline):
    (folder / "deployments" / "work.yaml").write_text("sync: work\nmappng: x\n")
    said = syncline("status", "work")
    assert said.code == 1
    assert "work.yaml:2" in said.err
    assert "did you mean 'mapping'" in said.err
    assert "Traceback" not in said.err


def test_an_unknown_sync_is_named_with_the_nearest(folder, syncline):
    (folder / "deployments" / "work.yaml").write_text("x")
    for command in ("plan", "run", "status", "history", "holds"):
        said = syncline(command, "wrok")
        assert said.code == 1
        assert "Did you mean 'work'" in said.err


# --- when things break ---------------------------------------------------------------------------


def test_a_corrupted_state_is_one_sentence(connected, syncline):
    for file in (connected / ".syncline").glob("state.db*"):
        file.write_bytes(b"this is not a database, " * 200)
    for words in (["connections"], ["runs"], ["sql", "select * from links"]):
        said = syncline(*words)
        assert said.code == 1
        assert "state.db" in said.err
        assert "not a database" in said.err
        assert said.err.count("\n") == 1


def test_a_full_disk_is_one_sentence(tmp_path, syncline, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/data/x")

    monkeypatch.setattr("syncline.scaffold.scaffold", full)
    said = syncline("init", tmp_path / "p")
    assert said.code == 1
    assert "The disk is full: /data/x" in said.err


def test_a_defect_is_no_traceback_unless_asked_for(tmp_path, syncline, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("syncline.scaffold.scaffold", broken)
    said = syncline("init", tmp_path / "p")
    assert said.code == 1
    assert "SYNCLINE_DEBUG" in said.err
    assert "Traceback" not in said.err
    monkeypatch.setenv("SYNCLINE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        syncline("init", tmp_path / "p")


def test_a_folder_one_may_not_write_is_named(tmp_path, syncline):
    (tmp_path / "file").write_text("")
    said = syncline("init", tmp_path / "file" / "p")
    assert said.code == 1
    assert str(tmp_path / "file") in said.err


# --- sql, doctor, sandbox ------------------------------------------------------------------------


def test_sql_reads_the_state_and_cannot_leave_or_change_it(connected, syncline):
    assert syncline("sql", "select count(*) as n from links", "--json").doc == [{"n": 0}]
    assert syncline("sql", "select 1 as a, 'x' as b", "--format", "csv").out.split() == ["a,b", "1,x"]
    assert syncline("sql", "select * from connections").code == 1
    assert syncline("sql", f"select * from read_csv('{connected}/.env.example')").code == 1
    assert "not understood" in syncline("sql", "selekt 1").err


def test_doctor_finds_what_is_wrong_and_goes_on(connected, syncline):
    (connected / "deployments" / "work.yaml").write_text("sync: work\n")
    (connected / ".syncline" / "key").chmod(0o644)
    said = syncline("doctor", "--json")
    found = {one["what"]: one["ok"] for one in said.doc}
    assert said.code == 1
    assert found["account me"] is True
    assert found["key"] is False
    assert found["sync work"] is False
    assert found["Prefect"] is None


def test_doctor_works_without_a_project(tmp_path, monkeypatch, syncline):
    monkeypatch.chdir(tmp_path)
    said = syncline("doctor", "--json")
    assert said.code == 1
    assert said.doc[-1]["what"] == "project"


def test_sandbox_prints_its_addresses_and_ends_when_told(tmp_path):
    command = [sys.executable, "-m", "syncline", "sandbox", "google_calendar", "--state", str(tmp_path / "state.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = json.loads(process.stdout.readline())
        assert sorted(line) == ["app", "token", "url"]
        request = urllib.request.Request(f"{line['url']}/_control/log")
        assert json.load(urllib.request.urlopen(request, timeout=30))["writes"] == 0
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()


def test_the_version_is_told(syncline):
    assert syncline("--version").out.strip() == app.version()
