"""How rehearsals look in the terminal."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from syncline.output import table
from syncline.rehearsal.history import Played, script
from syncline.rehearsal.play import play
from syncline.rehearsal.rehearse import Settings, one, quiet
from syncline.rehearsal.setting import Setting, things
from syncline.rehearsal.shrink import shrink

if TYPE_CHECKING:
    from rich.console import RenderableType


def told(
    seed: int, settings: Settings | None, steps: str | None, what: str | None, *, shorten: bool = False
) -> dict[str, Any]:
    """One seed, step by step: `{"seed", "trace", "violations", "unavoidable", "again"}`; shortened where that is asked
    for."""
    where = settings(seed) if settings else things(random.Random(f"setting {seed}"))
    numbers = [step.number for step in script(seed, where)] if steps is None else numbers_of(steps)
    with quiet():
        played = one(seed, settings) if steps is None else play(seed, numbers, where)
        if shorten and played.trace and played.broken:
            numbers, played = shrink(played, numbers, lambda keep: play(seed, keep, where))
    again = f"syncline rehearse{f' {what}' if what else ''} --seed {seed} --steps {','.join(map(str, numbers))}"
    shown = [*map(str, played.violations), f"Play it again: {again}"] if shorten else []
    return {
        "seed": seed,
        "trace": [*_apps(where), *played.trace, *shown],
        "violations": list(map(str, played.broken)),
        "unavoidable": [str(one) for one in played.violations if one.unavoidable],
        "again": again,
    }


def numbers_of(text: str) -> list[int]:
    """`0,3,5-8` as numbers."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _apps(setting: Setting) -> list[str]:
    """One line for each side: what it can do, and how it behaves."""
    lines = []
    for name, at in setting.places.items():
        caps = [word for word in ("delta", "tombstones", "guarded", "stamped") if getattr(at.caps, word) != "no"]
        habits = [f"{word}" for word, value in vars(at.habits).items() if value]
        lines.append(f"{name}: {', '.join(caps) or 'lists only'}; batch {at.caps.batch}; {', '.join(habits)}")
    return lines


def totals_table(doc: dict[str, Any]) -> RenderableType:
    """The numbers, each invariant with its violations, and what no client could have kept."""
    from rich.console import Group

    head = ", ".join(f"{doc[name]:,} {name}" for name in ("histories", "steps", "runs", "requests", "crashes"))
    rows = [(name, str(count)) for name, count in doc["violations"].items()]
    apart = [(name, str(count)) for name, count in sorted(doc["unavoidable"].items())]
    parts: list[RenderableType] = [head, table(("invariant", "violated in"), rows)]
    parts.append(table(("unavoidable, counted apart", "in"), apart, empty="Nothing had to be counted apart."))
    if doc["failing"]:
        failing = [(str(item["seed"]), item["what"]) for item in doc["failing"]]
        parts.append(table(("failing seed", "what"), failing))
        parts.append("\n".join(["The shortest form of the first one:", "", *doc["shortest"]["trace"]]))
    return Group(*parts)


__all__ = ["Played", "told", "totals_table"]
