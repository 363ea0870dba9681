"""Limits of brakes: what they let through."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.limit import parse
from engine.strict import Faults


@pytest.mark.parametrize(
    ("text", "total", "most"),
    [
        ("max(10, 2%)", 0, 10),
        ("max(10, 2%)", 500, 10),
        ("max(10, 2%)", 549, 10),
        ("max(10, 2%)", 550, 11),
        ("max(10,2%)", 100_000, 2000),
        (" max( 10 , 2 % ) ", 1000, 20),
        ("40%", 1, 0),
        ("40%", 10, 4),
        ("2.5%", 1000, 25),
        ("0%", 1000, 0),
        ("100%", 7, 7),
        ("10", 3, 10),
        (10, 100_000, 10),
        (0, 100_000, 0),
        ("unlimited", 3, sys.maxsize),
    ],
)
def test_a_limit_lets_so_many_of_a_total_pass(text: str | int, total: int, most: int) -> None:
    assert parse(text).of(total) == most


@pytest.mark.parametrize(
    "text", ["", "lots", "101%", "-1", -1, "max(2%, 10)", "max(10)", 2.5, True, None, "10 %%", ["5%"]]
)
def test_what_is_no_limit_is_refused_with_examples_of_limits(text: object) -> None:
    with pytest.raises(Faults, match=r"such as 10, 5%, max\(10, 2%\) or unlimited"):
        parse(text)


@settings(deadline=None, derandomize=True)
@given(count=st.integers(0, 10**6), percent=st.decimals(0, 100, places=2), total=st.integers(0, 10**9))
def test_the_larger_of_count_and_share_counts_and_the_share_is_exact(count: int, percent: object, total: int) -> None:
    limit = parse(f"max({count}, {percent}%)")
    assert limit.of(total) == max(count, total * Fraction(str(percent)) // 100)
    assert parse(str(limit)) == limit
