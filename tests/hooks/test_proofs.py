"""What proves a call of each app, and what does not."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quickbooks import QuickBooks
from stripe import SignatureVerificationError, WebhookSignature

from connectors import names
from connectors.hook import Call, Forged, Heard, Hook
from connectors.proof import TOLERANCE, digest
from connectors.proofs import PLAIN, PROOFS, hook_of
from tests.hooks.senders import ACCOUNT, AT, SECRET, SENDERS, URL, Sender, b64, hexed, made, text, truncated

every = pytest.mark.parametrize("app", SENDERS)


def refused(hook: Hook, call: Call, secret: str = SECRET) -> bool:
    try:
        hook.judge(call, secret)
    except Forged:
        return True
    return False


def test_every_verifier_is_tried_here() -> None:
    """Those of all connectors, and those of apps that have none yet."""
    there = {hook_of(app).hear for app in names()} | {hook.hear for hook in PROOFS.values()}
    assert there == {sender.hook.hear for sender in SENDERS.values()}


@every
def test_a_true_one_says_where_to_look(app: str) -> None:
    sender = SENDERS[app]
    heard = sender.hook.judge(sender.call(), SECRET)
    assert (
        {**heard.look, **heard.named.get(ACCOUNT, {})} == sender.look
        and heard.status < 300
        and not heard.renew
        and heard.secret is None
    )


@every
def test_a_forged_one_is_refused(app: str) -> None:
    sender = SENDERS[app]
    true = sender.call()
    assert refused(sender.hook, sender.call("YW5vdGhlciBzZWNyZXQ="))
    assert refused(sender.hook, sender.call(""))
    assert refused(sender.hook, sender.call(""), ""), "no secret is no proof"
    assert refused(sender.hook, true, ""), "a hook without a secret hears nobody"
    assert refused(sender.hook, replace(true, headers={}, query={}, body=true.body.replace(SECRET.encode(), b"")))
    for name in true.headers:
        if "signature" in name or "hmac" in name or "mac" in name or "token" in name:
            for wrong in ("", "ü", "=", "0" * 64, "t=1,v1=2", true.headers[name] + "0"):
                assert refused(sender.hook, replace(true, headers=dict(true.headers) | {name: wrong}))


@every
def test_another_body_is_refused(app: str) -> None:
    sender = SENDERS[app]
    true = sender.call()
    if app not in ("google_calendar", "outlook_calendar", "mailchimp"):  # whose proof is a secret that comes along
        assert refused(sender.hook, replace(true, body=true.body.replace(b"7", b"8")))
        assert refused(sender.hook, replace(true, body=true.body + b" "))


@every
def test_one_that_was_cut_off_is_refused(app: str) -> None:
    assert refused(SENDERS[app].hook, truncated(SENDERS[app].call()))


@every
def test_an_empty_one_is_refused(app: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert refused(SENDERS[app].hook, made({}, b"", method=method))


@every
def test_a_replayed_one_is_old_or_known(app: str) -> None:
    """Or names nothing that looking again could harm: Graph, Mailchimp and programs of one's own number nothing."""
    sender = SENDERS[app]
    true = sender.call()
    number = sender.hook.judge(true, SECRET).delivery
    assert (number is None) == (sender.again == "heard")
    assert sender.hook.judge(true, SECRET).delivery == number
    assert sender.hook.judge(sender.call(id="8"), SECRET).delivery != number or number is None
    late = replace(true, at=AT + TOLERANCE + timedelta(seconds=1))
    early = replace(true, at=AT - TOLERANCE - timedelta(seconds=1))
    assert refused(sender.hook, late) == refused(sender.hook, early) == (sender.later == "forged")
    assert not refused(sender.hook, replace(true, at=AT + TOLERANCE))


def test_hmac_is_that_of_the_standard() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert digest(b"Jefe", b"what do ya want for nothing?", "hex") == expected


def test_stripe_is_judged_as_stripe_does() -> None:
    """By Stripe's own library, with as many signatures as there are while a secret is being changed."""
    body, stamp = SENDERS["stripe"].call().body, int(AT.timestamp())
    right = hexed(SECRET.encode(), f"{stamp}.".encode() + body)
    for header, fits in [
        (f"t={stamp},v1={right}", True),
        (f"t={stamp},v1={'0' * 64},v1={right},v0=old", True),
        (f"t={stamp},v0={right}", False),
        (f"v1={right}", False),
        (f"t={stamp + 1},v1={right}", False),
        (f"t=x,v1={right}", False),
    ]:
        try:
            theirs = WebhookSignature.verify_header(body, header, SECRET, tolerance=None)
        except SignatureVerificationError:
            theirs = False
        ours = not refused(PROOFS["stripe"], made({"Stripe-Signature": header}, body))
        assert ours == theirs == fits, header


