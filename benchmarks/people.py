"""Two address books of the same people, made up: who is who is known, so matching can be judged.

Of each person a book has one card. Between the books names get typos, accents, titles and another order, addresses and
numbers change or are left out, families share an address, and some people are in one book only.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

_STARTS, _ENDS, _FIRSTS, _LASTS = (
    words.split(" ")
    for words in (
        "al an be bri ca chri da di el em fe fran ga ha in ja jo ka lau le ma mi na ni ol pa pe ra ro sa si ste ta to",
        "a an e ella en ia ian ina is ita len na nie ra ron s son tha tin to y",
        "ad bar bech ber bor brau cal car dal den ed far fis gar gol hal har hol jan kal kel kra lan lin mal mar mol"
        " nor ol pet ram ros sal schu ste tal tor val wal wei wil zim",
        "berg da dorf er feld hart ing ker lan ler ley mann mer more ner ova ridge sen son stein ton vic wood",
    )
)
_HOSTS = ("gmail.com", "mail.example", "work.example")
_ACCENTS = str.maketrans("aeou", "äéöü")
Card = dict[str, str | None]


@dataclass(frozen=True)
class Books:
    """What each book has, by record id, and the pairs that are the same person."""

    left: Mapping[str, Card]
    right: Mapping[str, Card]
    pairs: frozenset[tuple[str, str]]


def books(number: int, seed: int = 1) -> Books:
    """About `number` people; nine in ten are in both books."""
    chance = random.Random(seed)
    left: dict[str, Card] = {}
    right: dict[str, Card] = {}
    pairs = set()
    family = ""
    shared: Card = {}
    used: set[tuple[str, str]] = set()  # who has the name and the address of somebody else cannot be told from them
    for at in range(number):
        given, last = chance.choice(_STARTS) + chance.choice(_ENDS), chance.choice(_FIRSTS) + chance.choice(_LASTS)
        if family and chance.random() < 0.08:  # one more of the family before, with their address and number
            last, card = family, {**shared}
        else:
            card = {
                "email": _email(chance, given, last, at),
                "phone": f"+1{chance.randrange(2_000_000_000, 9_999_999_999)}",
            }
        family, shared = last, card
        card = {"name": f"{given.title()} {last.title()}", **card}
        if (str(card["name"]), str(card["email"])) in used:
            continue
        used.add((str(card["name"]), str(card["email"])))
        where = chance.random()
        if where < 0.95:
            left[f"l{at}"] = card
        if where > 0.05:
            right[f"r{at}"] = _otherwise(chance, card, at)
        if 0.05 < where < 0.95:
            pairs.add((f"l{at}", f"r{at}"))
    return Books(left, right, frozenset(pairs))


def in_parts(made: Books) -> Books:
    """The same people, with the name in two fields: `first`, with title and initials, and `last`. Some have the two the
    other way round."""
    left, right = ({id: _parted(card) for id, card in side.items()} for side in (made.left, made.right))
    return Books(left, right, made.pairs)


def _parted(card: Card) -> Card:
    first, _, last = str(card["name"]).rpartition(" ")
    return {"first": first.rstrip(","), "last": last, **{word: card[word] for word in ("email", "phone")}}


def _email(chance: random.Random, given: str, last: str, at: int) -> str:
    return f"{given}.{last}{at if chance.random() < 0.5 else ''}@{chance.choice(_HOSTS)}"


def _otherwise(chance: random.Random, card: Card, at: int) -> Card:
    """The same person as somebody else has written them down."""
    made = {**card, "name": _name(chance, str(card["name"]))}
    dice = chance.random()
    if dice < 0.15:
        made["email"] = None
    elif dice < 0.3:
        made["email"] = f"{str(card['name']).split()[0].lower()}{at}@other.example"
    elif dice < 0.35:
        made["email"] = _typo(chance, str(card["email"]))
    if chance.random() < 0.3:
        made["phone"] = None
    elif chance.random() < 0.1:
        made["phone"] = f"+1{chance.randrange(2_000_000_000, 9_999_999_999)}"
    return made


def _name(chance: random.Random, name: str) -> str:
    given, last = name.split()
    dice = chance.random()
    if dice < 0.1:
        return f"{last}, {given}"
    if dice < 0.2:
        return f"{_typo(chance, given)} {last}"
    if dice < 0.3:
        return f"{given} {_typo(chance, last)}"
    if dice < 0.4:
        return f"Dr. {given} {last.translate(_ACCENTS)}"
    return f"{given} X. {last}" if dice < 0.45 else name


def _typo(chance: random.Random, word: str) -> str:
    """One letter doubled, left out, or two swapped; the first one stays."""
    at = chance.randrange(1, max(2, len(word) - 1))
    kinds = (
        word[:at] + word[at] * 2 + word[at + 1 :],
        word[:at] + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    )
    return chance.choice(kinds)
