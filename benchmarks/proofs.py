"""How long a check takes: `python -m benchmarks.proofs` proves the 400 mappings of the tests and one of 30 rows.

Fails where one takes a second or more.
"""

from __future__ import annotations

import sys
import time

from engine.contract import Field, Schema
from engine.mapping import Mapping
from engine.proof import prove
from tests.proof.safe import SAFE
from tests.proof.unsafe import UNSAFE

KINDS = ("text", "html", "number", "date", "instant", "bool", "email", "phone", "url", "country")


def wide() -> tuple[Mapping, dict[str, Schema]]:
    """30 rows of ten types, three sides."""
    sides = ("a", "b", "c")
    names = [f"{kind}{number}" for number in range(3) for kind in KINDS]
    fields = {name: Field(type=name[:-1]) for name in names}
    doc = {
        "name": "wide",
        "sides": {side: {"app": "caldav", "object": "things"} for side in sides},
        "match": [["email0"]],
        "fields": {name: dict.fromkeys(sides, name) for name in names},
    }
    return Mapping.model_validate(doc), {side: Schema(fields) for side in sides}


def main() -> int:
    """Prints the middle and the slowest time of each set; exit code 1 where one is a second or more."""
    worst = 0.0
    for title, made in (("unsafe", UNSAFE), ("safe", SAFE), ("30 rows, 3 sides", [("wide", *wide())])):
        times, refused = [], 0
        for _, mapping, schemas in made:
            began = time.perf_counter()
            refused += bool(prove(mapping, schemas).findings)
            times.append(time.perf_counter() - began)
        times.sort()
        worst = max(worst, times[-1])
        middle = times[len(times) // 2]
        print(f"{title}: {len(made)} mappings, {refused} refused, median {middle:.3f} s, slowest {times[-1]:.3f} s")
    return int(worst >= 1)


if __name__ == "__main__":
    sys.exit(main())
