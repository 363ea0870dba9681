"""`syncline rehearse`: numbers for people and scripts, and of what fails the shortest form."""

from __future__ import annotations

import pytest

from syncline.rehearsal.invariants import UNLISTED, Violation

MAPPING = "outlook-caldav-meetings"


@pytest.fixture
def spoiled(monkeypatch):
    """A lens that forgets what it is given."""
    monkeypatch.setattr("engine.lenses.html.Body.put", lambda *_: "always this")


def test_a_mapping_of_the_library(folder, syncline):
    said = syncline("rehearse", MAPPING, "--histories", 4, "--processes", 1)
    assert said.code == 0
    assert "4 histories" in said.out
    assert "29 the lenses keep their laws" in said.out


def test_as_json(folder, syncline):
    said = syncline("rehearse", MAPPING, "--histories", 4, "--seed", 10, "--processes", 1, "--json")
    assert said.code == 0
    assert (said.doc["histories"], said.doc["first_seed"]) == (4, 10)
    assert set(said.doc["violations"].values()) == {0}
    assert (said.doc["failing"], said.doc["left_alone"]) == ([], [])


def test_a_failing_seed_is_shortened_and_can_be_played_again(folder, syncline, spoiled):
    said = syncline("rehearse", MAPPING, "--histories", 4, "--processes", 1, "--json")
    assert said.code == 1
    shortest, first = said.doc["shortest"], said.doc["failing"][0]
    assert shortest["seed"] == first["seed"]
    assert any(line.startswith("29 ") for line in shortest["violations"])
    words = shortest["again"].split()
    assert words[:5] == ["syncline", "rehearse", MAPPING, "--seed", str(first["seed"])]
    assert words[-1].count(",") < 2
    again = syncline(*words[1:], "--json")
    assert again.code == 1
    assert again.doc["violations"] == shortest["violations"]


def test_a_failing_seed_in_the_terminal(folder, syncline, spoiled):
    said = syncline("rehearse", MAPPING, "--histories", 3, "--processes", 1)
    assert said.code == 1
    assert "The shortest form of the first one:" in said.out
    assert f"Play it again: syncline rehearse {MAPPING} --seed " in said.out


def test_one_history_step_by_step(folder, syncline):
    said = syncline("rehearse", MAPPING, "--seed", 1, "--histories", 1)
    assert said.code == 0
    assert said.out.startswith("outlook: delta, tombstones, guarded, stamped; batch 20;")
    assert "adds outlook1" in said.out or "adds caldav1" in said.out


def test_what_no_client_could_have_kept_is_told_and_is_no_failure(folder, syncline, monkeypatch):
    shown = Violation(2, "t1 2 times on caldav", UNLISTED)
    monkeypatch.setattr("syncline.rehearsal.oracle.Oracle.judge", lambda _: iter([shown]))
    said = syncline("rehearse", MAPPING, "--seed", 1, "--histories", 1)
    assert said.code == 0
    assert said.out.rstrip().endswith(str(shown))
    doc = syncline("rehearse", MAPPING, "--seed", 1, "--steps", 0, "--json").doc
    assert (doc["violations"], doc["unavoidable"]) == ([], [str(shown)])


def test_what_the_simulated_apps_say_is_not_logged(folder, syncline):
    assert "could not be read" not in syncline("rehearse", MAPPING, "--seed", 9, "--histories", 6, "--processes", 1).err


@pytest.mark.parametrize("words", [("--steps", "x"), ("--steps", "1,,2"), ("--histories", "0")])
def test_wrong_usage(folder, syncline, words):
    assert syncline("rehearse", MAPPING, *words).code == 3


def test_an_unknown_mapping_names_those_that_there_are(folder, syncline):
    said = syncline("rehearse", "meetings")
    assert said.code == 1
    assert MAPPING in said.err
