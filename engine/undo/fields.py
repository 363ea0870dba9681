"""Taking back the values that runs agreed on or delivered.

All sides get the value that was agreed before, also the one it came from. A side whose record joined the link in such
a run had a value of its own then: it gets that back, or keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.canonical import same
from engine.contract import Op
from engine.events import Event
from engine.linkstate import UNDO, Atom, drop, label, peek, poke
from engine.merge import _shows
from engine.undo.case import Case
from engine.undo.marks import MAKE


@dataclass(frozen=True)
class _Image:
    """What a side held before the first write of the runs: a native field, or one entry of it."""

    native: Any
    place: int
    """The row of history that the last of the writes left."""


def fields(case: Case) -> None:
    """Takes back every field that was asked for, or says why not."""
    for atom in _atoms(case):
        if case.ended:
            case.leave("record", "it was deleted since")
            return
        if atom[0] not in case.bound.rows:
            case.leave("field", "the mapping has no such field any more", atom=atom)
        elif case.bound.rows[atom[0]].many == (atom[1] is None):
            case.leave("field", "the mapping merges this list otherwise since", atom=atom)
        else:
            _field(case, atom)


def _atoms(case: Case) -> list[Atom]:
    """The fields that the runs agreed on or delivered, in the order of the mapping."""
    rows, meant = case.bound.rows, case.meant
    names = {row["field"] for row in case.traces.rows if row["event"] == Event.AGREED and row["run"] in meant}
    found = {_parsed(case, name) for name in names if name}
    for change in case.traces.sent(Op.UPDATE):
        for row, value in change["shared"].items():
            keyed = row in rows and rows[row].many and not isinstance(value, list)  # merged whole then, it was a list
            found |= {(row, key) for key in value or {}} if keyed else {(row, None)}
    for name, origin in case.link.origin.items():
        if len(origin) > 3 and origin[3] in meant and name != MAKE:  # given back by one of them, and not delivered yet
            found.add(_parsed(case, name))
    order = list(rows)
    wanted = [atom for atom in found if case.asked.takes(atom)]
    return sorted(wanted, key=lambda atom: (order.index(atom[0]) if atom[0] in rows else -1, label(atom)))


def _parsed(case: Case, name: str) -> Atom:
    row, _, key = name.partition("/")
    return (row, key) if key and (row not in case.bound.rows or case.bound.rows[row].many) else (name, None)


def _field(case: Case, atom: Atom) -> None:
    value, chain, meant = peek(case.link.agreed, atom), case.traces.chain(atom), set(case.meant)
    own = [at for at, row in enumerate(chain) if row["run"] in meant]
    if not own and chain and (run := _delivered(case, atom, chain[-1]) or _owed(case, atom, chain[-1])):
        own, meant = [len(chain) - 1], meant | {run}
    start = own[-1] if own else 0
    while start > 0 and chain[start - 1]["run"] in meant:
        start -= 1
    whole = not chain or (bool(own) and start == 0 and case.traces.first() in meant)
    target = value if whole or not own else chain[start]["before"]
    if chain and (not own or own[-1] < len(chain) - 1):
        _changed_again(case, atom, chain[-1], bool(own) and same(target, value))
    elif case.pending(atom):
        case.leave("field", f"it was edited on {case.edited()} since", atom=atom)
    else:
        _give_back(case, atom, target, set(case.link.copies) if whole else case.traces.joined(meant))


def _delivered(case: Case, atom: Atom, last: dict[str, Any]) -> str | None:
    """The run that agreed on the present value, where it was one of the runs meant that wrote it."""
    for change in case.traces.sent(Op.UPDATE):
        written = peek(change["shared"], atom, ...)
        if written is not ... and same(written, last["after"]):
            return str(last["run"])
    return None


def _owed(case: Case, atom: Atom, last: dict[str, Any]) -> str | None:
    """The same where one of them, an undo, was broken off before it wrote it."""
    origin = case.link.origin.get(label(atom)) or []
    return str(last["run"]) if len(origin) > 3 and origin[3] in case.meant else None


def _changed_again(case: Case, atom: Atom, last: dict[str, Any], as_before: bool) -> None:
    """Another run agreed on something since. Where that is what it was before, there is nothing to take back."""
    if not as_before:
        by = "undone" if last["source"] == UNDO else f"changed in {last['source']}" if last["source"] else "changed"
        case.leave("field", f"it was {by} since, in run {last['run']}", atom=atom)
    elif len(case.link.origin.get(label(atom)) or []) > 2:  # an undo that was broken off: it goes on
        case.say("field", atom=atom, before=last["before"], after=peek(case.link.agreed, atom))


def _give_back(case: Case, atom: Atom, target: Any, joined: set[str]) -> None:
    """All sides get the target, but those that joined: they get back what they held, or keep what they hold."""
    link, value, images = case.link, peek(case.link.agreed, atom), _images(case, atom)
    own = {side: image.native for side, image in images.items() if side in joined and _due(case, atom, side, image)}
    spared = {
        side: link.image(atom, side)
        for side in joined - set(own)
        if link.image(atom, side) and _moved(case, atom, side)
    }
    if same(value, target) and not own and not spared:
        return
    known = {**images, **_typed_over(case, atom)}
    exact = {s: image.native for s, image in known.items() if s not in joined and _is(case, atom, s, image, target)}
    apart = {side for side in link.copies if side not in joined and _apart(case, atom, side)}
    link.agree(atom, target)
    for side, copy in link.copies.items():
        if side in own:
            poke(copy.base, atom, value)  # due, though the agreed value may be the same
        elif side in joined | apart:
            drop(copy.base, atom)
        elif _moved(case, atom, side):
            link.given(side, atom, peek(copy.base, atom))
    given = {side: {"native": native} for side, native in {**exact, **own}.items()}
    link.origin[label(atom)] = [UNDO, case.now, given, case.run]
    for side in apart:
        case.leave("field", f"it was edited on {side} since", atom=atom, side=side)
    if not same(value, target):
        case.say("field", atom=atom, before=value, after=target)
        row = {"event": Event.AGREED, "link": link.id, "field": label(atom), "before": value, "after": target}
        case.told.append({**row, "source": UNDO, "rule": str(case.asked)})
    for side, native in own.items():
        now = _shared(case, atom, side, _now(case, atom, side))
        case.say("field", atom=atom, side=side, before=now, after=_shared(case, atom, side, native))
    for side, image in spared.items():  # an undo that was broken off has not given it back yet
        case.say("field", atom=atom, side=side, before=_shared(case, atom, side, image["native"]), after=value)


def _moved(case: Case, atom: Atom, side: str) -> bool:
    return peek(case.link.copies[side].base, atom, ...) is not ...


def _images(case: Case, atom: Atom) -> dict[str, _Image]:
    found: dict[str, _Image] = {}
    for change in case.traces.sent(Op.UPDATE):
        side, cell = change["side"], case.bound.rows[atom[0]].cells.get(change["side"])
        if cell is None or cell.part or side not in case.link.readable():
            continue  # of a part that a row owns there is no image: what other rows own has its own history
        names = [name for name in cell.names if name in change["before"]]
        if not names:
            continue
        native = _held(case, atom, side, change["before"])
        if change["state"] != "done" and not same(_now(case, atom, side), _held(case, atom, side, change["data"])):
            continue  # nothing was heard of it, and the record does not look like it
        first = found[side].native if side in found else native
        place = max(case.traces.place(change, name) for name in names)
        found[side] = _Image(first, max(place, found[side].place if side in found else 0))
    return found


def _typed_over(case: Case, atom: Atom) -> dict[str, _Image]:
    """What a side held before people edited it, where these runs read that: to the letter."""
    found: dict[str, _Image] = {}
    for row in case.traces.rows:
        cell = case.bound.rows[atom[0]].cells.get(row["side"])
        mine = row["event"] == Event.EDITED and row["run"] in case.meant and row["side"] in case.link.readable()
        if mine and cell and not cell.part and row["field"] in cell.names:
            before = {row["field"]: row["before"]}
            found.setdefault(row["side"], _Image(_held(case, atom, row["side"], before), 0))
    return found


def _held(case: Case, atom: Atom, side: str, fields: dict[str, Any]) -> Any:
    """The part that an atom is of a record with these fields; what is not among them is as it is now."""
    cell = case.bound.rows[atom[0]].cells[side]
    return _entry(case, atom, side, cell.value({**(case.link.copies[side].native or {}), **fields}))


def _entry(case: Case, atom: Atom, side: str, native: Any) -> Any:
    """The part of a cell's native value that an atom is."""
    if atom[1] is None:
        return native
    return case.bound.rows[atom[0]].cells[side].lens.split(native or []).get(atom[1])


