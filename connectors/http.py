"""The one place that knows HTTP: sending, counting, pacing, retrying, and turning failures into the contract's errors.

It is also the only module that imports httpx, so that a successor of httpx is a change of one file.
"""

from __future__ import annotations

import atexit
import json as jsonlib
import logging
import random
import re
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial
from threading import Lock
from typing import Any
from urllib.request import getproxies

import httpx

from connectors.address import base, join, origin
from connectors.pace import Pace
from engine.contract import AppError, AuthExpired, Invalid, Missing, Refused, Stale, Transient

Auth = httpx.Auth
Request = httpx.Request
Response = httpx.Response
Transport = httpx.BaseTransport
MockTransport = httpx.MockTransport
Classify = Callable[[Response], AppError | None]
"""What an answer means: an error of the contract, or None where the caller can use the answer."""

READS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
ATTEMPTS = 4
FIRST_WAIT = 0.5  # seconds; doubles with each try
PATIENCE = timedelta(seconds=90)  # waiting longer is the scheduler's business, not a request's
SHORT = 6  # letters
KEPT = 60.0  # seconds that a connection is kept open after its last use
log = logging.getLogger(__name__)
_making = Lock()


class Client:
    """A paced, counting HTTP client for one account of one app. Every failure leaves as an `AppError`.

    Addresses are resolved against `base_url` like links in a page: `calendar/v3/x` is appended, `/x` starts at the
    server's root, and a whole address is taken as it is, provided that it leads to the same server (the sign-in is
    sent along) or to one that was named to `trust`. `on_error` is told of each error that the app answers with.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        pace: Pace | None = None,
        classify: Classify | None = None,
        transport: Transport | None = None,
        *,
        on_error: Callable[[AppError], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        patience: timedelta = PATIENCE,
        timeout: timedelta = timedelta(seconds=60),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base(base_url)
        self._sent = [0]  # a list, so that the hook below needs no reference to us
        self.classify: Classify = classify or classify_status
        self._on_error = on_error
        self._sleep, self._patience, self._seconds = sleep, patience, patience.total_seconds()
        self._secrets: Callable[[], Iterable[str]] = getattr(auth, "secrets", tuple)
        self._origins = {origin(self.base_url)}
        self._pace = pace
        self._client = httpx.Client(
            auth=auth,
            transport=transport or _line(),
            timeout=httpx.Timeout(timeout.total_seconds(), connect=15),
            headers={"User-Agent": "syncline", **(headers or {})},
            event_hooks={"request": [partial(_note, self._sent)]},
        )
        self._finalize = weakref.finalize(self, _close, self._client, pace)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries and token refreshes included."""
        return self._sent[0]

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        classify: Classify | None = None,
    ) -> Response:
        """The answer, body read. Redirects are not followed: a 3xx is the caller's to judge.

        `idempotent` says that sending it twice does no harm (default: the method only reads); only then is a lost
        answer tried again. What surely had no effect (429, no connection) is tried again in any case.
        """
        target = self._resolve(url)
        safe = method.upper() in READS if idempotent is None else idempotent
        body = {"json": json} if json is not None else {"content": content} if content is not None else {}
        request = self._build(method, target, params=params, headers=headers, **body)
        waited = 0.0
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(request, classify or self.classify, reads=method.upper() in READS)
            except Transient as error:
                wait = self._wait(error, attempt)
                if not (safe or error.landed is False) or attempt == ATTEMPTS or waited + wait > self._seconds:
                    raise
                log.info("%s Trying again in %.1f s.", error, wait)
            self._sleep(wait)
            waited += wait
        raise AssertionError("the last attempt returns or raises")

    def json(self, method: str, url: str, **options: Any) -> Any:
        """As `request`, giving the decoded body (None where it is empty)."""
        response = self.request(method, url, **options)
        return decode(response) if response.content else None

    def told(self, error: Transient) -> None:
        """A part of an answer is an error; the answer itself is none, so that nobody has noticed."""
        self._on_error(error)

    def trust(self, url: str) -> None:
        """Allow whole addresses on this URL's server too; only for addresses the app itself vouches for."""
        self._origins.add(origin(url))

    def close(self) -> None:
        """Give the connections back; happens by itself when nobody uses the client any more."""
        self._finalize()

    def _once(self, request: Request, classify: Classify, *, reads: bool) -> Response:
        """One try, its failures named and freed of secrets."""
        if self._pace and not self._pace.wait(self._seconds):
            raise Transient("Our own limit of calls for this app is used up.", wait=self._patience, landed=False)
        try:
            response = self._client.send(request)
            error, answered = classify(response), True
        except httpx.HTTPError as failure:
            error, answered = _network(failure, reads=reads), False
            error.__cause__ = failure
        except AppError as raised:  # the sign-in failed on the way
            error, answered = raised, True
        if error is None:
            return response
        error.args = (self._clean(str(error)),)
        if answered:
            self._on_error(error)
        raise error

    def _build(self, method: str, url: str, **options: Any) -> Request:
        try:
            return self._client.build_request(method, url, **options)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused(f"{url.partition('?')[0]!r} is not an address: {error}. Check base_url.") from error

    def _resolve(self, url: str) -> str:
        target = join(self.base_url, url)
        if origin(target) not in self._origins:
            raise Refused(
                f"The server sent us on to {origin(target)[1]}, which is not part of this connection. Check base_url."
            )
        return target

    def _wait(self, error: Transient, attempt: int) -> float:
        """Seconds: what the app asked for, else doubling, with up to a quarter of jitter."""
        if error.wait is not None:
            return error.wait.total_seconds()
        return FIRST_WAIT * float(2 ** (attempt - 1)) * random.uniform(1, 1.25)  # noqa: S311 - jitter, not a secret

    def _clean(self, text: str) -> str:
        """Without the secrets; a short one only where it stands alone, else it would blot out half the sentence."""
        for secret in filter(None, self._secrets()):
            pattern = re.escape(secret)
            text = re.sub(pattern if len(secret) > SHORT else rf"(?<!\w){pattern}(?!\w)", "***", text)
        return text


