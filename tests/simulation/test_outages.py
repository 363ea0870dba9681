"""Outages, paging faults and revoked permissions, one in every run: nothing is deleted that nobody deleted."""

from __future__ import annotations

from collections import Counter

import pytest

from syncline.rehearsal.play import play
from syncline.rehearsal.weather import WORST

FAULTS = ("outage", "permission lost", "missing rows", "repeated rows", "expired cursor", *WORST)
"""For the whole run, or at the worst moment: midway between the list and the second look, page by page, for some
records only; and while deletes and writes in doubt wait, for users go on and requests go wrong as ever."""
CHUNKS, EACH = 10, 56
STRUCK = 1000 // CHUNKS
"""So many of them must strike in a chunk: a thousand in all."""
DELETES = {3, 6}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_outage_deletes_anything(chunk: int) -> None:
    struck: Counter[str] = Counter()
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        played = play(seed, always=FAULTS)
        wrong = [str(one) for one in played.violations if one.number in DELETES and not one.unavoidable]
        assert not wrong, f"seed {seed}: {wrong}\n" + "\n".join(played.trace)
        struck.update({fault: count for fault, count in played.struck.items() if fault in FAULTS})
    assert struck.total() >= STRUCK, f"only {struck.total()} outages: {struck}"
    assert set(struck) == set(FAULTS), "some fault never struck"
