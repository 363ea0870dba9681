"""The shortest history that still fails as a seed does: steps are left out as long as it does."""

from __future__ import annotations

from collections.abc import Callable, Collection

from syncline.rehearsal.history import Played

Play = Callable[[Collection[int]], Played]


def shrink(whole: Played, numbers: Collection[int], play: Play) -> tuple[list[int], Played]:
    """The steps that are needed, and how they are played. `numbers` are all steps of the seed."""
    wanted = {one.number for one in whole.broken}
    keep, best = sorted(numbers), whole
    smaller = True
    while smaller:
        smaller = False
        for size in (max(1, len(keep) // 2), 1):
            at = 0
            while at < len(keep):
                tried = [*keep[:at], *keep[at + size :]]
                played = play(tried)
                if wanted & {one.number for one in played.broken}:
                    keep, best, smaller = tried, played, True
                else:
                    at += size
    return keep, best
