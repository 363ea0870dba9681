"""How each app calls, as its documentation says: written apart from what judges the calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import stripe
from hubspot.utils.signature import Signature

from connectors import load
from connectors.hook import Call, Hook
from connectors.proofs import PROOFS

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://sync.example.com/hooks/key"
SECRET = "c2VjcmV0IG9mIHRoZSBob29r"  # also base64: Airtable's keys are
ACCOUNT = "620"
"""Of which the apps tell that name an account."""
Sent = tuple[dict[str, str], bytes, str]
"""Headers, body, query."""


@dataclass(frozen=True)
class Sender:
    """One app: how it signs what it tells, and where that is to be looked at."""

    hook: Hook
    send: Callable[[str, str, datetime, str], Sent]
    """(secret, id of a record, time, address)."""
    look: Mapping[str, Sequence[str]]
    """Of a message about the record `7`; object "": of all of the account."""
    again: str
    """What a message is that comes again at once, or after an hour: repeated, forged or heard."""
    later: str
    method: str = "POST"

    def call(self, secret: str = SECRET, id: str = "7", at: datetime = AT, url: str = URL) -> Call:
        """As it comes."""
        headers, body, query = self.send(secret, id, at, url)
        return made(headers, body, f"{url}?{query}" if query else url, at, self.method)


def made(headers: Mapping[str, str], body: bytes, url: str = URL, at: datetime = AT, method: str = "POST") -> Call:
    named = {name.lower(): value for name, value in headers.items()}
    query = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    return Call(method=method, url=url, headers=named, query=query, body=body, at=at)


def b64(secret: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()


def hexed(secret: bytes, message: bytes) -> str:
    return hmac.digest(secret, message, "sha256").hex()


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def google(secret: str, id: str, at: datetime, url: str) -> Sent:
    """No body at all. What changed is not told, so a message has no id either: the number stands for it."""
    return (
        {
            "X-Goog-Channel-ID": "channel",
            "X-Goog-Channel-Token": secret,
            "X-Goog-Message-Number": id,
            "X-Goog-Resource-State": "exists",
        },
        b"",
        "",
    )


def graph(secret: str, id: str, at: datetime, url: str) -> Sent:
    item = {"subscriptionId": "s", "clientState": secret, "changeType": "updated", "resourceData": {"id": id}}
    return {}, text({"value": [item, item]}), ""


def hubspot(secret: str, id: str, at: datetime, url: str) -> Sent:
    """Signed by HubSpot's own library. Addresses are signed with some characters decoded."""
    event = {"subscriptionType": "contact.propertyChange", "objectId": int(id), "portalId": int(ACCOUNT)}
    body, stamp = text([event]), _ms(at)
    signature = Signature.get_signature(secret, body.decode(), "v3", url, "POST", stamp)
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}, body, ""


def shopify(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"id": int(id), "title": "Mug"})
    headers = {"X-Shopify-Topic": "products/update", "X-Shopify-Webhook-Id": f"{id}{at}"}
    return headers | {"X-Shopify-Hmac-Sha256": b64(secret.encode(), body)}, body, ""


def stripe_(secret: str, id: str, at: datetime, url: str) -> Sent:
    """Signed by Stripe's own library."""
    body = text({"id": f"evt_{id}", "object": "event", "data": {"object": {"object": "customer", "id": id}}})
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    return {"Stripe-Signature": made}, body, ""


def quickbooks(secret: str, id: str, at: datetime, url: str) -> Sent:
    entity = {"name": "Customer", "id": id, "operation": "Update", "lastUpdated": at.isoformat()}
    body = text({"eventNotifications": [{"realmId": ACCOUNT, "dataChangeEvent": {"entities": [entity]}}]})
    return {"intuit-signature": b64(secret.encode(), body)}, body, ""


def cloudevents(secret: str, id: str, at: datetime, url: str) -> Sent:
    event = {"specversion": "1.0", "id": "e", "type": "qbo.customer.updated.v1", "intuitentityid": id}
    event["intuitaccountid"] = ACCOUNT
    body = text([event, {**event, "type": "qbo.invoice.created.v1", "intuitentityid": "95"}])
    return {"intuit-signature": b64(secret.encode(), body)}, body, ""


def xero(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"events": [{"resourceId": id, "eventCategory": "CONTACT"}], "entropy": "S0m3r4Nd0mt3xt"})
    return {"x-xero-signature": b64(secret.encode(), body)}, body, ""


