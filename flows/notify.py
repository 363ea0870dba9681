"""Tells people through Prefect's notification blocks: e-mail, Slack, Teams, PagerDuty and what else there is."""

from __future__ import annotations

import logging
from datetime import datetime
from inspect import isawaitable

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.utilities.asyncutils import run_coro_as_sync

from flows.alerts import Alert, look, tell, undelivered
from flows.project import Project, ProjectError

log = logging.getLogger("flows")


def notify(project: Project, now: datetime) -> list[Alert]:
    """Looks what is wrong, and tells what is new or over by every block of the setting `notify`."""
    look(project, now)
    names = project.settings.notified
    if not names:
        return []
    return tell(project, lambda alert: send(names, alert.subject, alert.text), now)


def send(names: list[str], subject: str, text: str) -> None:
    """One message by each block. Raises what went wrong where none of them delivers; else the log tells of it."""
    failed: list[Exception] = []
    for name in names:
        try:
            sent = block(name).notify(text, subject)
            if isawaitable(sent):  # some kinds send at once, others hand back what is to be awaited
                run_coro_as_sync(sent)
        except Exception as error:  # noqa: BLE001 - a mail server has many ways to fail; the others may do better
            failed.append(error)
            log.warning("%s did not deliver: %s", name, undelivered(error))
    if failed and len(failed) == len(names):
        raise failed[0]


def block(name: str, setting: str = "SYNCLINE_NOTIFY") -> NotificationBlock:
    """The block of that name, `type/name` as Prefect shows it. Raises ProjectError."""
    try:
        found = Block.load(name)
    except ValueError as error:
        raise ProjectError(
            f"There is no Prefect block {name!r} to notify with: {error} Make one on Prefect's page under Blocks, and "
            f"name it in {setting} as type/name, such as slack-webhook/ops."
        ) from error
    if not isinstance(found, NotificationBlock):
        raise ProjectError(f"The Prefect block {name!r} notifies nobody: take one of the kind that sends messages.")
    return found
