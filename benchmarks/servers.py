"""The stand-ins in a process of their own, so that their time and memory are not ours."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

HTTP = httpx.Client(trust_env=False, timeout=120)
atexit.register(HTTP.close)


@contextmanager
def serving(seed: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Google with these meetings and an empty Outlook: side -> url and token."""
    words = ["google_calendar", "outlook_calendar", "--seed", f"google_calendar={seed}"]
    with subprocess.Popen([sys.executable, "-m", "sandbox", *words], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            lines = [json.loads(server.stdout.readline()) for _ in range(2)]
            yield {line["app"].partition("_")[0]: line for line in lines}
        finally:
            server.terminate()


def ask(at: dict[str, str], method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the app's own API answers."""
    headers = {"Authorization": f"Bearer {at['token']}"}
    reply = HTTP.request(method, at["url"] + path, json=body, headers=headers).raise_for_status()
    return reply.json() if reply.content else None


def calendar(meetings: int) -> str:
    """iCalendar text: meetings with a guest; every fifth a series with one occurrence moved and one cancelled."""
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//benchmark//EN"]
    for number in range(meetings):
        parts += _meeting(number)
    return "\r\n".join([*parts, "END:VCALENDAR", ""])


def _meeting(number: int) -> list[str]:
    day = date(2026, 1, 5) + timedelta(days=number % 365)
    hour, second = 8 + number % 9, day + timedelta(days=7)
    common = [f"UID:meeting-{number}@example.com", "DTSTAMP:20260101T000000Z"]
    lines = [
        "BEGIN:VEVENT",
        *common,
        f"SUMMARY:Meeting {number} of the project",
        f"DESCRIPTION:What was said last time\\, and what is open: point {number}.",
        f"LOCATION:Room {number % 40}",
        f"DTSTART;TZID=Europe/Berlin:{day:%Y%m%d}T{hour:02}0000",
        f"DTEND;TZID=Europe/Berlin:{day:%Y%m%d}T{hour:02}4500",
        f"ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann{number % 50}@example.com",
    ]
    if number % 5:
        return [*lines, "END:VEVENT"]
    return [
        *lines,
        "RRULE:FREQ=WEEKLY;COUNT=12",
        f"EXDATE;TZID=Europe/Berlin:{day + timedelta(days=14):%Y%m%d}T{hour:02}0000",
        "END:VEVENT",
        "BEGIN:VEVENT",
        *common,
        f"RECURRENCE-ID;TZID=Europe/Berlin:{second:%Y%m%d}T{hour:02}0000",
        f"SUMMARY:Meeting {number}, moved",
        f"DTSTART;TZID=Europe/Berlin:{second:%Y%m%d}T{hour + 1:02}0000",
        f"DTEND;TZID=Europe/Berlin:{second:%Y%m%d}T{hour + 1:02}4500",
        "END:VEVENT",
    ]
