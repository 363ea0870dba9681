"""Failures that speak for themselves: one sentence for people is all there is to say, and no traceback helps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from prefect.client.schemas.objects import State
from prefect.states import Failed

from engine.contract import AppError
from engine.problem import MappingError
from engine.snapshot import SnapshotError
from engine.store import StoreError
from engine.store.lease import Busy, Fenced
from flows.project import ProjectError
from flows.secrets import SecretsError
from flows.server import ServerError
from flows.settings import SettingsError
from flows.work import TimedOut

EXPECTED = (
    AppError,
    Busy,
    Fenced,
    MappingError,
    ProjectError,
    SecretsError,
    ServerError,
    SettingsError,
    SnapshotError,
    StoreError,
    TimedOut,
)
P = ParamSpec("P")


def ended(error: BaseException) -> State[Any]:
    """The end state of what an expected failure has stopped."""
    name = "TimedOut" if isinstance(error, TimedOut) else "Failed"
    return Failed(name=name, message=str(error), data=error)


def spoken(step: Callable[P, Any]) -> Callable[P, Any]:
    """An expected failure becomes the state of the run, for Prefect prints the traceback of whatever is raised."""

    @wraps(step)
    def told(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return step(*args, **kwargs)
        except EXPECTED as error:
            return ended(error)

    return told
