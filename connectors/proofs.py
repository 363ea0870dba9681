"""How the calls of apps prove themselves that have no connector yet, and those of one's own programs.

A connector that comes says `hook = PROOFS["xero"]`. Facts: the apps' own documentation, 2026.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence

from connectors import load
from connectors.hook import ANY, Call, Forged, Heard, Hook
from connectors.proof import Signed, Stamped, body, named, offered, same, signed

NOTHING: Mapping[str, Sequence[str]] = {}
_ASANA = Signed(header="x-hook-signature", form="hex")
_NOTION = Signed(header="x-notion-signature", form="hex", prefix="sha256=")
_WOO = Signed(header="x-wc-webhook-signature")
_WOO_FIRST = re.compile(rb"webhook_id=\d{1,20}")


def google(call: Call, secret: str) -> Heard:
    """Google's push channels have no body: our token comes back. A channel's messages are numbered."""
    if not same(call.headers.get("x-goog-channel-token", ""), secret):
        raise Forged("the token is not ours")
    number = f"{call.headers['x-goog-channel-id']}/{call.headers['x-goog-message-number']}"
    begins = call.headers["x-goog-resource-state"] == "sync"
    return Heard(look=NOTHING if begins else ANY, delivery=number)


def _stripe(call: Call, _: str) -> Heard:
    event = body(call)
    about = event["data"]["object"]
    return Heard(look=named([(f"{about['object']}s", about["id"])]), delivery=event["id"])


def _xero(call: Call, signature: str) -> Heard:
    """No events: Xero looks whether true and false signatures are told apart. Answers have no body."""
    events = body(call)["events"]
    pairs = [(f"{each['eventCategory'].lower()}s", each["resourceId"]) for each in events]
    return Heard(look=named(pairs), delivery=signature)


def _asana(call: Call, secret: str) -> Heard:
    """The first message brings the secret, which is sent back; no events are a sign of life, every eight hours."""
    if "x-hook-secret" in call.headers:
        chosen = offered(call.headers["x-hook-secret"])
        return Heard(look=NOTHING, secret=chosen, headers={"X-Hook-Secret": chosen})
    signature = _ASANA.check(call, secret)
    about = [each["resource"] for each in body(call)["events"]]
    pairs = [(f"{each['resource_type']}s", each["gid"]) for each in about]
    return Heard(look=named(pairs), delivery=signature if about else None)


def _airtable(call: Call, signature: str) -> Heard:
    """Tells of the base, and nothing more."""
    body(call)["base"]["id"]
    return Heard(delivery=signature)


def _notion(call: Call, secret: str) -> Heard:
    """The first message brings the secret, which a person enters at Notion; later ones come gathered, and late."""
    told = body(call)
    if _NOTION.header not in call.headers:
        return Heard(look=NOTHING, secret=offered(told["verification_token"]))
    _NOTION.check(call, secret)
    return Heard(look=named([(f"{told['entity']['type']}s", told["entity"]["id"])]), delivery=told["id"])


def _todoist(call: Call, _: str) -> Heard:
    told = body(call)
    object = {"item": "tasks"}.get(str(told["event_name"]).partition(":")[0])
    return Heard(look=named([(object, told["event_data"]["id"])]), delivery=call.headers.get("x-todoist-delivery-id"))


def _woocommerce(call: Call, secret: str) -> Heard:
    """The first message comes when the webhook is saved, is not signed and tells nothing."""
    if _WOO.header not in call.headers and _WOO_FIRST.fullmatch(call.body):
        return Heard(look=NOTHING)
    _WOO.check(call, secret)
    pairs = [(f"{call.headers['x-wc-webhook-resource']}s", body(call)["id"])]
    return Heard(look=named(pairs), delivery=call.headers.get("x-wc-webhook-delivery-id"))


def _plain(call: Call, _: str) -> Heard:
    """`{"object": ["id", ...]}`; whatever else it says means that all of the account is to be looked at."""
    told = body(call) if call.body else None
    if not isinstance(told, dict) or not told or not all(isinstance(ids, list) for ids in told.values()):
        return Heard()
    return Heard(look=named((obj, id) for obj, ids in told.items() for id in ids or [None]))


PLAIN = Hook(
    hear=signed(Stamped("x-syncline-signature"), _plain),
    made="by hand",
    covers="account",
    steps='Let a program of yours (a trigger, a script) POST {"OBJECT": ["ID", ...]}, or nothing, to this address, '
    "signed with the secret in the header X-Syncline-Signature.",
)
PROOFS: Mapping[str, Hook] = {
    "airtable": Hook(
        hear=signed(
            Signed(header="x-airtable-content-mac", form="hex", prefix="hmac-sha256=", key=b64decode), _airtable
        ),
        covers="account",
    ),  # of a base; macSecretBase64 is in the answer to its creation (`Subscription.secret`), and nowhere later
    "asana": Hook(hear=_asana),
    "notion": Hook(
        hear=_notion,
        made="by hand",
        covers="account",
        steps="Notion: Settings, Connections, the integration, Webhooks: create a subscription with this address, then "
        "enter the verification token that has come here.",
    ),
    "plain": PLAIN,
    "stripe": Hook(
        hear=signed(Stamped("stripe-signature"), _stripe),
        covers="account",
    ),  # its secret is in the answer to the creation of an endpoint (`Subscription.secret`), and nowhere later
    "todoist": Hook(
        hear=signed(Signed(header="x-todoist-hmac-sha256"), _todoist),
        made="by hand",
        covers="account",
        secret="client_secret",  # noqa: S106 - the name of a setting
        steps="Todoist: App Management, your app, Webhooks: enter this address and tick all events of items.",
    ),
    "woocommerce": Hook(hear=_woocommerce, covers="object"),
    "xero": Hook(
        hear=signed(Signed(header="x-xero-signature"), _xero),
        made="by hand",
        covers="account",
        secret="webhook_key",  # noqa: S106 - the name of a setting
        steps="Xero: My Apps, your app, Webhooks: save the webhook key as the setting webhook_key of the connection "
        "first, then enter this address and send the intent to receive.",
    ),
}
"""By app."""


def hook_of(app: str) -> Hook:
    """How the app's calls come about; where it has none of its own, a program of one's own may call. Raises Refused."""
    return getattr(load(app), "hook", PLAIN)
