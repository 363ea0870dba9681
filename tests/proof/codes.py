"""Lenses in Python, as people write them: `codes:prefix_4d72` is the lens `prefix` for `Mr`, in bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WORDS = {"open": "todo", "doing": "started", "done": "ended", "late": "overdue"}


@dataclass
class Lens:
    """Made of two functions; what they are given is never empty."""

    reads_as: Any
    writes_as: Any

    def get(self, native, context):
        return native if native in (None, "") else self.reads_as(native)

    def put(self, shared, old, context):
        return shared if shared in (None, "") else self.writes_as(shared)


@dataclass
class Keeping(Lens):
    """It leaves the old value where that shows the same."""

    klass: str = "stable"

    def put(self, shared, old, context):
        return old if old is not None and self.get(old, context) == shared else super().put(shared, old, context)


def same(value):
    return value


def bare(word):
    return lambda text: text[len(word) :] if text.startswith(word) else text


def plain(number):
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def swapped(text):
    """The next of four words: a table whose two halves were not written for each other."""
    words = list(WORDS)
    return words[(words.index(text) + 1) % len(words)] if text in words else text


MADE = {
    "beware": lambda _: Lens(same, lambda text: f"{text}!" if text.startswith("beware") else text),
    "prefix": lambda word: Lens(same, lambda text: f"{word}{text}"),
    "suffix": lambda word: Lens(same, lambda text: f"{text}{word}"),
    "greeted": lambda word: Keeping(bare(word), lambda text: f"{word}{text}"),
    "pad": lambda width: Lens(str.strip, lambda text: text.ljust(int(width))),
    "padded": lambda width: Lens(same, lambda text: text.strip().ljust(int(width))),
    "upper": lambda _: Lens(str.upper, str.upper),
    "swapcase": lambda _: Lens(same, str.swapcase),
    "turn": lambda times: Lens(same, turned(int(times))),
    "ceil": lambda factor: Lens(
        lambda n: str(math.ceil(float(n) * int(factor) / 100)), lambda s: math.ceil(float(s) * 100 / int(factor) + 0.01)
    ),
    "more": lambda step: Lens(str, lambda text: float(text) + int(step)),
    "times": lambda factor: Keeping(
        lambda number: plain(Decimal(str(number)) * int(factor)), lambda text: float(Decimal(text) / int(factor))
    ),
    "german": lambda _: Lens(same, lambda text: f"{float(text):,.2f}".translate(str.maketrans(",.", ".,"))),
    "thousands": lambda digits: Lens(
        lambda text: text.replace(",", "").replace(".", ""), lambda text: f"{float(text):,.{digits}f}"
    ),
    "shout": lambda word: lambda value: f"{value}{word}",
}


def turned(times):
    def turn(text):
        for _ in range(times):
            text = swapped(text)
        return text

    return turn


def __getattr__(name):
    kind, _, setting = name.partition("_")
    if kind not in MADE:
        raise AttributeError(name)
    return MADE[kind](bytes.fromhex(setting).decode())
