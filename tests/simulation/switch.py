"""What a switch is, and what the settings of a switch may be changed to."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any
from unittest.mock import patch

from engine.contract import Support
from engine.mapping import Brakes
from syncline.rehearsal.setting import Setting, things

Off = Callable[[], AbstractContextManager[Any]]
Real = Callable[..., Any]


@dataclass(frozen=True)
class Switch:
    """A protection that can be turned off."""

    protects: str
    off: Off
    breaks: Collection[int]
    """One of these invariants must break."""
    always: tuple[str, ...] = ()
    """Every run has one of these faults."""
    first: int = 0
    budget: int = 60
    """Seeds from `first` on within which it must be caught: at least twice what it takes."""
    among: Callable[[Setting], bool] = lambda _setting: True
    """Only seeds of such settings are played; the others do not count."""
    changed: Callable[[Setting], Setting] = lambda setting: setting
    """The setting of a seed, made such that the protection is needed."""

    def settings(self) -> Iterator[tuple[int, Setting]]:
        """The seeds of the budget, each with its setting."""
        found = ((seed, things(random.Random(f"setting {seed}"))) for seed in count(self.first))
        fitting = ((seed, self.changed(setting)) for seed, setting in found if self.among(setting))
        return islice(fitting, self.budget)


SWITCHES: dict[str, Switch] = {}


def without_stamps(setting: Setting) -> Setting:
    """No app knows a create again."""
    places = {name: replace(at, caps=replace(at.caps, stamped=Support.NO)) for name, at in setting.places.items()}
    return replace(setting, places=places)


def without_keys(setting: Setting) -> Setting:
    """No app knows a create again, and no key tells that two records are one thing."""
    mapping = setting.mapping.model_copy(update={"match": []})
    return replace(without_stamps(setting), mapping=mapping, users=setting.users[:1])


def without_versions(setting: Setting) -> Setting:
    """No app refuses a stale write."""
    places = {name: replace(at, caps=replace(at.caps, guarded=Support.NO)) for name, at in setting.places.items()}
    return replace(setting, places=places)


def with_habits(setting: Setting, **habits: bool) -> Setting:
    """All apps have these habits."""
    places = {name: replace(at, habits=replace(at.habits, **habits)) for name, at in setting.places.items()}
    return replace(setting, places=places)


def braked_tightly(setting: Setting) -> bool:
    """Whether its brakes are tight."""
    return setting.mapping.brakes != Brakes()


def rewriting(setting: Setting) -> bool:
    """Whether some app stores values otherwise than they were sent."""
    return any(at.habits.upper or at.habits.trims or at.habits.rounds for at in setting.places.values())


def switch(name: str, protects: str, breaks: Collection[int], **rest: Any) -> Callable[[Off], Off]:
    """Names a function that turns a protection off."""

    def named(off: Off) -> Off:
        SWITCHES[name] = Switch(protects, off, breaks, **rest)
        return off

    return named


@contextmanager
def instead(place: Any, name: str, other: Callable[[Real], Real]) -> Iterator[None]:
    """Puts `other(real)` in the place of a function."""
    with patch.object(place, name, other(getattr(place, name))):
        yield


@contextmanager
def turned_off(*names: str) -> Iterator[None]:
    """These protections are off."""
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(SWITCHES[name].off())
        yield
