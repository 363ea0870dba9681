"""What the syncs want the apps to tell, at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors import names
from connectors.hook import Hook
from connectors.proofs import hook_of
from flows.project import Project
from flows.routes import Place, Route, broken, routes


@dataclass(frozen=True)
class Wishes:
    """As far as the accounts are connected."""

    sides: Mapping[Place, Sequence[Route]]
    """Place -> the sides of syncs that a hook for it is to tell."""
    apps: Mapping[str, str]
    """Connection -> app."""
    signed_out: frozenset[str]
    """Connections that nothing is to be asked of."""
    unclear: bool
    """A sync file is broken, and nobody knows what that sync wants."""

    @classmethod
    def of(cls, project: Project) -> Wishes:
        """Now. Raises StoreError."""
        there, known = project.connections.all(), set(names())
        apps = {one.name: one.app for one in there if one.app in known}
        sides = defaultdict[Place, list[Route]](list)
        for route in routes(project):
            if route.connection in apps:
                sides[route.place(hook_of(apps[route.connection]).covers)].append(route)
        signed_out = frozenset(one.name for one in there if one.paused)
        return cls(dict(sides), apps, signed_out, bool(broken(project)))

    def connected(self, place: Place) -> Hook | None:
        """How calls of the account come about, whoever wants them; None: it is gone."""
        app = self.apps.get(place.connection)
        return hook_of(app) if app else None

    def hook(self, place: Place) -> Hook | None:
        """How calls about the place come about; None: nobody wants any."""
        return self.connected(place) if place in self.sides else None
