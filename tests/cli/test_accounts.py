"""Accounts: signing in, once and again, and what is shown of them."""

from __future__ import annotations

import threading
import urllib.request
from datetime import UTC, datetime

import pytest

from flows.project import Project
from sandbox import start


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