def _now(case: Case, atom: Atom, side: str) -> Any:
    return _held(case, atom, side, {})


def _shared(case: Case, atom: Atom, side: str, native: Any) -> Any:
    """What the side says of an atom when it holds this."""
    cell = case.bound.rows[atom[0]].cells[side]
    whole = native if atom[1] is None else cell.lens.join({} if native is None else {atom[1]: native})
    return peek(case.bound.get(side, {**(case.link.copies[side].native or {}), **cell.spread(whole)}), atom)


def _is(case: Case, atom: Atom, side: str, image: _Image, target: Any) -> bool:
    """Whether what the side held is what it would hold of the target, in its own words."""
    shown = _shared(case, atom, side, image.native)
    return same(shown, target) or _shows(case.bound, case.link, side, atom, shown, target)


def _due(case: Case, atom: Atom, side: str, image: _Image) -> bool:
    """Whether a side that had a value of its own still shows what was written over it."""
    if same(_now(case, atom, side), image.native):
        return False
    if _edited(case, atom, side, image.place):
        case.leave("field", f"it was edited on {side} since", atom=atom, side=side)
        return False
    return True


def _apart(case: Case, atom: Atom, side: str) -> bool:
    """Whether somebody left the side with a value of its own since the present one was agreed."""
    row, copy = case.bound.rows[atom[0]], case.link.copies[side]
    if side not in row.cells or copy.native is None or peek(copy.base, atom, ...) is not ...:
        return False
    shown = peek(case.bound.get(side, copy.native), atom)
    if same(shown, peek(case.link.agreed, atom)) or _shows(case.bound, case.link, side, atom, shown):
        return False
    chain = case.traces.chain(atom)
    return _edited(case, atom, side, chain[-1]["id"] if chain else 0)


def _edited(case: Case, atom: Atom, side: str, after: int) -> bool:
    """Whether somebody changed it there since a row of history."""
    names = case.bound.rows[atom[0]].cells[side].names
    rows = [row for name in names for row in case.traces.edited(side, name, after)]
    return any(
        not same(_entry(case, atom, side, row["before"]), _entry(case, atom, side, row["after"])) for row in rows
    )
