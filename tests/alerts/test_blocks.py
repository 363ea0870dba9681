"""Several notification blocks: one that fails keeps no other from delivering."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.blocks.abstract import NotificationError

from engine.store.outside import alerts
from flows import notify
from flows.alerts import look, undelivered
from flows.project import Project
from tests.alerts.test_alerts import NOW, paused
from tests.sync.world import Make, make

__all__ = ["make"]


class Block:
    """Delivers at once, or what it does is to be awaited, or it fails."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.said: list[str] = []

    def notify(self, _text: str, subject: str) -> Any:
        if self.kind == "fails":
            raise ConnectionError("404 for url 'https://ops:pass@chat.example/services/T0/token?key=key'")
        return self._later(subject) if self.kind == "later" else self.said.append(subject)

    async def _later(self, subject: str) -> None:
        self.said.append(subject)


Blocks = dict[str, Block]


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> Blocks:
    """By name; each name is its kind."""
    made = {kind: Block(kind) for kind in ("fails", "now", "later")}
    monkeypatch.setattr(notify, "block", made.__getitem__)
    return made


def wrong(make: Make, names: str) -> Project:
    """A project where something is wrong, and these are to be told."""
    world = make("a", "b")
    (world.root / ".env").write_text(f"SYNCLINE_NOTIFY={names}\n")
    project = Project.at(world.root)
    paused(project, "signed out")
    return project


@pytest.mark.parametrize("names", ["fails,now,later", "now,later,fails", "nowhere,now,later"])
def test_one_that_fails_keeps_no_other_from_telling_and_nothing_is_told_twice(
    make: Make, blocks: Blocks, names: str, caplog: pytest.LogCaptureFixture
) -> None:
    project = wrong(make, names)
    assert [alert.key for alert in notify.notify(project, NOW)] == ["connection:work"]
    assert notify.notify(project, NOW) == []
    assert blocks["now"].said == blocks["later"].said == ["Syncline: connection work"]
    assert "did not deliver" in caplog.text
    project.close()


def test_where_none_delivers_it_is_told_at_the_next_look(make: Make, blocks: Blocks) -> None:
    project = wrong(make, "fails")
    assert notify.notify(project, NOW) == []
    blocks["fails"].kind = "now"
    assert [alert.key for alert in notify.notify(project, NOW)] == ["connection:work"]
    project.close()


def test_no_secret_of_a_webhook_is_in_what_is_said_of_its_failure(
    make: Make, blocks: Blocks, caplog: pytest.LogCaptureFixture
) -> None:
    project = wrong(make, "fails")
    notify.notify(project, NOW)
    (row,) = project.store.all(alerts)
    for said in (row["error"], caplog.text):
        assert "ConnectionError: 404 for url 'https://chat.example/***'" in said
        assert not any(secret in said for secret in ("pass", "token", "key"))
    project.close()


def test_what_prefects_messengers_say_is_said() -> None:
    assert undelivered(NotificationError(log="Failed to send e-mail")) == "NotificationError: Failed to send e-mail"


def test_without_blocks_it_is_known_and_told_to_nobody(make: Make) -> None:
    project = wrong(make, "")
    assert notify.notify(project, NOW) == []
    assert list(look(project, NOW)) == ["connection:work"]
    project.close()
