"""What a receiver alone hears becomes events of Prefect, where there is a server."""

from __future__ import annotations

import pytest

from flows import changed
from tests.hooks.office import Office, office

__all__ = ["office"]


def test_each_sync_is_told_once_for_all_that_came_together(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr("prefect.events.emit_event", lambda name, resource: sent.append((name, resource)))
    monkeypatch.setattr(changed, "_server", lambda _: True)
    with changed.events(office.project) as heard:
        for syncs in ({"work"}, {"work", "home"}, {"work"}):
            heard(frozenset(syncs))
    assert sent == [("syncline.changed", {"prefect.resource.id": f"syncline.sync.{name}"}) for name in ("home", "work")]


def test_without_a_server_nothing_is_sent_and_prefect_is_not_needed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(office.root / "no-prefect"))
    monkeypatch.setitem(__import__("sys").modules, "prefect.events", None)
    with changed.events(office.project) as heard:
        heard(frozenset({"work"}))
