"""Two made-up address books: what is unsure is never linked without a question."""

from __future__ import annotations

from pathlib import Path

from benchmarks.matching import RULES, SIMILAR, matched
from benchmarks.people import books


def test_no_unsure_pair_is_linked_and_most_are_found(tmp_path: Path) -> None:
    found = matched(books(400, seed=7), tmp_path / "p", f"{RULES}\n{SIMILAR}")
    assert found.wrong == frozenset()
    figures = found.figures()
    assert figures["recall"] > 0.7
    assert figures["recall_with_shown"] > 0.88
    assert figures["shown_precision"] > 0.6


def test_the_books_are_always_the_same() -> None:
    assert books(50, seed=3) == books(50, seed=3) != books(50, seed=4)
