"""Webhooks: one subscription for each of created, changed and deleted. They do not expire, but Shopify ends one whose
address has failed for some hours: looking every day finds that.

They are signed with the secret of the app, not with one of ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.shopify.api import Api
from connectors.shopify.kind import Kind
from engine.contract import Invalid, Missing, Refused

LIFE = timedelta(days=1)
EVENTS = ("CREATE", "UPDATE", "DELETE")
_LIST = """query($topics: [WebhookSubscriptionTopic!], $uri: String) {
  webhookSubscriptions(first: 50, topics: $topics, uri: $uri) { nodes { id topic } } }"""
_CREATE = """mutation($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri, format: JSON}) {
    webhookSubscription { id } userErrors { field message } } }"""
_DELETE = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { userErrors { field message } } }"


def subscribe(api: Api, kind: Kind, url: str) -> tuple[str, datetime]:
    """The ids, joined, and when to look again. Those that are there already are taken as they are."""
    topics = [f"{kind.obj.upper()}_{event}" for event in EVENTS]
    there = {
        each["topic"]: each["id"] for each in api.query(_LIST, topics=topics, uri=url)["webhookSubscriptions"]["nodes"]
    }
    for topic in topics:
        if topic not in there:
            made = api.do(_CREATE, idempotent=False, topic=topic, uri=url)
            there[topic] = made["webhookSubscription"]["id"]
    return ",".join(str(there[topic]) for topic in topics), datetime.now(UTC) + LIFE


def renew(api: Api, subscription: str) -> datetime:
    """When to look again; raises Missing where Shopify has ended one of them."""
    ids = subscription.split(",")
    if None in api.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]:
        raise Missing("Shopify has ended the subscription, as its address did not answer.")
    return datetime.now(UTC) + LIFE


def unsubscribe(api: Api, subscription: str) -> None:
    """Ends them; unknown ones are ignored."""
    for id in subscription.split(","):
        try:
            api.do(_DELETE, id=id)
        except (Missing, Invalid):
            continue


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> Sequence[str]:
    """The id of the record that the message is about; raises Refused where it is not signed with the secret."""
    given = {name.lower(): value for name, value in headers.items()}.get("x-shopify-hmac-sha256", "")
    expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, given.encode()):
        raise Refused("The message is not signed with the secret of the app (client_secret).")
    try:
        return [str(json.loads(body)["id"])]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("This is not a webhook of Shopify about a record.") from error
