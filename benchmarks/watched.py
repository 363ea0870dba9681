"""A project that is watched by a process of its own, two calendars in another one, and a user at each."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.servers import HTTP, ask
from syncline.cli import main as syncline

At = Mapping[str, str]
MAIN = {"google": "primary", "outlook": "Calendar"}
EVENTS = {
    "google": "/calendar/v3/calendars/{}/events?maxResults=2500",
    "outlook": "/v1.0/me/calendars/{}/events?$top=500",
}
ONE = {"google": "/calendar/v3/calendars/{}/events/{}", "outlook": "/v1.0/me/events/{1}"}
TITLE = {"google": "summary", "outlook": "subject"}


@dataclass(frozen=True)
class User:
    """Somebody with a calendar: plain HTTP, and nothing of ours."""

    side: str
    at: At
    calendar: str
    """Its id."""

    @classmethod
    def main(cls, side: str, at: At) -> User:
        """Of the account's own calendar."""
        if side == "google":
            return cls(side, at, "primary")
        found = ask(dict(at), "GET", "/v1.0/me/calendars")["value"]
        return cls(side, at, next(each["id"] for each in found if each["name"] == MAIN[side]))

    def titles(self) -> dict[str, str]:
        """Id -> title of every meeting."""
        page = ask(dict(self.at), "GET", EVENTS[self.side].format(quote(self.calendar, safe="")))
        return {each["id"]: each[TITLE[self.side]] for each in page.get("items") or page.get("value", [])}

    def title(self, id: str) -> str:
        """Of one."""
        return str(
            ask(dict(self.at), "GET", ONE[self.side].format(self.calendar, quote(id, safe="")))[TITLE[self.side]]
        )

    def rename(self, id: str, title: str) -> None:
        """Edits one."""
        ask(dict(self.at), "PATCH", ONE[self.side].format(self.calendar, quote(id, safe="")), {TITLE[self.side]: title})

    def make_calendar(self, name: str) -> str:
        """Another one; its id."""
        if self.side == "google":
            return str(ask(dict(self.at), "POST", "/calendar/v3/calendars", {"summary": name})["id"])
        return str(ask(dict(self.at), "POST", "/v1.0/me/calendars", {"name": name})["id"])


@contextmanager
def stand_ins() -> Iterator[dict[str, dict[str, str]]]:
    """Google and Outlook in a process of their own, empty: side -> url and token."""
    words = [sys.executable, "-m", "sandbox", "google_calendar", "outlook_calendar"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            lines = [json.loads(server.stdout.readline()) for _ in range(2)]
            yield {line["app"].partition("_")[0]: line for line in lines}
        finally:
            server.terminate()


def set_up(folder: Path, servers: Mapping[str, At]) -> None:
    """A project with both accounts connected, and no sync."""
    command("init", str(folder))
    for side, at in servers.items():
        values = ["--set", f"base_url={at['url']}", "--set", f"token={at['token']}"]
        command("connect", f"{side}_calendar", "--name", side, *values, "--project", str(folder))


def write_sync(folder: Path, name: str, calendars: Mapping[str, str], schedule: str) -> None:
    """A sync of these calendars (side -> id)."""
    sides = [f"  {side}: {{connection: {side}, scope: {{calendar: {id}}}}}" for side, id in calendars.items()]
    lines = [f"sync: {name}", "mapping: google-outlook-meetings", "sides:", *sides, f"schedule: {{{schedule}}}", ""]
    (folder / "deployments" / f"{name}.yaml").write_text("\n".join(lines))


def command(*words: str) -> str:
    """What a command of ours prints. Raises RuntimeError."""
    with redirect_stdout(StringIO()) as said:
        code = syncline(list(words))
    if code:
        raise RuntimeError(f"syncline {' '.join(words)}: {said.getvalue()}")
    return said.getvalue()


@dataclass
class Watching:
    """A watcher at work."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has told."""
        text = self.log.read_text().splitlines()
        return [json.loads(line) for line in text if line.startswith("{") and line.endswith("}")]

    def usage(self) -> tuple[float, int]:
        """Seconds of processor time so far, and MB of memory now."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), int(resident.split()[1]) // 1024


@contextmanager
def watching(folder: Path, *options: str, hooks: bool = True) -> Iterator[Watching]:
    """`syncline watch`, ended by SIGTERM. `hooks`: with a receiver that the stand-ins call."""
    port = free_port()
    public = f"http://127.0.0.1:{port}" if hooks else ""
    places = {"SYNCLINE_PUBLIC_URL": public, "SYNCLINE_RECEIVER_PORT": str(port)}
    log = folder / "watch.jsonl"
    words = [sys.executable, "-m", "syncline", "watch", "--json", "--project", str(folder), *options]
    with log.open("wb") as out, log.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(words, stdout=out, stderr=err, env={**os.environ, **places})
        try:
            yield Watching(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            if code := process.wait(60):
                print(f"the watcher ended with {code}", file=sys.stderr)


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ready: Callable[[], Any], patience: float = 120.0, pause: float = 0.2) -> Any:
    """What it gives, once that is true. Raises TimeoutError."""
    end = time.monotonic() + patience
    while not (found := ready()):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause)
    return found


__all__ = ["HTTP", "MAIN", "User", "Watching", "command", "set_up", "stand_ins", "until", "watching", "write_sync"]
