"""Registers syncs with Prefect: for each, the deployments of its schedule, one for changes, one for backfills."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.sorting import DeploymentSort
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.exceptions import ObjectAlreadyExists
from prefect.flows import Flow
from prefect.schedules import Cron, Interval
from prefect.types.entrypoint import EntrypointType

from engine.deployment import Deployment
from flows.backfill_flow import backfill_flow
from flows.project import Project
from flows.server import POOL
from flows.sync import sync_flow

CHANGED = "syncline.changed"
"""The event that starts `on-change`; its resource is `syncline.sync.NAME`."""
SKIP = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""The next tick comes anyway."""
QUEUE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
"""A change that is reported during a run may have come after the reading."""
TURN = int(timedelta(minutes=30).total_seconds())
"""How long such a run waits for one of another deployment of the same sync; a tick of the schedule does not wait."""


def deploy(project: Project, names: list[str]) -> list[dict[str, str]]:
    """Registers the syncs and removes what their files no longer ask for: `[{"sync", "deployment"}]`."""
    made = []
    with get_client(sync_client=True) as client:
        _pool(client)
        for name in names:
            wanted = deployments(project, name)
            for one in wanted:
                one.apply(work_pool_name=POOL)
                made.append({"sync": name, "deployment": one.full_name})
            _remove_others(client, name, {one.name for one in wanted})
    return made


def deployments(project: Project, name: str) -> list[RunnerDeployment]:
    """What a sync's file asks for."""
    sync = project.deployment(name)
    mapping = project.mapping(sync.mapping)
    at: dict[str, Any] = {"root": str(project.root), "sync": name}
    tags = [f"sync:{name}", *sorted({f"app:{side.app}" for side in mapping.sides.values()})]
    made = [_every(sync, at), _nightly(sync, at), _on_change(sync, at), _backfill(sync, at)]
    for one in filter(None, made):
        one.tags = tags
        one.description = mapping.about or None
    return [one for one in made if one is not None]


def _every(sync: Deployment, at: dict[str, Any]) -> RunnerDeployment | None:
    period = sync.schedule.interval if sync.schedule else None
    if period is None:
        return None
    schedule = Interval(period)
    return _made(sync_flow, f"{sync.sync}: {_words(period)}", at, SKIP, schedule=schedule, paused=sync.paused)


def _nightly(sync: Deployment, at: dict[str, Any]) -> RunnerDeployment | None:
    if sync.schedule is None or sync.schedule.full is None:
        return None
    hour, minute = sync.schedule.full.split(":")
    schedule = Cron(f"{int(minute)} {int(hour)} * * *", timezone=sync.schedule.zone or "UTC")
    return _made(
        sync_flow,
        f"{sync.sync}: nightly-full",
        {**at, "mode": "full", "patience": TURN},
        QUEUE,
        schedule=schedule,
        paused=sync.paused,
    )


def _on_change(sync: Deployment, at: dict[str, Any]) -> RunnerDeployment:
    trigger = DeploymentEventTrigger(
        name=f"{sync.sync}: on-change",
        expect={CHANGED},
        match={"prefect.resource.id": f"syncline.sync.{sync.sync}"},
        schedule_after=timedelta(seconds=5),  # people type: several pings become one run
        within=timedelta(seconds=5),
        enabled=not sync.paused,
    )
    return _made(sync_flow, f"{sync.sync}: on-change", {**at, "patience": TURN}, QUEUE, triggers=[trigger])


def _backfill(sync: Deployment, at: dict[str, Any]) -> RunnerDeployment:
    return _made(backfill_flow, f"{sync.sync}: backfill", {**at, "patience": TURN}, QUEUE, paused=True)


def _made(
    flow: Flow[..., Any], name: str, parameters: dict[str, Any], limit: ConcurrencyLimitConfig, **more: Any
) -> RunnerDeployment:
    made = flow.to_deployment(
        name,
        parameters=parameters,
        concurrency_limit=limit,
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=POOL,
        **more,
    )
    assert isinstance(made, RunnerDeployment)
    return made


def _words(period: timedelta) -> str:
    seconds = int(period.total_seconds())
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds % size == 0:
            count = seconds // size
            return f"every-{unit[:-1]}" if count == 1 else f"every-{count}-{unit}"
    return f"every-{seconds}-seconds"


def _pool(client: SyncPrefectClient) -> None:
    """A pool of processes, made when there is none of that name; one of another type is left as it is."""
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    except ObjectAlreadyExists:
        return


def _remove_others(client: SyncPrefectClient, name: str, wanted: set[str]) -> None:
    mine = DeploymentFilter(tags=DeploymentFilterTags(all_=[f"sync:{name}"]))
    for found in client.read_deployments(deployment_filter=mine, limit=200, sort=DeploymentSort.NAME_ASC):
        if found.name not in wanted:
            client.delete_deployment(found.id)
