"""The HTTP seam: what is tried again, what is not, and what people are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors import connect, load, names
from connectors.http import Client, classify_status
from connectors.oauth import Basic, Bearer
from connectors.pace import Alone, Paces
from connectors.paging import by_cursor, by_link, by_offset
from engine.contract import AuthExpired, Invalid, Missing, Refused, Stale, Transient

Handler = Callable[[httpx.Request], httpx.Response]


class Waits(list[float]):
    """Stands for sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(handler: Handler, **options: Any) -> tuple[Client, Waits]:
    waits = Waits()
    options = {"base_url": "https://api.example.org/v1", "sleep": waits, **options}
    return Client(transport=httpx.MockTransport(handler), **options), waits


def answers(*replies: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A server that gives these answers one after the other, and what it was asked."""
    queue: Iterator[httpx.Response | Exception] = iter(replies)
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        reply = next(queue)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler, asked


def test_reads_survive_a_server_in_trouble() -> None:
    handler, _ = answers(httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(200, json={"a": 1}))
    http, waits = client(handler)
    assert http.json("GET", "things") == {"a": 1}
    assert http.requests == 3
    assert len(waits) == 2 and waits[0] < waits[1]


@pytest.mark.parametrize("status", [500, 503])
def test_a_write_whose_fate_is_unknown_is_not_sent_again(status: int) -> None:
    handler, asked = answers(httpx.Response(status))
    http, waits = client(handler)
    with pytest.raises(Transient) as caught:
        http.json("POST", "things", json={"name": "x"})
    assert caught.value.landed is None
    assert (len(asked), list(waits)) == (1, [])


def test_a_lost_answer_to_a_write_leaves_its_fate_open() -> None:
    handler, asked = answers(httpx.RemoteProtocolError("Server disconnected without sending a response."))
    http, _ = client(handler)
    with pytest.raises(Transient, match="may have landed") as caught:
        http.json("PATCH", "things/1", json={})
    assert caught.value.landed is None and len(asked) == 1


def test_an_idempotent_write_is_sent_again() -> None:
    handler, asked = answers(httpx.ReadTimeout("slow"), httpx.Response(500), httpx.Response(200, json={"id": 1}))
    http, _ = client(handler)
    assert http.json("POST", "things", json={"id": 1}, idempotent=True) == {"id": 1}
    assert [request.content for request in asked] == [b'{"id":1}'] * 3


def test_too_many_calls_had_no_effect_so_every_write_is_sent_again() -> None:
    handler, _ = answers(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(201, json={}))
    http, waits = client(handler)
    http.json("POST", "things", json={})
    assert waits == [7]


def test_retry_after_may_be_a_date() -> None:
    late = {"Retry-After": "Mon, 02 Nov 2026 09:00:20 GMT", "Date": "Mon, 02 Nov 2026 09:00:00 GMT"}
    handler, _ = answers(httpx.Response(503, headers=late), httpx.Response(200))
    http, waits = client(handler)
    http.request("GET", "things")
    assert waits == [20]


def test_a_long_wait_is_left_to_the_scheduler() -> None:
    handler, asked = answers(httpx.Response(429, headers={"Retry-After": "3600"}))
    http, waits = client(handler)
    with pytest.raises(Transient) as caught:
        http.request("GET", "things")
    assert caught.value.wait == timedelta(hours=1) and caught.value.landed is False
    assert (len(asked), list(waits)) == (1, [])


def test_it_gives_up_in_the_end() -> None:
    http, waits = client(lambda _: httpx.Response(502))
    with pytest.raises(Transient):
        http.request("GET", "things")
    assert http.requests == 4 and len(waits) == 3


def test_a_server_that_is_not_there_had_no_effect_and_is_named() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known")

    http, _ = client(handler)
    with pytest.raises(Transient, match=r"Cannot reach api\.example\.org: Name or service not known\. Check") as caught:
        http.json("POST", "things", json={})
    assert caught.value.landed is False


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Invalid), (401, AuthExpired), (403, Refused), (404, Missing), (410, Missing), (412, Stale), (422, Invalid)],
)
def test_status_codes_say_what_happens_next(status: int, error: type[Exception]) -> None:
    http, _ = client(lambda _: httpx.Response(status))
    with pytest.raises(error, match=rf"PUT api\.example\.org/v1/things/1 answered {status}"):
        http.request("PUT", "things/1?token=s3cret", content=b"x")


def test_an_app_may_have_its_own_dialect() -> None:
    http, _ = client(lambda _: httpx.Response(409), classify=lambda response: Stale(f"busy {response.status_code}"))
    with pytest.raises(Stale, match="busy 409"):
        http.request("GET", "things")
    answer = http.request("GET", "things", classify=lambda _: None)
    assert answer.status_code == 409


def test_secrets_stay_out_of_messages_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    def leak(response: httpx.Response) -> Exception:
        return Transient(f"You sent {response.request.headers['authorization']}", landed=False)

    for auth in (Bearer("tok-123456"), Basic("ada", "pass-123456")):
        http, _ = client(lambda _: httpx.Response(400), auth=auth, classify=leak)  # type: ignore[arg-type]
        with pytest.raises(Transient) as caught:
            http.request("GET", "things")
        assert "***" in str(caught.value)
        assert "123456" not in str(caught.value) + caplog.text


def test_addresses_are_links() -> None:
    handler, asked = answers(*[httpx.Response(200)] * 3)
    http, _ = client(handler)
    for link in ("things/a%2Fb", "/dav/cal/", "https://api.example.org/v1/more?token=%2B1"):
        http.request("PROPFIND", link, content="<x/>", headers={"Depth": "1"})
    paths = [request.url.raw_path for request in asked]
    assert paths == [b"/v1/things/a%2Fb", b"/dav/cal/", b"/v1/more?token=%2B1"]
    assert asked[0].headers["depth"] == "1" and asked[0].content == b"<x/>"


def test_the_sign_in_is_sent_to_no_other_server() -> None:
    handler, asked = answers(httpx.Response(200))
    http, _ = client(handler, auth=Bearer("token"))
    with pytest.raises(Refused, match=r"evil\.example"):
        http.request("GET", "https://evil.example/next")
    assert asked == []
    http.trust("https://p01.example.net/")
    http.request("GET", "https://p01.example.net/next")
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["", "api.example.org", "ftp://api.example.org", "https://ada:pw@api.example.org"])
def test_a_wrong_base_url_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="base_url"):
        Client(url)


def test_a_page_instead_of_json_is_explained() -> None:
    page = httpx.Response(200, text="<html>log in", headers={"content-type": "text/html"})
    http, _ = client(lambda _: page)
    with pytest.raises(Transient, match="text/html instead of JSON"):
        http.json("GET", "things")


def test_calls_are_paced() -> None:
    http, _ = client(lambda _: httpx.Response(200), pace=Alone((2, timedelta(hours=1))), patience=timedelta())
    http.request("GET", "a")
    http.request("GET", "b")
    with pytest.raises(Transient, match="own limit") as caught:
        http.request("GET", "c")
    assert caught.value.landed is False and http.requests == 2
    http.close()


def test_all_clients_of_one_account_keep_one_pace() -> None:
    paces, calls = Paces(), (2, timedelta(hours=1))
    one, other, another = (paces.of(account, calls) for account in ("ann", "ann", "bob"))
    assert one.wait(0) and other.wait(0)
    one.close()
    assert not other.wait(0) and not one.wait(0)
    assert another.wait(0)
    paces.close()


def test_paging_follows_tokens_links_and_offsets() -> None:
    book: dict[str | None, tuple[str, str | None]] = {None: ("a", "2"), "2": ("b", "3"), "3": ("c", None)}
    assert [page[0] for page in by_cursor(book.__getitem__, lambda page: page[1])] == ["a", "b", "c"]
    web = {"/1": ("a", "/2"), "/2": ("b", None)}
    assert [page[0] for page in by_link(web.__getitem__, lambda page: page[1], "/1")] == ["a", "b"]
    items = list(range(5))
    assert list(by_offset(lambda at: items[at : at + 2], 2)) == [[0, 1], [2, 3], [4]]


def test_a_page_that_comes_again_is_an_error_and_no_loop() -> None:
    for pages in (
        by_cursor(lambda _: "page", lambda _: "same"),
        by_link(lambda _: "page", lambda _: "/1", "/1"),
        by_offset(lambda _: ["x", "y"], 2),
    ):
        with pytest.raises(Transient):
            list(pages)


def test_an_unknown_app_is_refused_with_the_nearest_name() -> None:
    assert "google_calendar" in names()
    with pytest.raises(Refused, match="Did you mean google_calendar"):
        load("gogle_calendar")


def test_a_connection_needs_its_settings() -> None:
    assert load("google_calendar").title == "Google Calendar"
    connector = connect("google_calendar", {"token": "t"}, transport=httpx.MockTransport(lambda _: httpx.Response(401)))
    with pytest.raises(AuthExpired):
        connector.check()


def test_classify_status_takes_success_as_it_is() -> None:
    assert classify_status(httpx.Response(204, request=httpx.Request("GET", "https://x.example/"))) is None
