"""Webhooks: one subscription for each of created, changed and deleted. They do not expire, but Shopify ends one whose
address has failed for some hours: looking every day finds that.

They are signed with the secret of the app, not with one of ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.hook import Call, Heard, Hook, Subscription
from connectors.proof import Signed, body, named, signed
from connectors.shopify.api import Api
from connectors.shopify.kind import Kind
from engine.contract import Invalid, Missing

LIFE = timedelta(days=1)
EVENTS = ("CREATE", "UPDATE", "DELETE")
_LIST = """query($topics: [WebhookSubscriptionTopic!], $uri: String) {
  webhookSubscriptions(first: 50, topics: $topics, uri: $uri) { nodes { id topic } } }"""
_CREATE = """mutation($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri, format: JSON}) {
    webhookSubscription { id } userErrors { field message } } }"""
_DELETE = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { userErrors { field message } } }"


def subscribe(api: Api, kind: Kind, url: str) -> Subscription:
    """Its id are all ids, joined. Those that are there already are taken as they are."""
    topics = [f"{kind.obj.upper()}_{event}" for event in EVENTS]
    there = {
        each["topic"]: each["id"] for each in api.query(_LIST, topics=topics, uri=url)["webhookSubscriptions"]["nodes"]
    }
    for topic in topics:
        if topic not in there:
            made = api.do(_CREATE, idempotent=False, topic=topic, uri=url)
            there[topic] = made["webhookSubscription"]["id"]
    return Subscription(",".join(str(there[topic]) for topic in topics), datetime.now(UTC) + LIFE)


def renew(api: Api, subscription: str) -> Subscription:
    """The same, to be looked at again later; raises Missing where Shopify has ended one of them."""
    ids = subscription.split(",")
    if None in api.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]:
        raise Missing("Shopify has ended the subscription, as its address did not answer.")
    return Subscription(subscription, datetime.now(UTC) + LIFE)


def unsubscribe(api: Api, subscription: str) -> None:
    """Ends them; unknown ones are ignored."""
    for id in subscription.split(","):
        try:
            api.do(_DELETE, id=id)
        except (Missing, Invalid):
            continue


def _heard(call: Call, _: str) -> Heard:
    """The number of the message is not signed: one who has seen a message can have it looked at twice, and no more."""
    obj = call.headers["x-shopify-topic"].partition("/")[0]
    return Heard(look=named([(obj, body(call)["id"])]), delivery=call.headers.get("x-shopify-webhook-id"))


HOOK = Hook(
    hear=signed(Signed(header="x-shopify-hmac-sha256"), _heard),
    covers="object",
    secret="client_secret",  # noqa: S106 - the name of a setting
)
