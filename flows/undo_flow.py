"""The undo as a Prefect flow: the tasks of a sync, with its own step between reading and writing."""

from __future__ import annotations

from typing import Any

from prefect import flow, runtime

from engine.undo.traces import Asked
from flows import steps, takeback
from flows.crew import Crew
from flows.flowrun import carried_out
from flows.report import RunReport


@flow(name="undo", flow_run_name="{sync} undo")
def undo_flow(
    root: str,
    sync: str,
    run: str | None = None,
    link: str | None = None,
    field: str | None = None,
    since: str | None = None,
    patience: int = 0,
) -> Any:
    """Undo a run, or what was done to a record or a field, where nobody has changed it since.

    Args:
        root: The project's folder.
        sync: The sync, as its file in deployments/ is called.
        run: The run to undo.
        link: Only this record, by the id of its link.
        field: Only this field, as the mapping calls it.
        since: All runs since this moment, ISO 8601 in UTC.
        patience: Seconds to wait for another run of this sync that is under way.
    """
    asked = Asked(run, link, field, since)
    return carried_out(root, sync, "undo", patience, lambda work: _body(work, asked))


def _body(work: steps.Work, asked: Asked) -> RunReport:
    """Extract each side, take back, load each side, report."""
    this = str(runtime.flow_run.id)
    if takeback.ended(work, this):  # once more would take the undo itself back
        return steps.finish(work, {}, [], {})
    takeback.begun(work, asked, this)
    crew = Crew(work)
    snapshots = crew.extract(full=False)
    crew.load(crew.take_back(snapshots, asked))
    for _ in range(steps.ROUNDS):
        edited_meanwhile = crew.take_back_again()
        if not edited_meanwhile:
            break
        crew.load(edited_meanwhile)
    return crew.finish(snapshots)
