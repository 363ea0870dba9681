"""Automations on Prefect's page that tell people of failed runs and of holds, by Prefect's notification blocks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import AutomationSort
from prefect.events import EventTrigger
from prefect.events.actions import SendNotification
from prefect.events.filters import AutomationFilter, AutomationFilterTags
from prefect.events.schemas.automations import Automation, AutomationCore, Posture

from flows.announce import HOLDS, resource
from flows.notify import block
from flows.project import Project

SETTING = "SYNCLINE_AUTOMATIONS"
ENDS = {f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut")}
QUIET = timedelta(hours=1)
"""A sync that fails every five minutes is told of once in so long."""
FAILED = """\
{{ flow_run.name }} ended as {{ flow_run.state.name }}: {{ flow_run.state.message }}
{{ flow_run|ui_url }}"""
WAITS = """\
{{ event.payload.text }}
{{ flow_run|ui_url }}"""


def blocks(project: Project) -> list[UUID]:
    """The notification blocks of the setting. Raises ProjectError for one that is not there or notifies nobody."""
    found = [block(name, SETTING)._block_document_id for name in project.settings.automated]
    return [one for one in found if one is not None]


def automations(sync: str, tell: list[UUID]) -> list[AutomationCore]:
    """Those of a sync."""
    failed = EventTrigger(
        expect=ENDS,
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.sync:{sync}"},
        posture=Posture.Reactive,
        threshold=1,
        within=QUIET,
    )
    waits = EventTrigger(
        expect={HOLDS}, match={**resource(sync)}, posture=Posture.Reactive, threshold=1, within=timedelta()
    )
    return [
        _made(f"{sync}: a run failed", sync, failed, tell, f"Syncline: a run of {sync} failed", FAILED),
        _made(f"{sync}: waits for a person", sync, waits, tell, f"Syncline: {sync} waits for a person", WAITS),
    ]


def tend(
    client: SyncPrefectClient, sync: str, wanted: list[AutomationCore], dry_run: bool
) -> tuple[list[str], list[str]]:
    """Makes or updates the automations of a sync and removes others; the names of those that are, and of the removed.

    One that somebody paused on Prefect's page stays paused.
    """
    there = {one.name: one for one in _there(client, sync)}
    left = [one for name, one in there.items() if name not in {one.name for one in wanted}]
    if not dry_run:
        for one in wanted:
            found = there.get(one.name)
            if found is None:
                client.create_automation(one)
            else:
                client.update_automation(found.id, one.model_copy(update={"enabled": found.enabled}))
        for other in left:
            client.delete_automation(other.id)
    return [one.name for one in wanted], [one.name for one in left]


def _there(client: SyncPrefectClient, sync: str) -> list[Automation]:
    """Those that Syncline made for a sync: they carry its tag, and the name begins with it."""
    mine = AutomationFilter(tags=AutomationFilterTags(all_=[_tag(sync)]))
    found = client.read_automations(automations=mine, sort=AutomationSort.NAME_ASC, limit=200)
    return [one for one in found if one.name.startswith(f"{sync}: ")]


def _made(name: str, sync: str, trigger: EventTrigger, tell: list[UUID], subject: str, body: str) -> AutomationCore:
    actions = [SendNotification(block_document_id=one, subject=subject, body=body) for one in tell]
    about = "Made by syncline deploy; it follows the setting " + SETTING + "."
    return AutomationCore(name=name, description=about, tags=[_tag(sync)], trigger=trigger, actions=list(actions))


def _tag(sync: str) -> str:
    return f"sync:{sync}"
