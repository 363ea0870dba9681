"""Descriptions: HTML on the sides that have it, plain text on the one that has not, and nothing lost on the way."""

from __future__ import annotations

import pytest

from tests.system.world import World

SPAN = "2026-11-02T09:00", "2026-11-02T10:00"
RICH = '<p>Agenda</p><ul><li><b>Budget</b> 2027</li><li>See <a href="https://example.org/plan">the plan</a></li></ul>'


def html(world: World, title: str = "Meeting") -> str:
    return str(world.outlook.find(title)["body"]["content"])


def plain(world: World, title: str = "Meeting") -> str:
    """DESCRIPTION as people read it; empty where there is none."""
    lines = world.caldav.read(world.caldav.find(title)).split("\n")
    found = [line.split(":", 1)[1] for line in lines if line.startswith("DESCRIPTION")]
    return found[0].replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\") if found else ""


def description(world: World, title: str = "Meeting") -> str:
    return str(world.google.find(title).get("description", ""))


@pytest.mark.parametrize("side", ["google", "outlook"])
def test_formatting_survives_edits_of_other_fields_on_the_plain_side(world: World, side: str) -> None:
    if side == "google":
        world.google.add("Meeting", *SPAN, description=RICH)
    else:
        world.outlook.add("Meeting", *SPAN, body={"contentType": "html", "content": RICH})
    world.settle()
    assert plain(world) == "Agenda\n\n- Budget 2027\n- See the plan (https://example.org/plan)".replace("\n\n-", "\n-")
    before = description(world), html(world)
    for text in before:
        assert "<b>Budget</b>" in text and 'href="https://example.org/plan"' in text and "<li>" in text
    name = world.caldav.find("Meeting")
    world.caldav.edit(name, "SUMMARY:Meeting\n", "SUMMARY:Meeting\nLOCATION:Room 5\n")
    world.settle()
    assert world.google.find("Meeting")["location"] == "Room 5"
    assert (description(world), html(world)) == before


def test_an_edit_of_the_text_on_the_plain_side_travels(world: World) -> None:
    world.google.add("Meeting", *SPAN, description=RICH)
    world.settle()
    name = world.caldav.find("Meeting")
    world.caldav.edit(name, "Budget 2027", "Budget 2028")
    world.settle()
    assert "Budget 2028" in description(world) and "Budget 2028" in html(world)
    assert "Budget 2027" not in description(world) + html(world)


def test_an_edit_of_the_text_on_a_rich_side_travels(world: World) -> None:
    world.caldav.add("Meeting", *SPAN, "DESCRIPTION:First line\\nSecond line with  two spaces\\n\\n5 < 6 & \\; done")
    world.settle()
    text = "First line\nSecond line with  two spaces\n\n5 < 6 & ; done"
    assert plain(world) == text
    world.outlook.edit(
        world.outlook.find("Meeting")["id"],
        body={"contentType": "html", "content": "<p>First line<br>Second <i>line</i></p>"},
    )
    world.settle()
    assert plain(world) == "First line\nSecond line"
    assert "<i>line</i>" in description(world)


def test_plain_text_stays_as_it_was_typed_when_the_others_edit_other_fields(world: World) -> None:
    text = "DESCRIPTION:Tabs\tand  spaces\\n * a star list\\n<not a tag> & more\\nhttps://example.org/?a=1&b=2"
    name = world.caldav.add("Meeting", *SPAN, text)
    world.settle()
    before = plain(world)
    world.google.edit(world.google.find("Meeting")["id"], location="Room 1")
    world.outlook.edit(world.outlook.find("Meeting")["id"], sensitivity="private")
    world.settle()
    assert "LOCATION:Room 1" in world.caldav.read(name) and "CLASS:PRIVATE" in world.caldav.read(name)
    assert plain(world) == before


@pytest.mark.parametrize("side", ["google", "outlook", "caldav"])
def test_an_emptied_description_is_empty_everywhere(world: World, side: str) -> None:
    world.google.add("Meeting", *SPAN, description=RICH, location="Room 1")
    world.settle()
    if side == "google":
        world.google.edit(world.google.find("Meeting")["id"], description="")
    elif side == "outlook":
        world.outlook.edit(world.outlook.find("Meeting")["id"], body={"contentType": "html", "content": ""})
    else:
        name = world.caldav.find("Meeting")
        (line,) = [each for each in world.caldav.read(name).split("\n") if each.startswith("DESCRIPTION")]
        world.caldav.edit(name, f"{line}\n", "")
    world.settle()
    assert (description(world), plain(world)) == ("", "")
    assert "Budget" not in html(world)
    assert world.google.find("Meeting")["location"] == "Room 1"


@pytest.mark.parametrize("side", ["google", "outlook", "caldav"])
def test_titles_of_all_kinds(world: World, side: str) -> None:
    titles = ["Zoë & 東京 <b>", "👩‍👩‍👧 family; a, b", 'back\\slash \\n and "quotes"', "שלום"]
    for number, title in enumerate(titles):
        if side == "caldav":
            escaped = title.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
            from tests.system.people import stamp, vevent

            times = stamp("DTSTART", SPAN[0]), stamp("DTEND", SPAN[1])
            world.caldav.put(f"t{number}", vevent(escaped, *times, uid=f"t{number}"))
        else:
            getattr(world, side).add(title, *SPAN)
    world.settle()
    assert sorted(line.split(" ", 1)[1] for line in world.alike()) == sorted(titles)


def test_a_title_longer_than_outlook_holds_comes_back_whole(world: World) -> None:
    title = "Long " * 80 + "end"
    world.google.add(title, *SPAN)
    world.settle()
    (shortened,) = [line.split(" ", 1)[1] for line in world.shows("outlook")]
    assert len(shortened) == 255 and title.startswith(shortened[:250])
    world.outlook.edit(world.outlook.find(shortened)["id"], location={"displayName": "Room 2"})
    world.settle()
    assert world.google.find(title)["location"] == "Room 2", "the whole title is still there"
    world.outlook.edit(world.outlook.find(shortened)["id"], subject="Short")
    world.settle()
    assert [line.split(" ", 1)[1] for line in world.alike()] == ["Short"]


def test_a_meeting_without_a_title(world: World) -> None:
    id = world.google.add("", *SPAN, location="Somewhere")
    world.settle()
    assert len(world.shows("outlook")) == len(world.shows("caldav")) == 1
    world.google.edit(id, summary="Named")
    world.settle()
    assert world.alike() == ["2026-11-02T08:00Z/2026-11-02T09:00Z Named"]
