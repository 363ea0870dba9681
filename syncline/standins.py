"""Serves stand-ins: a process of its own, for nothing of ours may import the sandbox, nor the sandbox us."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from syncline.exits import Exit

ARGPARSE = 2
"""With which Python ends a program that was called wrongly."""


def serve(apps: Sequence[str], port_base: int | None, seed: Sequence[str], state: Path | None) -> int:
    """Until stopped; its exit code. Output is the stand-ins' own, and signals are passed on."""
    process = subprocess.Popen(command(apps, port_base, seed, state))  # noqa: S603 - our own command line

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    return 0 if code in (0, -signal.SIGINT, -signal.SIGTERM, 130, 143) else Exit.USAGE if code == ARGPARSE else code


def command(apps: Sequence[str], port_base: int | None, seed: Sequence[str], state: Path | None) -> list[str]:
    """The command line of the sandbox."""
    words = [sys.executable, "-m", "sandbox", *apps]
    if port_base is not None:
        words += ["--port-base", str(port_base)]
    for item in seed:
        words += ["--seed", item]
    if state is not None:
        words += ["--state", str(state)]
    return words
