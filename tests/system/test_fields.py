"""Other fields: what an app lacks is not taken from those that have it, and guests are shown but never written to."""

from __future__ import annotations

import pytest

from engine.accounting import explain
from tests.system.people import Event, stamp, vevent
from tests.system.world import World

SPAN = "2026-11-02T09:00", "2026-11-02T10:00"
GUESTS = [
    {"email": "ann@example.org", "displayName": "Ann Example", "responseStatus": "accepted"},
    {"email": "ben@example.org", "displayName": "Ben Example", "responseStatus": "tentative", "optional": True},
    {"email": "cem@example.org", "displayName": "Cem Example", "responseStatus": "needsAction"},
]


def without(event: Event, *names: str) -> Event:
    moving = {
        "etag",
        "updated",
        "sequence",
        "changeKey",
        "lastModifiedDateTime",
        "@odata.etag",
        "singleValueExtendedProperties",
    }
    return {name: value for name, value in event.items() if name not in {*moving, *names}}


def test_no_field_is_blanked_because_another_app_lacks_it(world: World) -> None:
    """All that a mapping does not speak of stays, on each side, while the sync edits that very record."""
    google = world.google.add(
        "Planning",
        *SPAN,
        colorId="5",
        reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]},
        extendedProperties={"private": {"theirs": "kept"}},
        guestsCanModify=True,
        source={"title": "T", "url": "https://example.org"},
    )
    outlook = world.outlook.add(
        "Focus", "2026-11-03T09:00", "2026-11-03T10:00", categories=["Red category"], importance="high",
        showAs="workingElsewhere", isReminderOn=True, reminderMinutesBeforeStart=45, allowNewTimeProposals=False,
    )  # fmt: skip
    own = [
        "X-THEIRS:kept",
        "PRIORITY:1",
        "CATEGORIES:Garden,Home",
        "URL:https://example.org",
        "STATUS:TENTATIVE",
        "GEO:1.5;2.5",
    ]
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT9M", "DESCRIPTION:Now", "END:VALARM"]
    times = stamp("DTSTART", "2026-11-04T09:00"), stamp("DTEND", "2026-11-04T10:00")
    caldav = world.caldav.put("garden", vevent("Garden", *times, *own, *alarm, uid="garden"))
    world.settle()
    before = world.google.read(google), world.outlook.read(outlook)
    for person, name in ((world.outlook, "Planning"), (world.google, "Focus"), (world.outlook, "Garden")):
        id = str(person.find(name)["id"])
        if person is world.google:
            world.google.edit(id, location="Room 9")
        else:
            world.outlook.edit(id, location={"displayName": "Room 9"})
    world.settle()
    after = world.google.read(google), world.outlook.read(outlook)
    assert after[0]["location"] == after[1]["location"]["displayName"] == "Room 9"
    assert without(after[0], "location") == without(before[0], "location")
    assert without(after[1], "location", "locations") == without(before[1], "location", "locations")
    text = world.caldav.read(caldav)
    assert "LOCATION:Room 9" in text
    assert [line for line in [*own, *alarm] if line not in text.split("\n")] == []


@pytest.mark.parametrize("busy", ["tentative", "oof", "workingElsewhere"])
def test_a_finer_choice_of_outlook_survives_edits_elsewhere(world: World, busy: str) -> None:
    id = world.outlook.add("Away", *SPAN, showAs=busy, sensitivity="personal")
    world.settle()
    world.google.edit(world.google.find("Away")["id"], summary="Far away")
    world.caldav.edit(world.caldav.find("Away"), "SUMMARY:Away\n", "SUMMARY:Away\nLOCATION:Beach\n")
    world.settle()
    event = world.outlook.read(id)
    assert (event["showAs"], event["sensitivity"]) == (busy, "personal")
    assert (event["subject"], event["location"]["displayName"]) == ("Far away", "Beach")


@pytest.mark.parametrize("side", ["google", "outlook", "caldav"])
def test_busy_and_privacy_travel_from_each_side(world: World, side: str) -> None:
    if side == "google":
        world.google.add("Quiet", *SPAN, transparency="transparent", visibility="private")
    elif side == "outlook":
        world.outlook.add("Quiet", *SPAN, showAs="free", sensitivity="private")
    else:
        world.caldav.add("Quiet", *SPAN, "TRANSP:TRANSPARENT", "CLASS:PRIVATE")
    world.settle()
    google, outlook = world.google.find("Quiet"), world.outlook.find("Quiet")
    assert (google["transparency"], google["visibility"]) == ("transparent", "private")
    assert (outlook["showAs"], outlook["sensitivity"]) == ("free", "private")
    text = world.caldav.read(world.caldav.find("Quiet"))
    assert "TRANSP:TRANSPARENT" in text and "CLASS:PRIVATE" in text