def test_quickbooks_is_judged_as_its_library_does() -> None:
    call = SENDERS["quickbooks"].call()
    validate = QuickBooks.validate_webhook_signature
    assert validate(None, call.body.decode(), call.headers["intuit-signature"], SECRET)
    assert not validate(None, call.body.decode() + " ", call.headers["intuit-signature"], SECRET)


def test_hubspot_decodes_some_of_the_address_before_it_signs() -> None:
    sender = SENDERS["hubspot"]
    signed = sender.call(url="https://sync.example.com/hooks/key?a=(1)&b=x/y,z:@!$'*;&c=100%25&d=%20")
    sent = "https://sync.example.com/hooks/key?a=%281%29&b=x%2fy%2Cz%3A%40%21%24%27%2A%3B&c=100%25&d=%20"
    assert not refused(sender.hook, replace(signed, url=sent))
    assert refused(sender.hook, replace(signed, url=sent.replace("100", "101")))
    assert refused(sender.hook, replace(signed, method="GET"))


@pytest.mark.parametrize(
    ("event", "look"),
    [
        ({"subscriptionType": "deal.creation", "objectId": 1}, {"deals": ("1",)}),
        ({"subscriptionType": "object.deletion", "objectTypeId": "0-2", "objectId": 1}, {"companies": ("1",)}),
        ({"subscriptionType": "ticket.creation", "objectId": 1}, {}),
        ({"subscriptionType": "contact.associationChange", "fromObjectId": 1, "toObjectId": 2}, {"contacts": ()}),
        (
            {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": [2], "newObjectId": 3},
            {"contacts": ("1", "3", "2")},
        ),
    ],
)
def test_events_of_hubspot(event: Mapping[str, Any], look: Mapping[str, Any]) -> None:
    body = text([event])
    stamp = str(int(AT.timestamp() * 1000))
    signature = b64(SECRET.encode(), b"POST" + URL.encode() + body + stamp.encode())
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    assert SENDERS["hubspot"].hook.judge(made(headers, body), SECRET).look == look


def test_quickbooks_names_both_of_a_merge() -> None:
    entity = {"name": "Item", "id": "1", "operation": "Merge", "deletedId": "2"}
    body = text({"eventNotifications": [{"dataChangeEvent": {"entities": [entity]}}]})
    call = made({"intuit-signature": b64(SECRET.encode(), body)}, body)
    assert SENDERS["quickbooks"].hook.judge(call, SECRET).look == {"items": ("1", "2")}


def test_calls_that_name_accounts_are_told_apart() -> None:
    """Of QuickBooks in both forms; what names none is of the account that the address belongs to."""
    entities = [{"name": "Customer", "id": str(number), "operation": "Update"} for number in range(3)]
    old = {
        "eventNotifications": [
            {"dataChangeEvent": {"entities": entities[:1]}},
            {"realmId": "91", "dataChangeEvent": {"entities": entities[1:2]}},
            {"realmId": "92", "dataChangeEvent": {"entities": entities[2:]}},
        ]
    }
    event = {"type": "qbo.customer.updated.v1"}
    new = [
        {**event, "intuitentityid": "0"},
        {**event, "intuitentityid": "1", "intuitaccountid": "91"},
        {**event, "intuitentityid": "2", "intuitaccountid": "92"},
    ]
    for said in (old, new):
        call = made({"intuit-signature": b64(SECRET.encode(), text(said))}, text(said))
        heard = SENDERS["quickbooks"].hook.judge(call, SECRET)
        assert heard.look == {"customers": ("0",)}
        assert heard.named == {"91": {"customers": ("1",)}, "92": {"customers": ("2",)}}


# --- handshakes ----------------------------------------------------------------------------------------------------


def test_graph_gets_its_token_back() -> None:
    hook = SENDERS["outlook_calendar"].hook
    call = made({}, b"", f"{URL}?validationToken=Validation%3A%20Request-Id%3A%201%2B2")
    assert hook.judge(call, SECRET) == Heard(look={}, answer="Validation: Request-Id: 1+2")
    for odd in ("%00", "a%0d%0ab", "%e2%82%ac", "a" * 3000):
        assert refused(hook, made({}, b"", f"{URL}?validationToken={odd}"))


def test_google_says_that_a_channel_begins() -> None:
    sender = SENDERS["google_calendar"]
    true = sender.call()
    begins = replace(true, headers=dict(true.headers) | {"x-goog-resource-state": "sync"})
    assert sender.hook.judge(begins, SECRET).look == {}


def test_asana_brings_its_secret_and_gets_it_back() -> None:
    hook = PROOFS["asana"]
    heard = hook.judge(made({"X-Hook-Secret": "b537207f20cb"}, b"{}"), SECRET)
    assert (heard.secret, heard.headers, heard.look) == ("b537207f20cb", {"X-Hook-Secret": "b537207f20cb"}, {})
    beat = b'{"events": []}'
    alive = hook.judge(made({"X-Hook-Signature": hexed(SECRET.encode(), beat)}, beat), SECRET)
    assert alive.look == {} and alive.delivery is None
    assert refused(hook, made({"X-Hook-Secret": ""}, b"{}"))


def test_notion_brings_its_secret() -> None:
    hook = PROOFS["notion"]
    heard = hook.judge(made({}, text({"verification_token": "secret_tMrlL1qK5vuQ"})), SECRET)
    assert (heard.secret, heard.look) == ("secret_tMrlL1qK5vuQ", {})
    assert refused(hook, made({}, text({"verification_token": ["x"]})))


def test_xero_looks_whether_signatures_are_told_apart() -> None:
    body = b'{"events": [], "lastEventSequence": 0, "firstEventSequence": 0, "entropy": "S0m3r4Nd0mt3xt"}'
    call = made({"x-xero-signature": b64(SECRET.encode(), body)}, body)
    heard = PROOFS["xero"].judge(call, SECRET)
    assert (heard.status, heard.answer, heard.look) == (200, "", {})
    assert refused(PROOFS["xero"], call, "another key")


def test_woocommerce_looks_whether_somebody_is_there() -> None:
    hook = PROOFS["woocommerce"]
    assert hook.judge(made({}, b"webhook_id=12"), SECRET) == Heard(look={})
    for odd in (b"webhook_id=12&x=1", b"webhook_id=", b"webhook_id=12\n"):
        assert refused(hook, made({}, odd))


def test_mailchimp_looks_whether_somebody_is_there() -> None:
    hook = SENDERS["mailchimp"].hook
    assert hook.judge(made({}, b"", f"{URL}?secret={SECRET}", method="GET"), SECRET).look == {}
    assert refused(hook, made({}, b"", f"{URL}?secret=x", method="GET"))


@pytest.mark.parametrize(
    ("said", "look"),
    [
        (b"", {"": ()}),
        (b"{}", {"": ()}),
        (b"[1]", {"": ()}),
        (b'{"contacts": 1}', {"": ()}),
        (b'{"contacts": []}', {"contacts": ()}),
        (b'{"contacts": [1, "2"], "deals": []}', {"contacts": ("1", "2"), "deals": ()}),
    ],
)
def test_programs_of_ones_own_name_records_or_nothing(said: bytes, look: Mapping[str, Any]) -> None:
    stamp = int(AT.timestamp())
    header = f"t={stamp},v1={hexed(SECRET.encode(), f'{stamp}.'.encode() + said)}"
    assert PLAIN.judge(made({"X-Syncline-Signature": header}, said), SECRET).look == look


def test_an_app_without_webhooks_is_spoken_for_by_programs() -> None:
    assert hook_of("csv") is PLAIN and hook_of("hubspot") is SENDERS["hubspot"].hook


# --- whatever comes ------------------------------------------------------------------------------------------------

documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "events", "eventNotifications", "base", "entity", "id", "resource", "data", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
bodies = st.binary(max_size=60) | documents | st.just(b"[" * 100_000)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(app=st.sampled_from(sorted(SENDERS)), body=bodies, data=st.data())
def test_whatever_comes_unsigned_is_refused_or_asks_for_nothing(app: str, body: bytes, data: st.DataObject) -> None:
    sender = SENDERS[app]
    headers = {name: data.draw(st.text(max_size=20)) for name in sender.call().headers}
    try:
        heard = sender.hook.judge(made(headers, body), SECRET)
    except Forged:
        return
    assert heard.look == {} and not heard.renew and heard.delivery is None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(app=st.sampled_from(sorted(SENDERS)), body=bodies)
def test_whatever_an_app_signs_is_heard_or_refused(app: str, body: bytes) -> None:
    sender = SENDERS[app]
    call = resigned(sender, body)
    try:
        heard = sender.hook.judge(call, SECRET)
    except Forged:
        return
    assert all(isinstance(id, str) for ids in heard.look.values() for id in ids)


def resigned(sender: Sender, body: bytes) -> Call:
    """The app signs another body."""
    stamp = int(AT.timestamp())
    key = SECRET.encode()
    fresh = {
        "x-hubspot-signature-v3": b64(key, b"POST" + URL.encode() + body + str(stamp * 1000).encode()),
        "x-shopify-hmac-sha256": b64(key, body),
        "intuit-signature": b64(key, body),
        "x-xero-signature": b64(key, body),
        "x-hook-signature": hexed(key, body),
        "x-notion-signature": f"sha256={hexed(key, body)}",
        "x-airtable-content-mac": f"hmac-sha256={hexed(b64decode(SECRET), body)}",
        "x-todoist-hmac-sha256": b64(key, body),
        "x-wc-webhook-signature": b64(key, body),
        "stripe-signature": f"t={stamp},v1={hexed(key, f'{stamp}.'.encode() + body)}",
        "x-syncline-signature": f"t={stamp},v1={hexed(key, f'{stamp}.'.encode() + body)}",
    }
    true = sender.call()
    return replace(true, body=body, headers={name: fresh.get(name, value) for name, value in true.headers.items()})
