"""A proposed mapping as the text of its file: every row with its reason, doubtful ones as comments."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from engine.propose.draft import Draft
from engine.propose.proposal import Proposal

_HEAD = """\
# Proposed from what the apps say of their fields. Read it, change what is not right, then: syncline check {name}
name: {name}
about: {about}

# The places that are kept the same. The names on the left are used in the rest of this file.
sides:
{sides}
# First sight only, best first; later the link knows which records belong together.
match: {match}
"""
_SIMILAR = "# Records that no rule matches and that look alike wait for a person.\nsimilar: {}\n"
_FIELDS = """\
ambiguous: ask                # several candidates: a person decides

# Our name for a field, and where it lives on each side; behind it why the row is there.
fields:
"""
_DOUBTS = """
  # Doubtful: nothing is done with these. Take the '#' in front of a row away where it is right.
"""
_TAIL = """
# A record made on any side is created on the others, and one deleted on any side is deleted on the others.
creates: {creates}
deletes: all

# The same field of the same record changed on several sides: {who}
conflicts: {conflicts}

# What one run may change on a side before it waits for a person; shares are of the records linked there.
brakes: {{deletes: "max(10, 2%)", updates: "max(20, 40%)", blanked: "max(10, 5%)", empty_side: stop}}
"""


def text(proposal: Proposal, name: str) -> str:
    """The whole file."""
    doc = proposal.doc(name)
    sides = "".join(f"  {side}: {flow(value)}\n" for side, value in doc["sides"].items())
    about = " ".join(flow(doc["about"]).split())
    parts = [_HEAD.format(name=flow(name), about=about, sides=sides, match=flow(doc["match"]))]
    if "similar" in doc:
        parts.append(_SIMILAR.format(flow(doc["similar"])))
    lines = [(f"  {flow(row.name)}: {flow(row.yaml())}", row.reason) for row in proposal.rows]
    parts += [_FIELDS, _aligned(lines)]
    if proposal.doubtful:
        parts += [
            _DOUBTS,
            _aligned([(f"  # {flow(row.name)}: {flow(row.yaml())}", _doubt(row)) for row in proposal.doubtful]),
        ]
    if proposal.left:
        whys = "".join(f"  #   {one.side}.{_line(one.native)}: {_line(one.why)}\n" for one in proposal.left)
        parts += ["\n  # Left out:\n", whys]
    return "".join(parts) + _tail(proposal, doc.get("creates", "all"))


def _tail(proposal: Proposal, creates: Any) -> str:
    rule = proposal.conflicts
    silent = " and ".join(side for side, seen in proposal.sides.items() if not seen.dated)
    who = {
        "newest": "the later edit stays, the other one is kept in history.",
        "ask": f"a person decides,\n# for {silent} cannot tell when a record was changed.",
    }.get(
        rule,
        f"that of {rule} stays, the other one is kept\n# in history. {silent} cannot tell when a record was changed.",
    )
    return _TAIL.format(creates=flow(creates), who=who, conflicts=flow(rule))


def _doubt(row: Draft) -> str:
    return f"doubtful: {row.doubt}"


def _aligned(lines: list[tuple[str, str]]) -> str:
    """Rows with their comments below each other."""
    width = min(max((len(row) for row, _ in lines), default=0), 90)
    return "".join(f"{row.ljust(width)}  # {_line(why)}\n" for row, why in lines)


def _line(words: str) -> str:
    """On one line, without what YAML would not take in a comment."""
    return "".join(char for char in " ".join(words.split()) if char.isprintable())


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(key)}: {flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    yaml, out = YAML(), StringIO()
    yaml.width = 1_000_000
    yaml.dump(_alone(value), out)
    return out.getvalue().strip().removeprefix("[").removesuffix("]")


def _alone(value: Any) -> CommentedSeq:
    """In a list on one line, where a text gets the quotes that it needs there."""
    items = CommentedSeq([value])
    items.fa.set_flow_style()
    return items