def test_guests_and_their_answers_are_shown_everywhere_and_nobody_gets_mail(world: World) -> None:
    """The world's runs see to the mail counters."""
    id = world.google.add("Board", *SPAN, attendees=GUESTS, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    world.settle()
    assert outlook_guests(world, "Board") == {
        "ann@example.org": "accepted", "ben@example.org": "tentativelyAccepted", "cem@example.org": "none",
    }  # fmt: skip
    assert world.outlook.find("Board")["attendees"] == [], "real attendees would be mailed by Outlook"
    assert caldav_guests(world, "Board") == {
        "ann@example.org": "ACCEPTED", "ben@example.org": "TENTATIVE", "cem@example.org": "NEEDS-ACTION",
    }  # fmt: skip
    text = world.caldav.read(world.caldav.find("Board"))
    assert "ORGANIZER" not in text and text.count("SCHEDULE-AGENT=NONE") == 3
    answered = [GUESTS[0], GUESTS[1], {**GUESTS[2], "responseStatus": "declined"}, {"email": "dan@example.org"}]
    world.google.edit(id, attendees=answered)
    world.settle()
    assert outlook_guests(world, "Board")["cem@example.org"] == "declined"
    assert caldav_guests(world, "Board")["cem@example.org"] == "DECLINED"
    assert "dan@example.org" in caldav_guests(world, "Board") and "dan@example.org" in outlook_guests(world, "Board")
    world.google.edit(id, attendees=answered[1:], location="Hall")
    world.settle()
    assert "ann@example.org" not in caldav_guests(world, "Board") | outlook_guests(world, "Board")
    world.outlook.edit(world.outlook.find("Board")["id"], subject="Board, moved")
    world.settle()
    assert len(world.google.read(id)["attendees"]) == 3
    world.google.remove(id)
    world.settle()
    assert world.alike() == []


def test_guests_of_a_real_outlook_meeting_are_shown_elsewhere(world: World) -> None:
    """Outlook itself has mailed them when its user made the meeting; the sync adds no mail to that."""
    guest = {"emailAddress": {"address": "Ann@Example.org", "name": "Ann Example"}, "type": "required"}
    id = world.outlook.add("Interview", *SPAN, attendees=[guest])
    world.settle()
    assert [each["email"] for each in world.google.find("Interview")["attendees"]] == ["ann@example.org"]
    assert list(caldav_guests(world, "Interview")) == ["ann@example.org"]
    world.caldav.edit(world.caldav.find("Interview"), "SUMMARY:Interview\n", "SUMMARY:Interview\nLOCATION:Room 3\n")
    report = world.run()
    assert (report.failed, report.writes["outlook"]["update"]) == (1, 0), (
        "an organizer's edit would be mailed to the guest"
    )
    (reason,) = [row["reason"] for row in explain(world.project.store, "it", "failed") if row["side"] == "outlook"]
    assert "mail" in str(reason)
    event = world.outlook.read(id)
    assert [each["emailAddress"]["address"] for each in event["attendees"]] == ["Ann@Example.org"]
    assert event["location"]["displayName"] == ""


def test_an_answer_known_elsewhere_is_not_written_to_a_meeting_with_real_guests_in_outlook(world: World) -> None:
    """Any write there may be mailed. It is told, the other sides go on, and a later edit in Outlook is taken."""
    guest = {"emailAddress": {"address": "ann@example.org", "name": "Ann Example"}, "type": "required"}
    id = world.outlook.add("Interview", *SPAN, attendees=[guest])
    world.google.add("Interview", *SPAN, attendees=GUESTS[:1])
    report = world.run()
    assert report.failed == 1
    assert caldav_guests(world, "Interview") == {"ann@example.org": "ACCEPTED"}
    before = world.mail()
    world.outlook.edit(id, subject="Talk")
    assert world.mail() > before, "Outlook mails the guest for its own user"
    world.run()
    assert len(world.alike()) == 1 and world.alike()[0].endswith("Talk")
    assert sum(sum(ops.values()) for ops in world.run().writes.values()) == 0


def test_the_organizer_of_an_invitation_is_not_replaced(world: World) -> None:
    organizer = "ORGANIZER;CN=Olga Host:mailto:olga@example.org"
    guests = ["ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@example.org"]
    name = world.caldav.add("Invitation", *SPAN, organizer, *guests)
    world.settle()
    google = world.google.find("Invitation")
    assert [each["email"] for each in google["attendees"]] == ["ann@example.org"]
    world.google.edit(google["id"], colorId="3", summary="Invitation!")
    world.settle()
    text = world.caldav.read(name)
    assert organizer in text and "SUMMARY:Invitation!" in text


def caldav_guests(world: World, title: str) -> dict[str, str]:
    """Address -> answer."""
    lines = world.caldav.read(world.caldav.find(title)).split("\n")
    found = {}
    for line in lines:
        if line.startswith("ATTENDEE"):
            params, address = line.lower().split(":mailto:")
            answers = [part.partition("=")[2] for part in params.split(";") if part.startswith("partstat=")]
            found[address] = answers[0].upper() if answers else "NEEDS-ACTION"
    return found


def outlook_guests(world: World, title: str) -> dict[str, str]:
    """As the connector shows them: address -> answer."""
    (id,) = [str(world.outlook.find(title)["id"])]
    (record,) = world.apps["outlook"].get("events", {"calendar": "Calendar"}, [id])
    return {each["email"].lower(): each.get("response", "none") for each in record.data["attendees"]}
