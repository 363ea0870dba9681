"""What a plan and a run report: the documents that the commands print and the runs keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OPS = ("create", "update", "delete")


def counted(ops: Mapping[str, int], *, planned: bool = False) -> str:
    """Writes by operation, in words: `3 created, 1 deleted`, or `3 to create`; nothing where there are none."""
    done = {op: f"to {op}" if planned else f"{op}d" for op in OPS}
    return ", ".join(f"{ops[op]} {word}" for op, word in done.items() if ops.get(op))


@dataclass
class RunReport:
    """One run, in numbers."""

    run: str
    status: str = "done"
    """done | waiting (something needs a person) | failed (a side could not be read or written)."""
    read: dict[str, int] = field(default_factory=dict)
    writes: dict[str, dict[str, int]] = field(default_factory=dict)
    holds: int = 0
    failed: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)
    """Side -> why it could not be read or written."""
    would: dict[str, int] | None = None
    """Of a dry run: what it would have written, by operation."""

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline run --json`."""
        return {
            "run": self.run,
            "status": self.status,
            "read": self.read,
            "writes": self.writes,
            "holds": self.holds,
            "failed": self.failed,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "errors": self.errors,
        }

    def markdown(self, sync: str) -> str:
        """The report artifact of the Prefect page."""
        lines = [f"# {sync}: {self.status}", "", "| side | read | create | update | delete | requests |"]
        lines.append("|---|---:|---:|---:|---:|---:|")
        for side, count in self.read.items():
            writes = " | ".join(str(self.writes.get(side, {}).get(op, 0)) for op in OPS)
            lines.append(f"| {side} | {count} | {writes} | {self.requests.get(side, 0)} |")
        lines += ["", f"{self.holds} holds, {self.failed} failed, {self.seconds:.1f} s."]
        lines += [f"- **{side}**: {reason}" for side, reason in self.errors.items()]
        return "\n".join(lines) + "\n"


@dataclass
class PlanReport:
    """What a run would write."""

    plan: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline plan --json`."""
        return {"plan": self.plan, "changes": self.changes, "holds": self.holds, "errors": self.errors}
