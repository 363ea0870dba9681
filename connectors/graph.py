"""Microsoft Graph: many small conversations over few requests.

Each conversation is a generator of questions, and all questions travel together: `$batch` takes 20 parts, answers them
in any order and counts each against the quota; one part alone goes as a plain request. A part may be sent twice, unless
it says that it happens `once`.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from connectors.graph_errors import DEPENDENCY, code_of
from connectors.http import Client, Request, Response, decode
from engine.contract import AppError, AuthExpired, Transient

ROOT = "v1.0"
LIMIT = 20
PREFER = {"Prefer": 'IdType="ImmutableId"'}
"""Else an id changes when the item is moved to another folder."""
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Part:
    """One call; `path` is relative to the version root, percent-encoded, with its query."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    etag: str | None = None
    """Only if the item still has it."""
    once: bool = False
    """Sending it twice would do it twice: a lost answer leaves it in doubt."""

    @property
    def headers(self) -> dict[str, str]:
        return {**PREFER, **({"If-Match": self.etag} if self.etag else {})}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: parts to send. Ordered ones (20 at most) are tried one after the other, until one fails."""

    parts: Sequence[Part]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one part."""

    body: Any = None
    error: AppError | None = None
    code: str = ""
    """Graph's own error code."""
    untried: bool = False
    """An ordered part before it failed."""

    def result(self) -> Any:
        """The body; raises the error."""
        if self.error is not None:
            raise self.error
        return self.body


Talk = Generator[Ask, list[Reply], T]


def converse(http: Client, talks: Iterable[tuple[K, Talk[T]]]) -> Iterator[tuple[K, T | AppError]]:
    """Lead the conversations, 20 at a time; each ends with its result, or with the error that it raised."""
    waiting = iter(talks)
    open_talks: dict[K, tuple[Talk[T], Ask]] = {}
    while True:
        for key, talk in islice(waiting, max(0, LIMIT - len(open_talks))):
            yield from _advance(open_talks, key, talk, None)
        if not open_talks:
            return
        asks = [ask for _, ask in open_talks.values()]
        for (key, (talk, _)), replies in zip(list(open_talks.items()), send(http, asks), strict=True):
            yield from _advance(open_talks, key, talk, replies)


def one(http: Client, talk: Talk[T]) -> T:
    """Lead a single conversation; raises its error."""
    ((_, result),) = converse(http, [("", talk)])
    if isinstance(result, AppError):
        raise result
    return result


def send(http: Client, asks: Sequence[Ask]) -> list[list[Reply]]:
    """The replies to each question."""
    replies: dict[tuple[int, int], Reply] = {}
    for group in _packed(asks):
        replies.update(_together(http, group))
    return [[replies[(number, place)] for place in range(len(ask.parts))] for number, ask in enumerate(asks)]


Place = tuple[int, int]
"""Number of the question, and of the part in it."""


@dataclass(slots=True)
class _Group:
    parts: dict[Place, Part] = field(default_factory=dict)
    after: dict[Place, Place] = field(default_factory=dict)


def _advance(
    open_talks: dict[K, tuple[Talk[T], Ask]], key: K, talk: Talk[T], replies: list[Reply] | None
) -> Iterator[tuple[K, T | AppError]]:
    """Give a conversation its replies and note its next question, or yield how it ended."""
    try:
        open_talks[key] = (talk, next(talk) if replies is None else talk.send(replies))
    except StopIteration as end:
        open_talks.pop(key, None)
        yield key, end.value
    except AppError as error:
        open_talks.pop(key, None)
        yield key, error


def _packed(asks: Sequence[Ask]) -> Iterator[_Group]:
    """Groups of 20 parts at most; ordered questions stay whole."""
    group = _Group()
    for number, ask in enumerate(asks):
        if ask.ordered and len(group.parts) + len(ask.parts) > LIMIT:
            yield group
            group = _Group()
        for place, part in enumerate(ask.parts):
            if len(group.parts) == LIMIT:
                yield group
                group = _Group()
            group.parts[(number, place)] = part
            if ask.ordered and place:
                group.after[(number, place)] = (number, place - 1)
    if group.parts:
        yield group


def _together(http: Client, group: _Group) -> dict[Place, Reply]:
    """One request. A part that may succeed later is sent again alone, by the layer that knows how to wait."""
    if len(group.parts) == 1:
        return {place: _alone(http, part) for place, part in group.parts.items()}
    names = {place: str(number) for number, place in enumerate(group.parts, 1)}
    requests = [_written(names, group, place) for place in group.parts]
    again = not any(part.once for part in group.parts.values())
    try:
        body = http.json("POST", f"{ROOT}/$batch", json={"requests": requests}, headers=PREFER, idempotent=again)
    except AppError as error:
        return dict.fromkeys(group.parts, Reply(error=error))
    found = {str(each.get("id")): each for each in (body or {}).get("responses") or ()}
    replies: dict[Place, Reply] = {}
    for place, part in group.parts.items():
        before = replies.get(group.after[place]) if place in group.after else None
        replies[place] = _settled(http, part, found.get(names[place]), before)
    return replies


def _written(names: Mapping[Place, str], group: _Group, place: Place) -> dict[str, Any]:
    part = group.parts[place]
    request: dict[str, Any] = {"id": names[place], "method": part.method, "url": f"/{part.path}"}
    request["headers"] = part.headers
    if part.body is not None:
        request["headers"] = {**part.headers, "Content-Type": "application/json"}
        request["body"] = part.body
    if place in group.after:
        request["dependsOn"] = [names[group.after[place]]]
    return request


def _settled(http: Client, part: Part, found: Mapping[str, Any] | None, before: Reply | None) -> Reply:
    """The reply to a part of a batch; `before`: that of the part it depends on."""
    if before is not None and before.error is not None:
        return _untried()
    if found is None and part.once:
        return Reply(error=Transient(f"No answer to {part.method} {part.path}. It may have landed."))
    if found is None or int(found["status"]) == DEPENDENCY:  # unanswered, or what failed before it has succeeded since
        return _alone(http, part)
    body = found.get("body")
    headers = {str(name): str(value) for name, value in (found.get("headers") or {}).items()}
    kept = {name: value for name, value in headers.items() if name.lower() == "retry-after"}
    request = Request(part.method, f"{http.base_url}{ROOT}/{part.path}")
    error = http.classify(Response(int(found["status"]), headers=kept, json=body, request=request))
    if isinstance(error, Transient):
        http.told(error)
    doubtful = part.once and isinstance(error, Transient) and error.landed is not False
    if isinstance(error, Transient | AuthExpired) and not doubtful:
        return _alone(http, part)
    return Reply(body=body, error=error, code=code_of(body) if error else "")


def _alone(http: Client, part: Part) -> Reply:
    """A plain request. The classifier is wrapped to keep Graph's code, which the contract's errors do not carry."""
    codes: list[str] = []

    def noting(response: Response) -> AppError | None:
        error = http.classify(response)
        codes.append(_code(response) if error else "")
        return error

    try:
        path = f"{ROOT}/{part.path}"
        headers, again = part.headers, not part.once
        reply = http.request(part.method, path, json=part.body, headers=headers, idempotent=again, classify=noting)
        return Reply(body=decode(reply) if reply.content else None)
    except AppError as error:
        return Reply(error=error, code=codes[-1] if codes else "")


def _code(response: Response) -> str:
    try:
        return code_of(decode(response))
    except Transient:
        return ""


def _untried() -> Reply:
    return Reply(error=Transient("Not tried, as the step before it failed.", landed=False), untried=True)
