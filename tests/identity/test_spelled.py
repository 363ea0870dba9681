"""A column of texts in a sync: dates are read as they are spelled, and a text that is no date waits with a reason."""

from __future__ import annotations

from engine import accounting
from engine.contract import Field
from tests.identity.people import Meet, meet
from tests.sync.world import told

__all__ = ["meet"]

DUE = '{a: due, b: due, via: {a: [{date: "%d.%m.%Y"}]}}'


def test_a_text_that_is_no_date_waits_and_is_left_alone(meet: Meet) -> None:
    world = meet("a", "b", rows=("name", "email", "due"), cells={"due": DUE})
    sheet, crm = world.apps["a"], world.apps["b"]
    sheet.fields["due"], crm.fields["due"] = Field(type="text"), Field(type="date")
    for name, due in (("Ann", "3.1.2026"), ("Bob", "soon"), ("Cy", None)):
        sheet.add(name=name, email=f"{name}@x.example", due=due)
    crm.add(name="Bob", email="bob@x.example", due="2026-05-01")
    crm.add(name="Cy", email="cy@x.example", due="2026-02-03")
    world.run()

    def dues(side: str) -> dict[str, str | None]:
        return {row["name"]: row["due"] for row in world.apps[side].live().values()}

    assert dues("a") == {"Ann": "3.1.2026", "Bob": "soon", "Cy": "03.02.2026"}
    assert dues("b") == {"Ann": "2026-01-03", "Bob": "2026-05-01", "Cy": "2026-02-03"}
    waiting = accounting.explain(world.project.store, "it", "pending")
    assert len({one["link"] for one in waiting}) == 1
    assert "due of a: 'soon' is not a day as %d.%m.%Y, such as '23.11.2026'" in waiting[0]["reason"]
    crm.edit("b1", due="2026-06-01", name="Bob Lee")
    world.run()
    assert (dues("a")["Bob Lee"], told(world.run())) == ("soon", 0), "the other rows go on"
    sheet.edit("a2", due="7.6.2026")
    world.run()
    assert (dues("b")["Bob Lee"], accounting.explain(world.project.store, "it", "pending")) == ("2026-06-07", [])
    assert told(world.run()) == 0
