"""What is wrong with a file that a person wrote, in one sentence per mistake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file down to the mistake: `("fields", "title", "via", 0)`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` counts from 1; 0 where there is no line to show."""

    text: str
    path: Path = ()
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{place}: {self.text}" if place else self.text

    def at(self, file: str, line: int = 0) -> Problem:
        return replace(self, file=file, line=line)


class MappingError(Exception):
    """A mapping, a sync or a rule that cannot be used; holds all its problems, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def single(cls, text: str) -> MappingError:
        return cls([Problem(text)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'title'?`, or nothing where no known word is near."""
    names = {name.casefold(): name for name in sorted(known, reverse=True)}
    near = get_close_matches(word.casefold(), list(names), n=1, cutoff=0.6)
    return f"; did you mean '{names[near[0]]}'?" if near else ""


def listed(words: Iterable[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, last = list(words) or ["nothing"]
    return f"{', '.join(rest)} {joint} {last}" if rest else last


def kind(value: object) -> str:
    """What a value is, in the words of someone who writes YAML."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list | tuple) else "a block of keys"
