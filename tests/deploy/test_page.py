"""A person at Prefect's page, in a real browser: a backfill from its form to its report, and a failed run tried again;
and, by the requests that the page sends, a run that is cancelled and tried again.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, TimeoutError, expect, sync_playwright

from flows import deploy
from tests.deploy.asking import comes_to, start, tell
from tests.deploy.worker import working
from tests.system.prefect_world import Page as Api
from tests.system.prefect_world import until
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MONTH = f"{date.today():%Y-%m}"  # the one that the page's calendar opens with
FIRST, LAST = date.fromisoformat(f"{MONTH}-01"), date.fromisoformat(f"{MONTH}-28")
STATISTICS = "amplitude.com"
"""Prefect's page asks there how to count its users, though nothing is counted; it works without an answer."""
LONG = 90_000
"""Milliseconds until the page must show something."""
BATCHES = 6
"""Requests in which the first 50 meetings of a shard are written to Outlook."""


@pytest.fixture(scope="module")
def worker(shown: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with working(shown.url, tmp_path_factory.mktemp("worker")):
        yield


@contextmanager
def browser(home: str, elsewhere: set[str]) -> Iterator[Page]:
    """A page that reaches this server only; other hosts that it asks for go to `elsewhere`."""

    def local(route: Route) -> None:
        if route.request.url.startswith(home):
            route.continue_()
        else:
            elsewhere.add(urlsplit(route.request.url).hostname or "")
            route.abort()

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = chromium.new_context(timezone_id="America/New_York", viewport={"width": 1280, "height": 1000})
        context.route("**/*", local)
        context.set_default_timeout(LONG)
        expect.set_options(timeout=LONG)
        try:
            yield context.new_page()
        finally:
            chromium.close()


def shows(page: Page, what: Locator) -> Locator:
    """Waits until the page shows it; a person would load the page again, too."""
    for _ in range(9):
        try:
            what.first.wait_for(timeout=10_000)
        except TimeoutError:
            page.reload()
        else:
            return what.first
    expect(what.first).to_be_visible(timeout=1)
    return what.first


def pick(page: Page, field: str, day: date) -> None:
    page.get_by_role("button", name=f"{field} (Optional)").click()
    page.get_by_role("button", name=re.compile(rf"{day:%A, %B} {day.day}(st|nd|rd|th), {day:%Y}")).click()
    page.keyboard.press("Escape")


def ask(page: Page, sync: str) -> None:
    """Starts a backfill by its form."""
    page.get_by_role("link", name="Deployments").click()
    page.get_by_role("link", name=f"{sync}: backfill").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    expect(page.get_by_text("The first day of the range. Empty: from the very first record on.")).to_be_visible()
    pick(page, "From", FIRST)
    pick(page, "To", LAST)
    page.get_by_role("button", name="Select Sides to write").click()
    page.get_by_role("option", name="outlook").click()
    page.keyboard.press("Escape")
    page.get_by_label("Shards").fill("1")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile("tab=Runs"))


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")
def test_a_backfill_from_the_form_to_its_report_and_a_failed_run_tried_again(make: Make, worker: None) -> None:
    it = make()
    it.meet("google", 120, MONTH)
    it.meet("google", 2, "2025-03", title="Older")
    deploy.deploy(it.project, [it.name])
    it.fail("outlook", kind="slow", times=BATCHES, seconds=0, method="POST")
    it.fail("outlook", kind="slow", times=1, seconds=50, method="POST")  # so long is the page looked at
    home, elsewhere = it.page.url.removesuffix("/api"), set[str]()
    with browser(home, elsewhere) as page:
        page.goto(home)
        ask(page, it.name)
        shows(page, page.get_by_role("link", name=f"{it.name} {FIRST} to {LAST}")).click()
        page.get_by_role("tab", name="Artifacts").click()
        run = page.url
        shows(page, page.get_by_role("link", name=f"progress-{it.name}")).click()
        page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first.click()
        shows(page, page.get_by_text("41.7"))

        it.fail("outlook", kind="503", times=1000, method="POST", retry_after=3600)
        page.goto(run)
        shows(page, page.get_by_text("Failed", exact=True))
        page.get_by_role("tab", name="Details").click()
        expect(page.get_by_text("could not be written yet. Outlook answered 503")).to_be_visible()
        assert len(it.titles("outlook")) == 50

        it.person("outlook").control.calm()
        page.get_by_role("button", name="Open menu").first.click()
        page.get_by_role("menuitem", name="Retry").click()
        page.get_by_role("button", name="Retry").click()
        shows(page, page.get_by_text("Completed", exact=True))
        page.get_by_role("tab", name="Artifacts").click()
        page.get_by_role("link", name=f"report-{it.name}").last.click()
        page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first.click()
        expect(page.get_by_role("heading", name=f"{it.name}: done")).to_be_visible()
    assert Counter(it.titles("outlook")) == {f"Meeting {number}": 1 for number in range(120)}
    assert {host for host in elsewhere if not host.endswith(STATISTICS)} == set()


def test_a_cancelled_run_stops_writing_and_gives_its_turn_back(make: Make, worker: None) -> None:
    it = make()
    it.meet("google", 120, MONTH)
    deploy.deploy(it.project, [it.name])
    outlook = it.person("outlook").control
    it.fail("outlook", kind="slow", times=BATCHES, seconds=0, method="POST")
    it.fail("outlook", kind="slow", times=4, seconds=5, method="POST")
    run = start(it, {"start": str(FIRST), "end": str(LAST), "shards": 1})
    until(lambda: outlook.log()["writes"], lambda writes: writes >= 50)
    tell(it, run, "CANCELLING", "Cancelling")
    comes_to(it, run, "CANCELLED")
    assert 50 <= len(it.titles("outlook")) <= 100  # what was on its way, and nothing after it
    outlook.calm()
    tell(it, run, "SCHEDULED", "AwaitingRetry", force=True)
    comes_to(it, run, "COMPLETED")  # nobody else has the turn
    assert Counter(it.titles("outlook")) == {f"Meeting {number}": 1 for number in range(120)}
