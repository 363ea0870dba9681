"""Two made-up address books: what is unsure is never linked without a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.matching import IN_PARTS, RULES, SIMILAR, matched
from benchmarks.people import books, in_parts


@pytest.mark.parametrize("in_two", [False, True])
def test_no_unsure_pair_is_linked_and_most_are_found(tmp_path: Path, in_two: bool) -> None:
    made = books(400, seed=7)
    rules = IN_PARTS if in_two else f"{RULES}\n{SIMILAR}"
    found = matched(in_parts(made) if in_two else made, tmp_path / "p", rules)
    assert found.wrong == frozenset()
    figures = found.figures()
    assert figures["recall"] > 0.7
    assert figures["recall_with_shown"] > 0.88
    assert figures["shown_precision"] > 0.6


def test_the_books_are_always_the_same() -> None:
    assert books(50, seed=3) == books(50, seed=3) != books(50, seed=4)
