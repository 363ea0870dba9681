"""Who may be written to: consent is never raised silently.

Subscribing somebody, and asking them by mail to confirm it (`pending`), is done only where the connection's setting
`may_subscribe` allows it. Lowering consent is always done.
"""

from __future__ import annotations

from enum import StrEnum

from engine.contract import Invalid

NEW = "transactional"
"""A new member of whom nothing is said: in the audience, but in no campaign. Mailchimp calls it non-subscribed."""
RAISED = ("subscribed", "pending")
REFUSED = ("unsubscribed", "cleaned")


class MaySubscribe(StrEnum):
    """The setting."""

    NO = "no"
    ASK = "ask"
    """Mailchimp asks the person by mail, but nobody who has said no."""
    YES = "yes"


def status(wanted: str | None, before: str | None, allowed: MaySubscribe) -> str | None:
    """The status to send, or None where there is nothing to send. `before`: None for a new member.

    Raises Invalid where it would raise consent without leave.
    """
    if wanted is None:
        return NEW if before is None else None
    if wanted == before:
        return None
    if wanted not in RAISED:
        return "unsubscribed" if wanted == NEW and before in RAISED else wanted  # nobody becomes somebody never asked
    if allowed is MaySubscribe.YES:
        return wanted
    if allowed is MaySubscribe.ASK and before not in REFUSED:
        return None if before == "pending" else "pending"
    leave = "may_subscribe=yes" if before in REFUSED else "may_subscribe=ask or may_subscribe=yes"
    raise Invalid(
        f"This would make a member {wanted} who is {before or 'new'} in Mailchimp, which a sync may not do here. "
        f"Change the status in Mailchimp, or allow it for this connection: {leave}.",
        field="status",
    )
