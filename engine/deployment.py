"""A sync: a mapping put to work with connections, a schedule and brakes. One YAML file in `deployments/`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from engine.mapping import Brakes, Mapping, Side, Zone
from engine.mapping_check import brake_faults
from engine.problem import Problem, did_you_mean, kind, listed
from engine.strict import Faults, Strict, fault

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PERIOD = r"^[1-9]\d*[smhd]$"
_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
LEAST = timedelta(seconds=10)
MOST_DELAY = timedelta(hours=1)


def _period(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(_PERIOD, value):
        raise fault(f"should be a period such as 30s, 5m, 2h or 1d, not {kind(value)}")
    if interval(value) < LEAST:
        raise fault(f"should be 10s or more, not {value}")
    return value


def _delay(value: Any) -> Any:
    """As short as people type."""
    if not isinstance(value, str) or not re.match(_PERIOD, value) or interval(value) > MOST_DELAY:
        raise fault(
            f"should be a period such as 5s or 2m, 1h at most, not {value if isinstance(value, str) else kind(value)}"
        )
    return value


def interval(period: str) -> timedelta:
    """`5m` as a timedelta."""
    return timedelta(**{_UNITS[period[-1]]: int(period[:-1])})


def _time(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(_TIME, value):
        raise fault(f"should be a time of day such as 03:00, not {kind(value)}")
    return value


class Schedule(Strict):
    """When the sync runs by itself."""

    every: Annotated[str, BeforeValidator(_period)] | None = Field(
        default=None, description="Time between two runs: 30s, 5m, 2h, 1d; 10s at least."
    )
    full: Annotated[str, BeforeValidator(_time)] | None = Field(
        default=None, description="Time of day of a run that reads everything, HH:MM."
    )
    zone: Zone = Field(default=None, description="IANA zone of 'full'; UTC unless given.")
    poll: Annotated[str, BeforeValidator(_period)] = Field(
        default="60s", description="How often `syncline watch` looks for changes while there are any; 10s at least."
    )
    delay: Annotated[str, BeforeValidator(_delay)] | None = Field(
        default=None,
        description="How long `syncline watch` lets a change rest, so that half-typed edits do not travel.",
    )

    timeout: Annotated[str, BeforeValidator(_period)] | None = Field(
        default=None, description="How long a run may take: 30m, 2h. It then stops, and the next one goes on."
    )

    @property
    def interval(self) -> timedelta | None:
        return interval(self.every) if self.every else None

    @property
    def rest(self) -> timedelta:
        """`delay` as a timedelta."""
        return interval(self.delay) if self.delay else timedelta()


class Place(Strict):
    """Which account a side of the mapping is, and what differs from the mapping there."""

    connection: str = Field(min_length=1, description="Name of a signed-in connection.")
    scope: dict[str, Any] | None = Field(default=None, description="Keys that replace those of the mapping's scope.")
    zone: Zone = Field(default=None, description="IANA zone that replaces the mapping's.")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Canaries = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Records by title or id; one needs no list."""


class Deployment(Strict):
    """A sync file."""

    sync: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Its name.")
    mapping: str = Field(min_length=1, description="Name of a mapping, or a path to its file.")
    sides: dict[str, Place] = Field(description="The mapping's sides, each with its connection.")
    schedule: Schedule | None = Field(default=None, description="None: it runs when somebody runs it.")
    brakes: Brakes | None = Field(default=None, description="Limits that replace those of the mapping, key by key.")
    canaries: dict[str, Canaries] = Field(
        default={}, description="Side -> titles or ids of records that are always there: without them it is an outage."
    )
    task_runner: Literal["threads", "dask", "ray"] = Field(default="threads", description="Where large backfills run.")
    paused: bool = Field(default=False, description="true: the schedule does not start it.")

    @property
    def limit(self) -> timedelta | None:
        """How long a run may take, if there is a limit."""
        return interval(self.schedule.timeout) if self.schedule and self.schedule.timeout else None

    @model_validator(mode="after")
    def _two_sides(self) -> Deployment:
        if len(self.sides) < 2:
            raise Faults((("sides",), "a sync needs two sides or more"))
        return self

    def side(self, mapping: Mapping, name: str) -> Side:
        """A side of the mapping with this sync's scope and zone."""
        place, side = self.sides[name], mapping.sides[name]
        scope = {**side.scope, **(place.scope or {})}
        return side.model_copy(update={"scope": scope, "zone": place.zone or side.zone})

    def limits(self, mapping: Mapping) -> Brakes:
        """The brakes that hold in this sync."""
        return mapping.brakes.overridden(self.brakes)

    def check_sides(self, mapping: Mapping) -> list[Problem]:
        """Sides and rows that the mapping does not have, and sides that this sync leaves out."""
        named = [("sides", side) for side in self.sides] + [("canaries", side) for side in self.canaries]
        problems = [
            Problem(
                f"mapping '{mapping.name}' has no side '{side}'"
                + (did_you_mean(side, mapping.sides) or f"; it has {listed(mapping.sides)}"),
                (key, side),
            )
            for key, side in named
            if side not in mapping.sides
        ]
        problems += [Problem(text, path) for path, text in brake_faults(mapping, self.brakes or Brakes())]
        missing = [side for side in mapping.sides if side not in self.sides]
        return problems + [Problem(f"side '{side}' of the mapping has no connection", ("sides",)) for side in missing]