def asana(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"events": [{"action": "changed", "resource": {"gid": id, "resource_type": "task"}}]})
    return {"X-Hook-Signature": hexed(secret.encode(), body)}, body, ""


def airtable(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"base": {"id": "app1"}, "webhook": {"id": id}, "timestamp": at.isoformat()})
    return {"X-Airtable-Content-MAC": f"hmac-sha256={hexed(base64.b64decode(secret), body)}"}, body, ""


def notion(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"id": f"event-{id}", "type": "page.content_updated", "entity": {"id": id, "type": "page"}})
    return {"X-Notion-Signature": f"sha256={hexed(secret.encode(), body)}"}, body, ""


def todoist(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"event_name": "item:updated", "event_data": {"id": id}})
    return {"X-Todoist-Hmac-SHA256": b64(secret.encode(), body), "X-Todoist-Delivery-ID": id}, body, ""


def woocommerce(secret: str, id: str, at: datetime, url: str) -> Sent:
    body = text({"id": int(id), "name": "Mug"})
    headers = {"X-WC-Webhook-Resource": "product", "X-WC-Webhook-Delivery-ID": id}
    return headers | {"X-WC-Webhook-Signature": b64(secret.encode(), body)}, body, ""


def mailchimp(secret: str, id: str, at: datetime, url: str) -> Sent:
    form = {"type": "profile", "fired_at": "2026-11-23 12:00:00", "data[id]": id, "data[email]": "a@example.org"}
    return {}, urlencode(form).encode(), urlencode({"secret": secret})


def plain(secret: str, id: str, at: datetime, url: str) -> Sent:
    body, stamp = text({"things": [id]}), int(at.timestamp())
    signature = hexed(secret.encode(), f"{stamp}.".encode() + body)
    return {"X-Syncline-Signature": f"t={stamp},v1={signature}"}, body, ""


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _of(app: str) -> Hook:
    found = load(app).hook  # type: ignore[attr-defined]
    assert isinstance(found, Hook)
    return found


WHOLE: Mapping[str, Sequence[str]] = {"": ()}
SENDERS = {
    "google_calendar": Sender(_of("google_calendar"), google, WHOLE, "repeated", "repeated"),
    "outlook_calendar": Sender(_of("outlook_calendar"), graph, WHOLE, "heard", "heard"),
    "hubspot": Sender(_of("hubspot"), hubspot, {"contacts": ("7",)}, "repeated", "forged"),
    "shopify": Sender(_of("shopify"), shopify, {"products": ("7",)}, "repeated", "repeated"),
    "stripe": Sender(PROOFS["stripe"], stripe_, {"customers": ("7",)}, "repeated", "forged"),
    "quickbooks": Sender(_of("quickbooks"), quickbooks, {"customers": ("7",)}, "repeated", "repeated"),
    "quickbooks, as CloudEvents": Sender(_of("quickbooks"), cloudevents, {"customers": ("7",)}, "repeated", "repeated"),
    "xero": Sender(PROOFS["xero"], xero, {"contacts": ("7",)}, "repeated", "repeated"),
    "asana": Sender(PROOFS["asana"], asana, {"tasks": ("7",)}, "repeated", "repeated"),
    "airtable": Sender(PROOFS["airtable"], airtable, WHOLE, "repeated", "repeated"),
    "notion": Sender(PROOFS["notion"], notion, {"pages": ("7",)}, "repeated", "repeated"),
    "todoist": Sender(PROOFS["todoist"], todoist, {"tasks": ("7",)}, "repeated", "repeated"),
    "woocommerce": Sender(PROOFS["woocommerce"], woocommerce, {"products": ("7",)}, "repeated", "repeated"),
    "mailchimp": Sender(_of("mailchimp"), mailchimp, WHOLE, "heard", "heard"),
    "plain": Sender(PROOFS["plain"], plain, {"things": ("7",)}, "heard", "forged"),
}


def truncated(call: Call) -> Call:
    """Cut off in transfer; where there is no body, the secret is."""
    if call.body and "secret" not in call.query:
        return replace(call, body=call.body[:-1])
    headers = {name: value[:-1] if "token" in name else value for name, value in call.headers.items()}
    return replace(call, headers=headers, query={name: value[:-1] for name, value in call.query.items()})
