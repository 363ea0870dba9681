"""The command line as people and scripts meet it: shapes, sentences, exit codes."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime

import pytest

from flows.project import Project
from sandbox import start
from syncline.cli import GROUPS, app

COMMANDS = [command.__name__ for commands in GROUPS.values() for command in commands]
HEAVY = ("prefect", "polars", "sqlalchemy", "duckdb", "pydantic", "httpx")


@pytest.fixture(scope="module")
def google():
    with start("google_calendar") as server:
        yield server


@pytest.fixture
def connected(folder, google, syncline):
    said = syncline(
        "connect", "google_calendar", "--name", "me", "--set", f"base_url={google.url}", f"token={google.token}"
    )
    assert said.code == 0, said.err
    return folder


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


# --- accounts ------------------------------------------------------------------------------------


def test_a_connection_is_listed_without_its_secrets(connected, google, syncline):
    said = syncline("connections", "--check", "--json")
    assert [(one["name"], one["app"], one["state"]) for one in said.doc] == [("me", "google_calendar", "ok")]
    assert google.token not in said.out
    assert google.token not in syncline("connections").out


def test_when_a_sign_in_ends_is_shown_where_that_is_known(folder, syncline):
    project = Project.at(folder)
    ends = "2027-01-01T10:00:00+00:00"
    project.connections.put("books", "quickbooks", {}, {}, account="Ltd", now=datetime.now(UTC), expires_at=ends)
    project.close()
    assert [one["ends"] for one in syncline("connections", "--json").doc] == ["2027-01-01T10:00"]


def test_a_wrong_token_is_not_saved(folder, google, syncline):
    said = syncline("connect", "google_calendar", "--name", "me", "--set", f"base_url={google.url}", "token=wrong")
    assert said.code == 1
    assert "wrong" not in said.err
    assert said.err.count("\n") == 1
    assert syncline("connections", "--json").doc == []


def test_an_unreachable_host_is_named(folder, syncline):
    said = syncline("connect", "google_calendar", "--name", "me", "--set", "base_url=http://127.0.0.1:9", "token=x")
    assert said.code == 1
    assert "127.0.0.1" in said.err
    assert "base_url" in said.err


def test_secrets_come_from_the_environment_and_standard_input(folder, google, syncline, monkeypatch, tmp_path):
    monkeypatch.setenv("SYNCLINE_SET_BASE_URL", google.url)
    monkeypatch.setenv("SYNCLINE_SET_TOKEN", google.token)
    assert syncline("connect", "google_calendar", "--name", "a").code == 0
    monkeypatch.delenv("SYNCLINE_SET_TOKEN")
    (tmp_path / "token").write_text(google.token + "\n")
    with (tmp_path / "token").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert syncline("connect", "google_calendar", "--name", "b", "--set", "token=-").code == 0
        assert "none left" in syncline("connect", "google_calendar", "--name", "c", "--set", "token=-").err
    assert [one["name"] for one in syncline("connections", "--json").doc] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["gogle_calendar"], "Did you mean google_calendar"),
        (["google_calendar", "--set", "tokn=x"], "Did you mean 'token'"),
        (["google_calendar", "--set", "s3cret"], "key=value"),
        (["google_calendar"], "needs a sign-in"),
    ],
)
def test_wrong_settings_are_explained_without_showing_them(words, hint, folder, syncline):
    said = syncline("connect", *words[:1], "--name", "me", *words[1:])
    assert said.code == 1
    assert hint in said.err
    assert "s3cret" not in said.err


@pytest.fixture
def browsers(monkeypatch):
    """The stand-in's sign-in page sends the browser straight back to the listener."""
    browsers = []

    def browse(url):
        thread = threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=30).close())
        thread.start()
        browsers.append(thread)

    monkeypatch.setattr("webbrowser.open", browse)
    yield browsers
    for browser in browsers:
        browser.join(30)


@pytest.fixture
def signed_in(folder, google, syncline, browsers):
    """What was said."""
    settings = [
        f"base_url={google.url}",
        f"authorize_url={google.url}/o/oauth2/v2/auth",
        f"token_url={google.url}/token",
        "client_id=syncline-test",
    ]
    said = syncline("connect", "google_calendar", "--name", "me", "--set", *settings)
    assert said.code == 0, said.err
    return said


def test_signing_in_walks_through_the_browser_and_keeps_the_tokens(signed_in, google, syncline):
    assert f"Sign in at: {google.url}" in signed_in.err
    assert syncline("connections", "--check", "--json").doc[0]["state"] == "ok"


def test_signing_in_again_takes_no_more_than_the_name(signed_in, google, syncline, browsers):
    """As each message about a sign-in that has ended says."""
    urllib.request.urlopen(urllib.request.Request(f"{google.url}/_control/revoke", b"{}")).close()
    assert syncline("connections", "--check", "--json").doc[0]["state"] != "ok"
    before = len(browsers)
    assert syncline("connect", "google_calendar", "--name", "me").code == 0
    assert len(browsers) == before + 1
    (found,) = syncline("connections", "--check", "--json").doc
    assert found["state"] == "ok" and "client_id=syncline-test" in found["settings"]


def test_a_setting_that_is_given_later_leaves_the_others_and_the_sign_in(signed_in, google, syncline, browsers):
    before = len(browsers)
    assert syncline("connect", "google_calendar", "--name", "me", "--set", f"base_url={google.url}/").code == 0
    assert len(browsers) == before
    (found,) = syncline("connections", "--check", "--json").doc
    assert found["state"] == "ok" and f"base_url={google.url}/," in found["settings"]
    assert "client_id=syncline-test" in found["settings"]


def test_what_was_kept_secret_goes_to_no_other_address(connected, google, syncline):
    with start("google_calendar") as stranger:
        said = syncline("connect", "google_calendar", "--name", "me", "--set", f"base_url={stranger.url}")
        assert said.code == 1 and "needs a sign-in" in said.err, "nothing was asked of it"
    assert syncline("connections", "--check", "--json").doc[0]["state"] == "ok"


def test_a_connection_can_be_forgotten(connected, syncline):
    assert syncline("connections", "--remove", "me", "--json").doc == []
    assert syncline("connections", "--remove", "me").code == 1


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
    from flows.project import Project

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
