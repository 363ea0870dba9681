"""The three servers: two stand-ins with their fault switches, and a Radicale that dies and comes back."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rounds.caldav import Dav
from benchmarks.rounds.google import Google
from benchmarks.rounds.outlook import Outlook
from benchmarks.shown import HTTP
from sandbox import start
from sandbox.serving import Running

USER = ("alice", "alice")
CALENDAR = "Calendar"
_MAKE = (
    '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    f"<D:displayname>{CALENDAR}</D:displayname></D:prop></D:set></C:mkcalendar>"
)


@dataclass
class Radicale:
    """A CalDAV server as a process of its own, on a folder that outlives it."""

    folder: Path
    port: int = field(init=False)
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def up(self) -> bool:
        return self._process is not None

    def begin(self) -> None:
        """Starts it, without waiting until it is ready."""
        if self._process is None:
            words = ["--config", "", "--server-hosts", f"127.0.0.1:{self.port}", "--auth-type", "none"]
            words += ["--storage-filesystem-folder", str(self.folder), "--logging-level", "error"]
            with (self.folder.parent / "radicale.log").open("ab") as log:
                self._process = subprocess.Popen([sys.executable, "-m", "radicale", *words], stdout=log, stderr=log)

    def ready(self) -> None:
        """Starts it where it is down, and waits until it takes connections."""
        self.begin()
        assert self._process is not None
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            with suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"Radicale ended with {self._process.wait(timeout=0.02)}")

    def written(self) -> Callable[[], bool]:
        """Tells whether something was stored in the calendar since now."""
        calendar = self.folder / "collection-root" / USER[0] / "calendar"
        former = calendar.stat().st_mtime_ns
        return lambda: calendar.stat().st_mtime_ns != former

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            self.kills += 1


@dataclass
class Servers:
    """All three, and a user on each."""

    google: Running
    outlook: Running
    radicale: Radicale
    users: dict[str, Google | Outlook | Dav] = field(init=False)
    _ordered: int = 0

    def __post_init__(self) -> None:
        self.users = {
            "google": Google(self.google.url, self.google.token),
            "outlook": Outlook(self.outlook.url, self.outlook.token),
            "caldav": Dav(f"{self.radicale.url}/{USER[0]}/calendar/", USER),
        }

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """Of the connections, by side."""
        return {
            "google": {"base_url": self.google.url, "token": self.google.token},
            "outlook": {"base_url": self.outlook.url, "token": self.outlook.token},
            "caldav": {"base_url": self.radicale.url, "username": USER[0], "password": USER[1]},
        }

    @property
    def requests(self) -> int:
        """To the stand-ins since the last `tally`."""
        return sum(int(log["requests"]) for log in self._logs())

    def tally(self) -> tuple[int, int]:
        """Writes that took effect on the stand-ins since the last call, and mail that they would have sent."""
        logs = self._logs()
        for app in (self.google, self.outlook):
            HTTP.post(f"{app.url}/_control/reset_log").raise_for_status()
        return sum(int(log["writes"]) for log in logs), sum(int(log["mail"]) for log in logs)

    def fault(self, side: str, *, times: int = 1, **fault: Any) -> None:
        """Switches a fault on. See the control plane in `sandbox/README.md`."""
        app = self.google if side == "google" else self.outlook
        self._ordered += times
        HTTP.post(f"{app.url}/_control/faults", json={"times": times, **fault}).raise_for_status()

    def pending(self) -> int:
        """Faults that have not hit yet."""
        left = 0
        for app in (self.google, self.outlook):
            found = HTTP.get(f"{app.url}/_control/faults").raise_for_status().json()["pending"]
            left += sum(int(fault["times"]) for fault in found)
        return left

    def calm(self) -> int:
        """Friendly again; how many faults hit since the last call."""
        left = self.pending()
        for app in (self.google, self.outlook):
            HTTP.delete(f"{app.url}/_control/faults").raise_for_status()
        hits, self._ordered = self._ordered - left, 0
        return hits

    def _logs(self) -> list[dict[str, Any]]:
        return [HTTP.get(f"{app.url}/_control/log").raise_for_status().json() for app in (self.google, self.outlook)]


@contextmanager
def serving(folder: Path) -> Iterator[Servers]:
    """The servers with empty calendars; `folder` holds what Radicale keeps."""
    with ExitStack() as stack:
        google, outlook = (stack.enter_context(start(f"{app}_calendar")) for app in ("google", "outlook"))
        radicale = Radicale(folder / "radicale")
        folder.mkdir(parents=True, exist_ok=True)
        stack.callback(radicale.kill)
        radicale.ready()
        url = f"{radicale.url}/{USER[0]}/calendar/"
        HTTP.request("MKCALENDAR", url, content=_MAKE, auth=USER).raise_for_status()
        yield Servers(google, outlook, radicale)
