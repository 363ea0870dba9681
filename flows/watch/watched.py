"""One sync that is watched: its sides, its schedule, its next run, and what its files said when they were read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.deployment import Deployment, Schedule, interval
from flows.project import Project, Stamp, stamp
from flows.routes import Route
from flows.watch.glance import Place
from flows.watch.pace import Pace
from flows.watch.turn import Turn

SLOWEST = timedelta(minutes=5)
"""The longest wait between two looks at a side, and between two tries of a run that fails."""
FIRST_RETRY = timedelta(seconds=30)
Stamps = tuple[Stamp, ...]


@dataclass
class Spot:
    """One side, and when it is looked at next."""

    route: Route
    pace: Pace
    at: datetime
    place: Place | None = None
    looking: bool = False
    again: bool = False
    """A ping came during the look, which may have read before that."""
    echo: datetime | None = None
    """Until then a ping is most likely about what we have written there ourselves."""
    blind: bool = False
    """Its app does not tell what has changed."""
    down: bool = False
    """The last run could not read or write it: its pings wait for the next try."""
    wrong: str = ""
    """Why it could not be looked at."""

    def later(self, at: datetime) -> None:
        """Not before then."""
        self.at = max(self.at, at)

    def earlier(self, by: timedelta) -> None:
        """As `Watched.earlier`."""
        self.at -= by
        self.echo = self.echo and self.echo - by


@dataclass
class Watched:
    """One sync."""

    name: str
    file: Deployment
    stamps: Stamps
    spots: dict[str, Spot]
    turn: Turn
    retry: Pace
    """Of runs that fail."""
    chores: Pace
    """Of looks at what is left to do."""
    check_at: datetime
    """When to look next at what is left to do."""
    tried_full: datetime | None = None
    mapping: str | None = None
    """Digest of the mapping that was run for last."""
    wrong: str = ""
    """What was told of it."""
    idle: bool = field(default=False)
    """It waits for its first run, which a person starts."""

    @property
    def schedule(self) -> Schedule:
        return self.file.schedule or Schedule()

    def earlier(self, by: timedelta) -> None:
        """The clock was set back so far, and nobody has to wait any longer for it."""
        self.check_at -= by
        self.turn.earlier(by)
        for spot in self.spots.values():
            spot.earlier(by)

    def quick(self) -> None:
        """Something happened here: more may."""
        for spot in self.spots.values():
            spot.pace.quick()


def watched(file: Deployment, stamps: Stamps, routes: list[Route], now: datetime, former: Watched | None) -> Watched:
    """A sync as its files are now; what is known of the former one goes on where it still fits."""
    schedule = file.schedule or Schedule()
    every = schedule.interval or SLOWEST
    made = Watched(
        file.sync,
        file,
        stamps,
        {one.side: Spot(one, Pace(interval(schedule.poll), every), now) for one in routes},
        former.turn if former else Turn(),
        Pace(FIRST_RETRY, every),
        Pace(every, every if schedule.interval else 12 * every),
        now,
    )
    made.turn.rest = schedule.rest
    for side, spot in (former.spots if former else {}).items():
        if side in made.spots and spot.route == made.spots[side].route:
            made.spots[side].place = spot.place
    return made


def stamps(project: Project, file: Deployment) -> Stamps:
    """Tells one state of a sync's files from another. Raises ProjectError."""
    return tuple(stamp(path) for path in (project.deployment_file(file.sync), project.mapping_file(file.mapping)))
