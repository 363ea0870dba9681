"""Apps that choose the secret of a webhook and tell it in the answer to its making, or to its renewal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import load
from engine.contract import Refused
from flows.pings import take
from tests.hooks.office import WEEK, Office
from tests.hooks.senders import SENDERS, Sender

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE, TWO, THREE = "b25lIG9uZSBvbmU=", "dHdvIHR3byB0d28=", "dGhyZWUgdGhyZWU="  # base64: Airtable's are


@dataclass
class Telling:
    office: Office
    sender: Sender
    count: int = 0

    def heard(self, *secrets: str) -> list[bool]:
        """Whether new messages of the app are believed that are signed so."""
        found = []
        for secret in secrets:
            self.count += 1
            call = self.sender.call(secret, str(self.count), self.office.now)
            found.append(take(self.office.project, self.office.row()["key"], call).status == 200)
        return found


@pytest.fixture(params=["airtable", "stripe"])
def telling(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    """Calls of an app that tells its secret in the answer to the making of a subscription."""
    sender = SENDERS[request.param]
    monkeypatch.setattr(load("google_calendar"), "hook", sender.hook)
    made = Telling(Office(tmp_path), sender)
    yield made
    made.office.project.close()


def test_a_secret_that_an_app_tells_in_its_answer_is_the_one_from_then_on(telling: Telling) -> None:
    """A message that overtakes the answer is refused: the app sends it again, or the next look finds what it says."""
    office, early = telling.office, list[bool]()
    office.apps["a"].before = lambda _: early.extend(telling.heard(ONE))
    office.apps["a"].chooses = [ONE]
    office.tend()
    assert early == [False] and telling.heard(ONE, TWO) == [True, False]
    assert ONE.encode() not in office.row()["secret"]
    office.apps["a"].prolongs = True
    office.tend(WEEK - DAY)
    assert office.asked()[1:] == ["renew s1"] and telling.heard(ONE) == [True], "it stays where none is told"


def test_a_renewal_may_bring_another_secret_and_both_are_believed_for_an_hour(telling: Telling) -> None:
    office = telling.office
    office.apps["a"].prolongs, office.apps["a"].chooses = True, [ONE, TWO, TWO, THREE]
    office.tend()
    office.tend(WEEK - DAY)
    assert office.row()["former"] is None and telling.heard(ONE, TWO, THREE) == [True, True, False]
    office.now += HOUR
    assert telling.heard(ONE, TWO) == [False, True]
    office.tend(WEEK - DAY)
    assert telling.heard(ONE, TWO) == [False, True], "the same one told again brings no former one back"
    office.tend(WEEK - DAY)
    assert telling.heard(ONE, TWO, THREE) == [False, True, True]


def test_a_former_subscription_is_believed_by_its_own_secret_as_long_as_it_goes_on(telling: Telling) -> None:
    office = telling.office
    office.apps["a"].prolongs, office.apps["a"].chooses = False, [ONE, TWO]
    office.tend()
    office.tend(WEEK - DAY)
    office.apps["a"].fail, office.apps["a"].where = Refused("Not now."), "unsubscribe"
    office.tend(2 * HOUR)
    assert office.row()["former"] == "s1" and telling.heard(ONE, TWO) == [True, True]
    office.apps["a"].fail = None
    office.tend(HOUR)
    assert list(office.apps["a"].live) == ["s2"] and telling.heard(ONE, TWO) == [False, True]


def test_one_that_was_ended_and_made_anew_has_a_secret_of_its_own(telling: Telling) -> None:
    office = telling.office
    office.apps["a"].prolongs, office.apps["a"].chooses = True, [ONE, TWO]
    office.tend()
    office.apps["a"].live.clear()
    office.tend(WEEK - DAY)
    office.now += HOUR
    assert office.asked()[-1] == "subscribe  {}" and telling.heard(ONE, TWO) == [False, True]
