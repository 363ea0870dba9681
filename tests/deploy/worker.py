"""A Prefect worker of its own process, as `prefect worker start` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.server import POOL


@contextmanager
def working(url: str, folder: Path) -> Iterator[None]:
    """Carries out what waits in our pool; what it said is in FOLDER/worker.log."""
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PREFECT_API_URL": url, "PREFECT_HOME": str(folder), "PYTHONPATH": str(root)}
    environ |= {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_LOGGING_LEVEL": "WARNING"}
    words = ["worker", "start", "--pool", POOL, "--type", "process", "--name", "tests"]
    with (folder / "worker.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "prefect", *words], cwd=folder, env=environ, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            worker.terminate()
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:  # now and then it waits for ever for a run that was tried again
                worker.kill()
                worker.wait()
