"""The story: seven steps. Each changes something in the apps, runs the sync, and looks at what the apps then hold."""

from __future__ import annotations

from collections.abc import Callable

from flows import direct
from syncline.demo import teller
from syncline.demo.stage import SYNC, Stage, writes
from syncline.tables import plan_table, run_table

MEETING = "Kick-off: new website"
SERIES = "Website weekly"
SHARE = 0.3
"""Of a calendar, which vanishes."""


def first_sync(stage: Stage) -> None:
    """Everything is read, matched, and made where it is missing."""
    tell = stage.teller
    before = stage.counts()
    report = stage.run()
    after = stage.counts()
    made = {side: counts["create"] for side, counts in report["writes"].items()}
    rows = {side: {"before": before[side], "created": made[side], "now": after[side]} for side in after}
    tell.tell("What the apps themselves list; meetings that several had already were matched:")
    tell.show("counts", rows, teller.sides)
    tell.expect("nothing was doubled or lost", {side: before[side] + made[side] for side in after}, after)
    states = stage.status()
    tell.expect(
        "every record is accounted for",
        {side: sum(count for state, count in row.items() if state != "total") for side, row in states.items()},
        after,
    )
    stage.unsettled()
    stage.meet(MEETING, SERIES)
    seen = stage.see(MEETING)
    tell.expect("the meeting is the same on all sides", seen, stage.everywhere(seen["google"]))


def merge(stage: Stage) -> None:
    """Three edits of one meeting, each of another field: a plan shows what will be written, and exactly this is."""
    tell, ids = stage.teller, stage.ids[MEETING]
    tell.tell("In Google the room changes, in Outlook the time, and on the CalDAV server the title.")
    stage.google.edit(ids["google"], location="Room Oak")
    stage.outlook.move(ids["outlook"], stage.day(0, "14:00"), stage.day(0, "15:30"))
    stage.caldav.rename(ids["caldav"], f"{MEETING} (phase 1)")
    stage.see(MEETING, "before")
    plan = direct.plan(stage.project, SYNC).as_json()
    tell.tell(f"$ syncline plan {SYNC}")
    tell.show("plan", plan, lambda found: plan_table({**found, "holds": []}))
    tell.tell(f"$ syncline apply {plan['plan']}")
    applied = direct.apply(stage.project, plan["plan"]).as_json()
    tell.show("run", {**applied, "read": dict.fromkeys(applied["writes"], 0)}, run_table)
    wanted = {
        "title": f"{MEETING} (phase 1)",
        "start": stage.day(0, "14:00"),
        "end": stage.day(0, "15:30"),
        "place": "Room Oak",
    }
    tell.expect("all three edits are on all three sides", stage.see(MEETING), stage.everywhere(wanted))


def occurrences(stage: Stage) -> None:
    """The series stays one; two of its occurrences change, each somewhere else."""
    tell, ids = stage.teller, stage.ids[SERIES]
    tell.tell("In Outlook the second occurrence of the series moves to Wednesday, in Google the third is cancelled.")
    stage.starts(SERIES, "before")
    moved = stage.day(9, "16:00")
    stage.outlook.move_one(ids["outlook"], stage.day(8, "10:00"), moved, stage.day(9, "16:30"))
    stage.google.cancel(ids["google"], stage.day(15, "10:00"))
    stage.run()
    wanted = [stage.day(1, "10:00"), moved, stage.day(22, "10:00")]
    tell.expect("the series has both changes on all sides", stage.starts(SERIES), stage.everywhere(wanted))


def conflict(stage: Stage) -> None:
    """The same field on two sides: the mapping says `conflicts: ask` for titles, so a person decides."""
    tell, ids, former = stage.teller, stage.ids[MEETING], stage.waiting()
    ours, theirs = "Website: kick-off", "Kick-off with the agency"
    tell.tell("The title changes in Google and, in other words, in Outlook too.")
    stage.google.edit(ids["google"], summary=ours)
    stage.outlook.edit(ids["outlook"], subject=theirs)
    stage.run()
    found = stage.holds(former)
    kept = {"google": ours, "outlook": theirs, "caldav": f"{MEETING} (phase 1)"}
    tell.expect("one conflict waits, with all values", [hold["values"] for hold in found], [kept])
    titles = {side: row and row["title"] for side, row in stage.see(MEETING, "meanwhile").items()}
    tell.expect("meanwhile nobody's title is touched", titles, kept)
    stage.answer(found[0], "--take outlook", {"take": "outlook"})
    stage.run("resolved")
    titles = {side: row and row["title"] for side, row in stage.see(MEETING).items()}
    tell.expect("the title that was chosen is on all sides", titles, stage.everywhere(theirs))


def deletion(stage: Stage) -> None:
    """One deletion is an ordinary thing: it is carried to the other sides."""
    tell, before = stage.teller, stage.counts()
    tell.tell("The meeting is deleted in Outlook.")
    stage.outlook.remove(stage.ids[MEETING]["outlook"])
    stage.run()
    tell.expect("the meeting is gone on all sides", stage.see(MEETING), stage.everywhere(None))
    fewer = {side: count - 1 for side, count in before.items()}
    tell.expect("and nothing else is", stage.counts(), fewer)


def vanished(stage: Stage) -> None:
    """Many at once are not: the brake stops them, and they are put back."""
    tell, before, former = stage.teller, stage.counts(), stage.waiting()
    titles = sorted(stage.caldav.meetings().values())
    victims = sorted(stage.caldav.meetings())[: round(SHARE * before["caldav"])]
    tell.tell(f"A broken program deletes {len(victims)} of the {before['caldav']} meetings on the CalDAV server.")
    for path in victims:
        stage.caldav.remove(path)
    report = stage.run()
    found = stage.holds(former)
    stops = sorted((hold["kind"], hold["side"]) for hold in found)
    tell.expect("the brakes of both other sides stopped it", stops, [("brake", "google"), ("brake", "outlook")])
    tell.expect("nothing was written", sum(writes(report)), 0)
    left = {**before, "caldav": before["caldav"] - len(victims)}
    tell.expect("no other side lost a meeting", stage.counts(), left)
    tell.tell("It was a mistake: the deletions are refused, and the meetings are put back where they vanished.")
    for hold in found:
        stage.answer(hold, "--skip", {"skip": True})
    stage.run("undone")
    tell.show("counts", {side: {"meetings": count} for side, count in stage.counts().items()}, teller.sides)
    tell.expect("all meetings are back", stage.counts(), before)
    tell.expect("under their titles", sorted(stage.caldav.meetings().values()) == titles, True)


def idle(stage: Stage) -> None:
    """A run that has nothing to do does nothing; and in the whole story nobody got mail."""
    tell = stage.teller
    report = stage.run()
    tell.expect("the last run wrote nothing", sum(writes(report)), 0)
    stage.status()
    mail = {person.side: person.control.mail() for person in (stage.google, stage.outlook)}
    tell.show("mail", mail, lambda sent: teller.sides({side: {"mail sent": count} for side, count in sent.items()}))
    tell.expect("no guest got mail", mail, {"google": 0, "outlook": 0})


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("The first sync of three calendars", first_sync),
    ("An edit on each side, each of another field: they merge", merge),
    ("One occurrence moved in Outlook, another cancelled in Google", occurrences),
    ("The same field edited on two sides: a person decides", conflict),
    ("A deletion travels", deletion),
    ("30 % of one calendar vanishes: the brake stops it", vanished),
    ("The last run writes nothing", idle),
)
