"""How long a command takes from its start to its end, in a project of twenty meetings: the middle of several tries."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.servers import calendar, serving

TRIES = 7
DEPLOYMENT = """\
sync: work
mapping: google-outlook-meetings
sides:
  google: {connection: google}
  outlook: {connection: outlook}
"""


def main() -> None:
    """Prints one JSON line per command."""
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.ics"
        seed.write_text(calendar(20))
        with serving(seed) as servers:
            project = Path(folder) / "project"
            _syncline(["init", str(project)], Path(folder))
            for name, at in servers.items():
                values = ["--set", f"base_url={at['url']}", f"token={at['token']}"]
                _syncline(["connect", f"{name}_calendar", "--name", name, *values], project)
            (project / "deployments" / "work.yaml").write_text(DEPLOYMENT)
            for _ in range(2):
                _syncline(["run", "work", "--direct"], project)
            for words in (["--help"], ["status"], ["run", "work", "--direct"]):
                _measure(words, project)


def _measure(words: list[str], project: Path) -> None:
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        _syncline(words, project)
        seconds.append(time.perf_counter() - started)
    name = f"syncline {' '.join(words)}" + (" (idle)" if words[0] == "run" else "")
    print(Figure(name, {"seconds": round(statistics.median(seconds), 2)}).line(), flush=True)


def _syncline(words: list[str], folder: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); from syncline.cli import script; script()"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"syncline {' '.join(words)} failed: {done.stderr}")


if __name__ == "__main__":
    main()
