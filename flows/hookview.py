"""The webhooks of a project as people and scripts see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.hook import Hook
from engine.contract import Refused
from flows.hookbook import Entry
from flows.hooks import Hooks
from flows.hookwish import Wishes
from flows.routes import Place

Doc = dict[str, Any]


def listed(hooks: Hooks, *, secrets: bool = False) -> list[Doc]:
    """One document per hook, those that are wanted and not there included.

    `{"connection", "app", "object", "scope", "state", "made", "until", "heard", "error", "calls", "address", "secret",
    "steps"}`; states: live, failing, by hand, ended, waiting (it is made when a receiver runs), off (there is no public
    address), unwanted. Addresses are shown of those that a person enters somewhere, secrets with `secrets`.
    """
    wishes, entries, counts = Wishes.of(hooks.project), hooks.book.all(), hooks.book.counts()
    found = []
    for entry in entries:
        hook = wishes.hook(entry.place)
        doc = _doc(entry.place, wishes) | {
            "state": state(entry, hook, hooks.clock()),
            "calls": counts.get(entry.key, {}),
        }
        doc |= {name: _text(getattr(entry, f"{name}_at")) for name in ("made", "heard")}
        doc |= {"until": _text(entry.until), "error": entry.error}
        found.append(doc | _entered(hooks, entry, hook, secrets))
    missing = sorted(wishes.sides.keys() - {entry.place for entry in entries})
    return found + [_doc(place, wishes) | {"state": "waiting" if hooks.public_url else "off"} for place in missing]


def state(entry: Entry, hook: Hook | None, now: datetime) -> str:
    """In a word."""
    if hook is None:
        return "unwanted"
    if entry.error is not None:
        return "failing"
    if hook.made == "by hand":
        return "by hand"
    if entry.subscription is None:
        return "waiting"
    return "ended" if entry.until is not None and entry.until <= now else "live"


def _doc(place: Place, wishes: Wishes) -> Doc:
    empty = dict.fromkeys(("made", "until", "heard", "error", "address", "secret", "steps"))
    about = {"connection": place.connection, "app": wishes.apps.get(place.connection, "")}
    return {**about, "object": place.object, "scope": place.conditions, **empty, "calls": {}}


def _entered(hooks: Hooks, entry: Entry, hook: Hook | None, secrets: bool) -> Doc:
    """What a person needs in order to enter it at the app."""
    if not hooks.public_url:
        return {}
    if hook is None or hook.made != "by hand":
        return {"address": hooks.address(entry)} if secrets else {}
    found = {"address": hooks.address(entry), "secret": None, "steps": hook.steps}
    try:
        secret = hooks.book.secret(entry, hook) if secrets or hook.secret else None
    except Refused as error:
        return {**found, "error": entry.error or str(error)}
    return found if hook.secret else {**found, "secret": secret}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
