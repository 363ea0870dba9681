"""Plays the rounds and prints what became of them; exit code 1 where anything was wrong."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.rounds.play import Rounds
from benchmarks.rounds.servers import serving


def main() -> int:
    """One seed. The folder is kept where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rounds", description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rounds-"))
    with ExitStack() as stack:
        trace = stack.enter_context((folder / "trace.log").open("w", buffering=1))
        servers = stack.enter_context(serving(folder / "servers"))
        done = Rounds(servers, folder / "project", given.seed, lambda line: print(line, file=trace)).play(given.rounds)
    print(done.sentence(given.seed))
    for line in done.wrong:
        print(f"WRONG in round {done.rounds} of seed {given.seed}: {line}")
    if done.wrong:
        print(f"The project, the trace and Radicale's folder are kept in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
