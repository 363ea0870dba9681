"""Subscriptions of Google and Graph over weeks, with edits at any moment: each is seen within one poll interval, and
once, whatever becomes of the webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine

from sandbox.faults import Fault
from tests.hooks.weeks import Weeks, now

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
POLL = timedelta(hours=4)
DAY = timedelta(days=1)
EDITS = 4
"""A day."""
Make = Callable[..., Weeks]
Trouble = Callable[[Weeks], object]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Weeks]]:
    with ExitStack() as stack:

        def build(seed: int, **options: float) -> Weeks:
            made = Weeks(tmp_path, seed, stack.enter_context(time_machine.travel(START, tick=False)).move_to, **options)
            stack.callback(made.close)
            return made

        yield build


def play(weeks: Weeks, days: int, troubles: dict[float, Trouble]) -> None:
    """So many days, with polls, edits at any moment, and troubles after so many days."""
    begin, length = now(), days * DAY
    acts: list[tuple[datetime, Callable[[], object]]] = [
        (begin + number * POLL, partial(tick, weeks)) for number in range(length // POLL + 1)
    ]
    for _ in range(days * EDITS):
        side = weeks.random.choice(list(weeks.sides.values()))
        acts.append((begin + weeks.random.random() * length, partial(weeks.edit, side)))
    acts += [(begin + after * DAY, partial(act, weeks)) for after, act in troubles.items()]
    for at, act in sorted(acts, key=lambda each: each[0]):
        weeks.travel(at)
        act()


def tick(weeks: Weeks) -> None:
    weeks.tick()
    lapsed = [row for row in weeks.rows().values() if row["until"] and row["until"] <= now().isoformat()]
    assert not (weeks.up and lapsed), "a subscription was renewed too late"


def test_quiet_weeks(make: Make) -> None:
    """Everything is told at once, and each app has one subscription, made anew or prolonged in time."""
    weeks = make(1)
    play(weeks, 17, {})
    for side in weeks.sides.values():
        assert len(side.delays) > 20 and not side.unseen and set(side.delays.values()) == {timedelta()}
    assert weeks.live() == {"google": 1, "outlook": 1} and not any(row["error"] for row in weeks.rows().values())
    assert len(weeks.used()) == 4


def lifecycle(event: str, weeks: Weeks) -> None:
    """Graph tells us of it."""
    loss, weeks.loss = weeks.loss, 0
    weeks.sides["outlook"].person.request("POST", "/_outlook/lifecycle", json={"event": event})
    weeks.deliver()
    weeks.loss = loss


def subscribed(weeks: Weeks) -> None:
    """At the next look after the hooks what the app had ended was made anew."""
    assert weeks.live()["outlook"] == 1


def silently(weeks: Weeks) -> None:
    """Both apps end their subscriptions, and nobody hears of it."""
    weeks.sides["outlook"].person.request("POST", "/_outlook/lifecycle", json={"event": "subscriptionRemoved"})
    weeks.sides["google"].person.request("POST", "/_google/forget_channels")
    weeks.under_way.clear()


def refusing(weeks: Weeks) -> None:
    """Neither app makes or prolongs subscriptions."""
    for side, path in (("google", "watch"), ("outlook", "subscriptions")):
        weeks.sides[side].world.faults.add(Fault("503", times=1000, path=path))


def friendly(weeks: Weeks) -> None:
    for side in weeks.sides.values():
        side.world.faults.clear()


def down(weeks: Weeks) -> None:
    weeks.up = False


def again(weeks: Weeks) -> None:
    weeks.up = True
    weeks.tick()


ROUGH: dict[float, Trouble] = {
    2: partial(lifecycle, "missed"),
    3: partial(lifecycle, "reauthorizationRequired"),
    5: partial(lifecycle, "subscriptionRemoved"),
    5.2: subscribed,
    7: silently,
    12: refusing,
    13.9: friendly,
    16: down,
    19: again,
    24: down,
    33: again,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_rough_weeks(make: Make, seed: int) -> None:
    """A fifth of all messages is lost, a fifth comes twice, apps end subscriptions, refuse new ones, we are down."""
    weeks = make(seed, loss=0.2, doubling=0.2)
    play(weeks, 36, ROUGH)
    weeks.loss = 0
    for side in weeks.sides.values():
        weeks.edit(side)
        assert side.delays[now()] == timedelta(), "in the end all is well again"
    assert weeks.live()["outlook"] == 1 and weeks.live()["google"] <= 2
    outages = [(START + 16 * DAY, START + 19 * DAY), (START + 24 * DAY, START + 33 * DAY)]
    for side in weeks.sides.values():
        assert len(side.delays) > 50 and not side.unseen
        for written, delay in side.delays.items():
            back = next((end for begin, end in outages if begin <= written < end), written)
            assert written + delay <= back + POLL
        assert sum(delay == timedelta() for delay in side.delays.values()) > len(side.delays) / 3
