"""One measured figure, and how a run of ours is measured: wall and processor time, with and without the apps."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figure:
    """What was measured, and the numbers with their units in their names."""

    name: str
    values: dict[str, float | int] = field(default_factory=dict)

    def line(self) -> str:
        """One JSON line."""
        return json.dumps({"name": self.name, **self.values})

    @classmethod
    def read(cls, line: str) -> Figure:
        found: dict[str, Any] = json.loads(line)
        return cls(found.pop("name"), found)


@dataclass
class Clock:
    """Time spent so far: by the clock on the wall, and by the processor for this process."""

    wall: float = 0.0
    processor: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, processor = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.processor += time.process_time() - processor


def peak_memory() -> int:
    """The most this process ever took, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
