"""Proof that the harness can fail: every protection, turned off, breaks an invariant within a few seeds.

With nothing turned off the same seed breaks none of the invariants named: it is the protection
that makes the difference.
"""

from __future__ import annotations

import pytest

from syncline.rehearsal.play import play
from tests.simulation.switches import SWITCHES, turned_off


@pytest.mark.parametrize("name", SWITCHES)
def test_a_protection_that_is_turned_off_is_missed(name: str) -> None:
    switch = SWITCHES[name]
    seen: set[int] = set()
    for seed, setting in switch.settings():
        with turned_off(name):
            found = {one.number for one in play(seed, setting=setting, always=switch.always).broken}
        seen |= found
        if found & set(switch.breaks):
            intact = {one.number for one in play(seed, setting=setting, always=switch.always).broken}
            if not intact & set(switch.breaks):
                return
    pytest.fail(
        f"'{switch.protects}' was off in {switch.budget} histories from seed {switch.first} on, and nobody noticed: "
        f"none of {sorted(switch.breaks)} was broken where all holds with it on (broken were {sorted(seen)})."
    )


def test_there_are_enough_of_them() -> None:
    assert len(SWITCHES) >= 20
    assert len({switch.protects for switch in SWITCHES.values()}) == len(SWITCHES)
