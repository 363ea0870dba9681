"""`syncline hooks`: what the apps are to call, a receiver alone, the end of all."""

from __future__ import annotations

import os
import signal
import socket
from datetime import timedelta
from threading import Event

import httpx
import pytest

from engine.contract import Refused
from engine.store import put
from engine.store.outside import calls
from engine.store.tables import copies
from flows.project import Project
from syncline.commands import hooks as command
from tests.hooks.office import PUBLIC, Office


@pytest.fixture
def office(tmp_path, monkeypatch):
    made = Office(tmp_path / "p")
    monkeypatch.setattr(Project, "connector", lambda _, name, **__: made.apps[name])
    monkeypatch.setenv("SYNCLINE_PUBLIC_URL", PUBLIC)
    monkeypatch.setenv("SYNCLINE_PROJECT", str(made.root))
    made.now += timedelta(days=365)
    yield made
    made.project.close()


def test_each_with_its_state_and_what_became_of_its_calls(syncline, office):
    office.tend()
    office.revise(heard_at=office.now.isoformat())
    counts = [
        {"hook": office.row()["key"], "outcome": "heard", "count": 3},
        {"hook": "", "outcome": "unknown", "count": 2},
    ]
    with office.project.store.write() as connection:
        put(connection, calls, counts)
    said = syncline("hooks", "--json")
    a, b = said.doc["hooks"]
    assert (said.code, a["connection"], a["state"], a["calls"]) == (0, "a", "live", {"heard": 3})
    assert (b["state"], b["object"], b["scope"], b["heard"]) == ("live", "events", {}, None)
    assert a["address"] is a["secret"] is None and said.doc["unknown_calls"] == 2
    shown = syncline("hooks").out
    assert "3 heard" in shown and f"{office.now:%Y-%m-%d %H:%M}" in shown and "2 calls came" in shown
    assert office.row()["key"] not in shown


def test_one_that_fails_says_why(syncline, office):
    office.apps["a"].fail = Refused("Google does not call this address.")
    office.tend()
    said = syncline("hooks")
    assert said.code == 2 and "failing" in said.out and "a: Google does not call this address." in said.out


def test_without_a_public_address_it_says_so(syncline, office, monkeypatch):
    monkeypatch.setenv("SYNCLINE_PUBLIC_URL", "")
    said = syncline("hooks", "--json")
    assert {row["state"] for row in said.doc["hooks"]} == {"off"} and said.doc["public_url"] is None
    assert "SYNCLINE_PUBLIC_URL" in syncline("hooks").out


def test_what_is_wanted_and_not_there_waits(syncline, office):
    said = syncline("hooks", "--json")
    assert {row["state"] for row in said.doc["hooks"]} == {"waiting"} and office.rows() == []


def test_what_is_entered_by_hand_is_told_with_its_steps(syncline, tmp_path, office, monkeypatch):
    other = Office(tmp_path / "other", app="caldav")
    monkeypatch.setenv("SYNCLINE_PROJECT", str(other.root))
    said = syncline("hooks")
    address = f"{PUBLIC}/hooks/{other.row()['key']}"
    assert address in said.out and "X-Syncline-Signature" in said.out and "by hand" in said.out
    quiet, told = syncline("hooks", "--json").doc["hooks"][0], syncline("hooks", "--secrets", "--json").doc["hooks"][0]
    assert quiet["secret"] is None and len(told["secret"]) > 40 and told["secret"] in syncline("hooks", "--secrets").out
    other.project.close()


def test_a_setting_that_is_missing_for_what_is_entered_by_hand_is_named(syncline, tmp_path, monkeypatch, office):
    other = Office(tmp_path / "other", app="hubspot", obj="contacts")
    monkeypatch.setenv("SYNCLINE_PROJECT", str(other.root))
    said = syncline("hooks")
    assert said.code == 0 and "One address is enough" in " ".join(said.out.split())
    assert "a: The app signs its calls with the setting client_secret" in said.out
    other.connect("a", "hubspot", client_secret="known to HubSpot")
    shown = syncline("hooks", "--secrets").out
    assert "which is not set" not in shown and "known to HubSpot" not in shown and other.row()["key"] in shown
    other.project.close()


def test_all_are_ended(syncline, office):
    office.tend()
    assert syncline("hooks", "end").out.startswith("2 webhooks ended.") and office.rows() == []
    office.tend()
    office.apps["a"].fail = Refused("Not now.")
    said = syncline("hooks", "end", "--json")
    assert said.code == 1 and said.doc == {"ended": 1, "left": [{"connection": "a", "error": "Not now."}]}


def test_a_connection_that_is_removed_takes_its_webhooks_along(syncline, office):
    office.tend()
    assert syncline("connections", "--remove", "a").code == 0
    assert office.apps["a"].live == {} and office.rows() == [] and len(office.rows("b")) == 1
    office.apps["b"].fail = Refused("The sign-in has ended.")
    assert "until the app ends it: The sign-in has ended." in syncline("connections", "--remove", "b").err
    assert office.project.connections.all() == []


def test_a_receiver_alone_serves_and_looks_after_them_until_it_is_stopped(syncline, office, monkeypatch):
    def stop(doc, as_json, show):
        answers.append(httpx.get(f"{doc['address']}/healthz").text)
        assert asked.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)

    answers, asked = [], Event()
    office.apps["b"].before = lambda _: asked.set()
    monkeypatch.setattr(command, "emit", stop)
    monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", "0")
    assert syncline("hooks", "serve").code == 0 and answers == ["ok"]
    assert office.apps["b"].live.keys() == {"s1"} and office.rows("b")[0]["subscription"] == "s1"


def test_a_port_that_is_taken_is_named(syncline, office, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", port)
        said = syncline("hooks", "serve")
    assert said.code == 1 and port in said.err and "SYNCLINE_RECEIVER_PORT" in said.err


def doctor(syncline):
    return {one["what"]: one for one in syncline("doctor", "--json").doc if one["what"].startswith("webhook")}


def test_the_doctor_tells_of_those_that_fail_have_ended_or_say_nothing(syncline, office):
    office.apps["b"].fail = Refused("Not here.")
    office.tend()
    found = doctor(syncline)
    assert (found["webhook a events"]["ok"], found["webhook a events"]["detail"]) == (True, "not heard so far")
    assert (found["webhook b events"]["ok"], found["webhook b events"]["detail"]) == (False, "Not here.")
    copy = {"sync": "it", "side": "a", "id": "1", "container": "c", "digest": "d", "present": "yes"}
    copy |= {"observed": {}, "synced": {}, "base": {}}
    with office.project.store.write() as connection:
        put(connection, copies, [copy | {"changed_at": (office.now + timedelta(minutes=16)).isoformat()}])
    silent = doctor(syncline)["webhook a events"]
    assert silent["ok"] is None and "not heard so far, but there was a change" in silent["detail"]
    office.revise(heard_at=(office.now + timedelta(minutes=2)).isoformat())
    assert doctor(syncline)["webhook a events"]["detail"].startswith("last heard at")
    office.revise(until="2026-11-01T00:00:00+00:00")
    assert "ended at 2026-11-01 00:00 UTC" in doctor(syncline)["webhook a events"]["detail"]


def test_the_doctor_says_that_there_are_none(syncline, office, monkeypatch):
    monkeypatch.setenv("SYNCLINE_PUBLIC_URL", "")
    assert "SYNCLINE_PUBLIC_URL is not set" in doctor(syncline)["webhooks"]["detail"]
