"""Native values as people and other programs write them, field by field: plain ones and nasty ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Field
from syncline.rehearsal import amounts, entries
from syncline.rehearsal.entries import NOTHING

Entry = dict[str, Any]
TAILS = (
    "",
    "",
    "",
    " and more of it",
    " \u2764\ufe0f\U0001f468\u200d\U0001f469\u200d\U0001f467",
    " cafe\u0301 na\u00efve",
    ' "quoted" <b>not bold</b> & so on',
    "\r\nsecond line",
    "\n\n\nafter blank lines",
    "  two  blanks  ",
    "\ttabs\t",
    " \u202bright to left",
    " 100%; a,b\\c",
    " &amp;lt;",
)
HTML = (
    "{}",
    "{}\nnext line",
    "<p>{}</p><p>another</p>",
    "<b>{}</b> and <i>more</i>",
    "<html><head><style>p {{color: red}}</style></head><body><div>{}</div><br></body></html>",
    "{}<br><br>after a blank line",
    '<ul><li>{}</li><li>two<ul><li>deeper</li></ul></li></ul><a href="https://example.com/?a=1&amp;b=2">a link</a>',
    "<table><tr><td>{}</td><td>cell</td></tr></table>",
    "{} a < b &amp; c &gt; d",
    "<p>{}&nbsp;&nbsp;wide</p>",
    "<span style='x'>{}</span><script>alert(1)</script>",
)
NAMES = ("Ann", "Bob \U0001f600", "", 'Eve "E." O\u2019Neil')
ANSWERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "google": ("responseStatus", ("needsAction", "accepted", "tentative", "declined")),
    "graph": ("response", ("none", "notResponded", "accepted", "tentativelyAccepted", "declined")),
    "ical": ("partstat", ("NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED")),
}


KNOWN_BY = ("email", "url")
"""Types of values by which records are recognised: those that were recorded are not given to others."""


def draw(rng: random.Random, field: Field, number: int, samples: list[Any]) -> Any:
    """A value of the field, or NOTHING. Where the type allows it, the number makes it unlike all others."""
    if samples and field.type not in KNOWN_BY and (field.type not in KINDS or rng.random() < 0.25):
        return _again(rng.choice(samples), field, number)
    made = KINDS.get(field.type)
    return made(rng, field, number) if made else NOTHING


def drawable(field: Field, samples: list[Any]) -> bool:
    """Whether there is a value to draw."""
    return bool(samples) or (field.type in KINDS and (field.type != "choice" or bool(field.choices)))


def _again(value: Any, field: Field, number: int) -> Any:
    """A recorded value, made unlike the others where it is text."""
    if field.many:
        return {**value, "email": f"r{number}@example.com"} if field.type == "people" else value
    if isinstance(value, str) and field.type in ("text", "html"):
        return f"w{number} {value}"
    return value


def _text(rng: random.Random, field: Field, number: int) -> str:
    tail = rng.choice(TAILS)
    if rng.random() < 0.1:
        most = min(field.max_length or 255, 2000)
        tail = " " + "lon\u00e9 " * most
        return f"w{number}{tail}"[: most + rng.choice((0, 0, -1, 40))]
    return f"w{number}{tail}"


def _html(rng: random.Random, field: Field, number: int) -> str:
    text: str = rng.choice(HTML).format(f"w{number}")
    return text if field.max_length is None else text[: field.max_length]


def person(rng: random.Random, field: Field, number: int) -> Entry:
    """A guest in the app's own words."""
    address = f"P{number}@Example.com" if rng.random() < 0.15 else f"p{number}@example.com"
    found: Entry = {"email": address}
    name = rng.choice(NAMES)
    if name:
        found["displayName" if field.dialect == "google" else "name"] = name
    member, answers = ANSWERS.get(field.dialect, ANSWERS["google"])
    if rng.random() < 0.7:
        found[member] = rng.choice(answers)
    if rng.random() < 0.3:
        found |= _role(rng, field.dialect)
    return found


def _role(rng: random.Random, dialect: str) -> Entry:
    if dialect == "graph":
        return {"type": rng.choice(("required", "optional", "resource"))}
    if dialect == "ical":
        return rng.choice(({"role": "OPT-PARTICIPANT"}, {"role": "CHAIR"}, {"cutype": "ROOM"}))
    return rng.choice(({"optional": True}, {"resource": True}))


KINDS: Mapping[str, Callable[[random.Random, Field, int], Any]] = {
    "text": _text,
    "html": _html,
    "people": person,
    "choice": lambda rng, field, _: rng.choice(sorted(field.choices)) if field.choices else NOTHING,
    "bool": amounts.truth,
    "number": amounts.number,
    "money": amounts.money,
    "date": amounts.day,
    "instant": amounts.instant,
    "duration": amounts.duration,
    "email": entries.email,
    "phone": entries.phone,
    "url": entries.url,
    "country": entries.country,
    "address": entries.address,
    **dict.fromkeys(entries.LISTS, entries.several),
    "list": lambda rng, _field, number: [f"w{number}", rng.choice(("red", "blue, green"))],
}
