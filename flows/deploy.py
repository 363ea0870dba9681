"""Registers syncs with Prefect: for each, the deployments of its schedule, one for changes, one for backfills; and the
automations that tell people.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.exceptions import ObjectAlreadyExists
from prefect.flows import Flow
from prefect.schedules import Cron, Interval
from prefect.types.entrypoint import EntrypointType

from engine.deployment import Deployment
from flows.announce import CHANGED, resource
from flows.automations import automations, blocks, tend
from flows.backfill_flow import backfill_flow
from flows.form import form
from flows.project import Project, ProjectError
from flows.server import POOL
from flows.sync import sync_flow

SKIP = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""The next tick comes anyway."""
QUEUE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
"""A change that is reported during a run may have come after the reading."""
TURN = int(timedelta(minutes=30).total_seconds())
"""How long such a run waits for one of another deployment of the same sync; a tick of the schedule does not wait."""
PAGE = 200
"""Deployments that the server gives at a time."""
DONE = {"register": "registered", "remove": "removed"}

Doc = dict[str, str]
"""`{"sync", "what": deployment | automation, "name", "done": registered | removed}`."""


def deploy(project: Project, names: list[str], *, every: bool = False, dry_run: bool = False) -> list[Doc]:
    """Registers the syncs and removes what their files no longer ask for; `every`: and what no file is left of.

    A dry run only says what would be done. Raises ProjectError before anything is done.
    """
    tell = blocks(project)
    wanted = {name: deployments(project, name) for name in names}
    with get_client(sync_client=True) as client:
        there = _there(client)
        if every:
            here = {one.parameters.get("sync") for one in there if one.parameters.get("root") == str(project.root)}
            wanted |= {name: [] for name in sorted(filter(None, here - set(project.syncs())))}
        _ours(project, set(wanted), there)
        if not dry_run:
            _pool(client)
        turn = partial(_register, client, there, tell, dry_run)
        return [done for name, ones in wanted.items() for done in turn(name, ones)]


def _ours(project: Project, names: set[str], there: list[DeploymentResponse]) -> None:
    """Raises ProjectError where a sync of the same name was registered from another folder."""
    for one in there:
        sync, root = one.parameters.get("sync"), one.parameters.get("root")
        if sync in names and root not in (None, str(project.root)) and f"sync:{sync}" in one.tags:
            raise ProjectError(
                f"On this Prefect server a sync {sync!r} is registered already, from {root}. Give one of them another "
                "name, or remove the other one's deployments on Prefect's page."
            )


def _register(
    client: SyncPrefectClient,
    there: list[DeploymentResponse],
    tell: list[UUID],
    dry_run: bool,
    sync: str,
    wanted: list[RunnerDeployment],
) -> list[Doc]:
    names = {one.name for one in wanted}
    others = [one for one in there if f"sync:{sync}" in one.tags and one.name not in names]
    if not dry_run:
        for made in wanted:
            made.apply(work_pool_name=POOL)
        for found in others:
            client.delete_deployment(found.id)
    messages = automations(sync, tell) if wanted and tell else []
    made_, removed = tend(client, sync, messages, dry_run)
    done = [("deployment", one.full_name, "register") for one in wanted]
    done += [("deployment", str(one.name), "remove") for one in others]
    done += [("automation", name, "register") for name in made_] + [("automation", name, "remove") for name in removed]
    said = {"register": "to register", "remove": "to remove"} if dry_run else DONE
    return [{"sync": sync, "what": what, "name": name, "done": said[did]} for what, name, did in done]


def deployments(project: Project, name: str) -> list[RunnerDeployment]:
    """What a sync's file asks for."""
    sync = project.deployment(name)
    mapping = project.mapping(sync.mapping)
    at: dict[str, Any] = {"root": str(project.root), "sync": name}
    made = [one for one in (_every(sync, at), _nightly(sync, at), _on_change(sync, at), _backfill(sync, at)) if one]
    for one in made:
        one.tags = [f"sync:{name}", *sorted({f"app:{side.app}" for side in mapping.sides.values()})]
        one.description = "\n\n".join(filter(None, (one.description, mapping.about)))
        one._parameter_openapi_schema = form(one._parameter_openapi_schema, list(mapping.sides))
    return made


def _every(sync: Deployment, at: Doc) -> RunnerDeployment | None:
    period = sync.schedule.interval if sync.schedule else None
    if period is None:
        return None
    about = "What has changed since the last run. A tick that finds a run of this sync at work is skipped."
    schedule = Interval(period)
    return _made(sync_flow, f"{sync.sync}: {_words(period)}", about, at, SKIP, schedule=schedule, paused=sync.paused)


def _nightly(sync: Deployment, at: Doc) -> RunnerDeployment | None:
    if sync.schedule is None or sync.schedule.full is None:
        return None
    hour, minute = sync.schedule.full.split(":")
    schedule = Cron(f"{int(minute)} {int(hour)} * * *", timezone=sync.schedule.zone or "UTC")
    given = {**at, "mode": "full", "patience": TURN}
    about = "Everything, once a day: it also finds what an app forgot to report."
    return _made(sync_flow, f"{sync.sync}: nightly-full", about, given, QUEUE, schedule=schedule, paused=sync.paused)


def _on_change(sync: Deployment, at: Doc) -> RunnerDeployment:
    trigger = DeploymentEventTrigger(
        name=f"{sync.sync}: on-change",
        expect={CHANGED},
        match={**resource(sync.sync)},
        schedule_after=timedelta(seconds=5),  # people type: several pings become one run
        within=timedelta(seconds=5),
        enabled=not sync.paused,
    )
    about = f"Starts by itself when an app reports a change (event `{CHANGED}`), or when you start it."
    given = {**at, "patience": TURN}
    return _made(sync_flow, f"{sync.sync}: on-change", about, given, QUEUE, triggers=[trigger])


def _backfill(sync: Deployment, at: Doc) -> RunnerDeployment:
    about = (
        "Brings a range of dates in line. Start it with **Run, Custom run**: say from when to when, and which sides "
        "may be written; a dry run shows what would be written. One that broke off goes on where it was: retry it."
    )
    given = {**at, "patience": TURN}
    return _made(backfill_flow, f"{sync.sync}: backfill", about, given, QUEUE, paused=True)


def _made(
    flow: Flow[..., Any], name: str, about: str, parameters: dict[str, Any], limit: ConcurrencyLimitConfig, **more: Any
) -> RunnerDeployment:
    made = flow.to_deployment(
        name,
        description=about,
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


def _there(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """The deployments of our flows, of any project."""
    ours = FlowFilter(name=FlowFilterName(any_=[sync_flow.name, backfill_flow.name]))
    found: list[DeploymentResponse] = []
    while True:
        more = client.read_deployments(flow_filter=ours, limit=PAGE, offset=len(found), sort=DeploymentSort.NAME_ASC)
        found += more
        if len(more) < PAGE:
            return found
