"""Whole calendars through all three apps: what each server shows, expanded by code that is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import fidelity, shown
from sandbox import start
from tests.connectors.caldav_servers import DavServer

HERE = Path(__file__).parent / "data"
DEMO = Path(__file__).parents[2] / "sandbox" / "data"
HELD = {
    "rules": {"The hundredth day of the year", "The 1st and 15th without end"},
}
COUNTS = {
    "rules": {"exact": 8, "rewritten": 1, "expanded": 11, "refused": 2},
    "exceptions": {"exact": 8},
    "zones": {"exact": 8},
}


@pytest.mark.parametrize("file", [*sorted(HERE.glob("*.ics")), *sorted(DEMO.glob("*.ics"))], ids=lambda file: file.stem)
def test_a_calendar_is_the_same_on_all_sides_or_says_why_not(radicale: DavServer, file: Path) -> None:
    result = fidelity.compare(file.stem, file.read_text(encoding="utf-8"), radicale.settings)
    assert result.differences == []
    assert result.idle == 0, "the second run writes nothing"
    assert result.occurrences[True] > 40
    assert {reason.split(":")[0] for reason in result.held} == HELD.get(file.stem, set())
    assert dict(result.verdicts) == COUNTS.get(file.stem, dict(result.verdicts))


@pytest.mark.parametrize("file", sorted(DEMO.glob("*.ics")), ids=lambda file: file.stem)
def test_the_stand_in_holds_what_the_file_says(file: Path) -> None:
    """Else the comparison would be of something simpler than the file."""
    text = file.read_text(encoding="utf-8")
    with start("google_calendar") as google:
        shown.HTTP.post(f"{google.url}/_control/seed", json={"calendar": "primary", "ics": text}).raise_for_status()
        found = shown.google(google.url, google.token)
    assert sorted(one for meeting in found.values() for one in meeting) == shown.of_ics(text)


def test_a_difference_is_seen(radicale: DavServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself: a side that shows one occurrence less, or at another time, is told."""
    text = (HERE / "exceptions.ics").read_text(encoding="utf-8")
    honest = shown.caldav

    def lossy(*args: str) -> shown.Meetings:
        found = honest(*args)
        series = max(found.values(), key=len)
        series[5:7] = [shown.Shown(series[5].start, series[6].end, series[5].title)]
        return found

    monkeypatch.setattr(shown, "caldav", lossy)
    result = fidelity.compare("lossy", text, radicale.settings)
    assert len(result.differences) == 1 and result.differences[0].startswith("caldav: ")
    assert not result.good


def test_the_command_needs_calendars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fidelity.main([str(tmp_path)]) == 3
    assert "Usage" in capsys.readouterr().err
