"""`syncline undo` as people and scripts meet it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ([], 3, "undo takes a run"),
        (["r1", "--since", "2026-05-04"], 3, "a run has no --since"),
        (["nope"], 1, "There is no run 'nope'"),
        (["--link", "nope"], 1, "no record 'nope'"),
        (["--field", "title"], 1, "in which sync"),
    ],
)
def test_what_cannot_be_undone_is_said_in_one_line(words, code, hint, folder, syncline):
    said = syncline("undo", *words)
    assert (said.code, said.err.count("\n")) == (code, 1)
    assert hint in said.err


def test_the_table_tells_what_was_taken_back_and_what_was_left():
    from syncline.output import console
    from syncline.undo_table import undo_table

    field = {"link": "l1", "title": "Review", "what": "field", "field": "title", "side": None}
    report = {
        "run": "r2",
        "status": "done",
        "dry_run": False,
        "changes": [],
        "undone": [{**field, "before": "Revue", "after": "Review"}],
        "left": [{**field, "field": "place", "reason": "it was edited on google since", "now": "Room 7"}],
        "read": {},
        "writes": {},
        "requests": {},
        "holds": 0,
        "failed": 0,
        "seconds": 0.1,
        "errors": {},
    }
    with (screen := console()).capture() as shown:
        screen.print(undo_table(report))
    text = shown.get()
    assert "Revue" in text
    assert "it was edited on google since" in text
    assert "syncline undo r2" in text
