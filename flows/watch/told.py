"""What a watcher tells as it goes: one line for each run, and for what went wrong and is well again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from flows.report import OPS, RunReport, counted

Kind = Literal["watching", "waiting", "run", "trouble", "well", "stopping"]


@dataclass(frozen=True, slots=True)
class Told:
    """One line."""

    at: datetime
    kind: Kind
    text: str
    """A sentence for people."""
    sync: str | None = None
    why: Sequence[str] = ()
    """What a run was for."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """The run's, as `syncline run --json` prints it."""

    def as_json(self) -> dict[str, Any]:
        """The document of a line of `syncline watch --json`."""
        doc: dict[str, Any] = {"at": self.at.isoformat(), "event": self.kind, "sync": self.sync, "text": self.text}
        return doc | ({"why": list(self.why), "run": dict(self.report)} if self.kind == "run" else {})


Tell = Callable[[Told], None]


def of_run(at: datetime, sync: str, why: Sequence[str], report: RunReport) -> Told:
    """How a run went."""
    ops = {op: sum(writes.get(op, 0) for writes in report.writes.values()) for op in OPS}
    said = [counted(ops) or "nothing to write"]
    said += [f"{report.holds} waiting for a person"] * bool(report.holds)
    said += [f"{report.failed} could not be written"] * bool(report.failed)
    said += [f"{side} stopped: {reason}" for side, reason in report.errors.items()]
    text = f"{', '.join(said)} ({report.seconds:.1f} s; {', '.join(why)})"
    return Told(at, "run", text, sync, why, report.as_json())
