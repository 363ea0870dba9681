"""Random edits over three running servers that fail, while the syncing process is killed.

The long version is `python -m benchmarks.rounds`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rounds.ledger import Ledger, Said
from benchmarks.rounds.play import Rounds
from benchmarks.rounds.seen import Meeting, Part, Seen, berlin
from benchmarks.rounds.servers import serving


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_URL", "KEY", "SNAPSHOTS", "LOG_LEVEL", "PROJECT", "DEBUG"):
        monkeypatch.delenv(f"SYNCLINE_{name}", raising=False)


def test_rounds_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    trace: list[str] = []
    with serving(tmp_path / "servers") as servers:
        done = Rounds(servers, tmp_path / "project", 17, trace.append).play(6)
    assert done.wrong == [], "\n".join(trace)
    assert done.rounds == 6
    assert done.edits >= 6 and done.kills + done.faults and done.restarts, "too quiet to mean anything"


# The oracle itself: each kind of harm is seen.


def _seen(*meetings: tuple[str, str]) -> Seen:
    at = berlin("2026-12-01T09:00:00+00:00")
    found: Seen = {}
    for name, text in meetings:
        found.setdefault(name, []).append(Meeting(name, "", "", (Part("", "", at, text),), series=False))
    return found


def _ledger() -> Ledger:
    ledger = Ledger(made={"M1": "google in round 1"})
    ledger.note(Said("M1", "", "google", 1, "meeting"), ["t1x"], set(), {"t1x"})
    return ledger


@pytest.mark.parametrize(
    ("kind", "caldav"),
    [
        ("duplicate", [("M1", "t1x"), ("M1", "t1x")]),
        ("duplicate", [("M1", "t1x"), ("M2", "t9x")]),
        ("divergence", []),
        ("lost", [("M1", "t0x")]),
    ],
)
def test_the_oracle_sees_harm_on_one_side(kind: str, caldav: list[tuple[str, str]]) -> None:
    good = _seen(("M1", "t1x"))
    assert _ledger().wrong({"google": good, "caldav": good}, set()) == []
    assert any(line.startswith(kind) for line in _ledger().wrong({"google": good, "caldav": _seen(*caldav)}, set()))


def test_the_oracle_sees_what_is_gone_and_what_is_back() -> None:
    ledger, good = _ledger(), _seen(("M1", "t1x"))
    assert ledger.wrong({"google": {}, "caldav": {}}, set())[0].startswith("spurious delete")
    ledger.deleted["M1"] = "google in round 2"
    ledger.note(Said("M1", "", "google", 2, "delete"), [], {"t1x"}, set())
    assert ledger.wrong({"google": {}, "caldav": {}}, set()) == []
    assert ledger.wrong({"google": good, "caldav": good}, set())[0].startswith("resurrection")


def test_a_value_that_gave_way_is_not_lost_and_one_that_nobody_saw_go_is() -> None:
    ledger, other = _ledger(), _seen(("M1", "t2x"))
    ledger.note(Said("M1", "", "caldav", 2, "title"), ["t2x"], set(), {"t2x"})
    assert ledger.wrong({"google": other, "caldav": other}, {"t1x"}) == []
    assert ledger.wrong({"google": other, "caldav": other}, set())[0].startswith("lost: M1 t1x")
    ledger.note(Said("M1", "", "google", 3, "title"), ["t2x"], {"t1x"}, {"t2x"})
    assert ledger.wrong({"google": other, "caldav": other}, set()) == []