def decode(response: Response) -> Any:
    """The JSON of an answer; a page of something else (a proxy's, a sign-in portal's) is Transient."""
    try:
        return jsonlib.loads(response.content)
    except ValueError as error:
        kind = response.headers.get("content-type", "an unnamed type")
        message = f"{where(response)} answered with {kind} instead of JSON. Is base_url right, is a proxy in between?"
        raise Transient(message) from error


def classify_status(response: Response) -> AppError | None:
    """The meaning of a status code where an app has no dialect of its own; apps refine it."""
    code, said = response.status_code, f"{where(response)} answered {response.status_code} {response.reason_phrase}"
    if code < 400:
        return None
    if code == 401:
        return AuthExpired(f"{said}: the sign-in is not accepted. Sign in again.")
    if code == 403:
        return Refused(f"{said}: the account may not do this. Check its rights and the scopes it granted.")
    if code in (404, 410):
        return Missing(f"{said}: it is not there.")
    if code == 412:
        return Stale(f"{said}: the record was changed meanwhile.")
    if code == 429:
        return Transient(f"{said}: too many calls.", wait=retry_after(response), landed=False)
    if code == 408 or code >= 500:
        return Transient(f"{said}: the app has a problem.", wait=retry_after(response))
    return Invalid(f"{said}: the app refuses this request.")


def retry_after(response: Response) -> timedelta | None:
    """How long the app asks us to wait: Retry-After in seconds or as an HTTP date (against the answer's own Date)."""
    text = response.headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdigit():
        return timedelta(seconds=float(text))
    try:
        until = parsedate_to_datetime(text)
        start = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return max(until - start, timedelta())


def where(response: Response) -> str:
    """`GET host/path`, without the query, which may hold tokens."""
    url = response.request.url
    return f"{response.request.method} {url.host}{url.path}"


def _network(failure: httpx.HTTPError, *, reads: bool) -> AppError:
    """A failure below HTTP. What broke before the request was sent surely had no effect."""
    host = failure.request.url.host  # of the token refresh perhaps, not of ours
    reason = str(failure) or type(failure).__name__
    if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
        message = f"Cannot reach {host}: {reason}. Check the address (base_url) and your network."
        return Transient(message, landed=False)
    if isinstance(failure, httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return Refused(f"Cannot use {host}: {reason}. Check base_url.")
    if isinstance(failure, httpx.PoolTimeout) or reads:
        return Transient(f"{host} gave no answer: {reason}.", landed=False)
    return Transient(f"{host} gave no answer: {reason}. The write may have landed.", landed=None)


class _Line(httpx.HTTPTransport):
    """Connections that outlive the client: the next run, or the next look, needs no new handshake."""

    def close(self) -> None:
        """Others use it too."""


def _line() -> Transport | None:
    """The one of this process, also where several threads begin at once."""
    with _making:
        return _made()


@cache
def _made() -> Transport | None:
    """None where a proxy is set, which httpx then looks after itself."""
    if getproxies():
        return None
    made = _Line(limits=httpx.Limits(max_keepalive_connections=100, keepalive_expiry=KEPT))
    atexit.register(httpx.HTTPTransport.close, made)
    return made


def _note(sent: list[int], _: Request) -> None:
    sent[0] += 1


def _close(client: httpx.Client, pace: Pace | None) -> None:
    client.close()
    if pace:
        pace.close()
