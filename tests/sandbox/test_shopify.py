"""The stand-in of Shopify, driven by Shopify's own client library: its GraphQL requests, as strangers write them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

import httpx
import pytest

from sandbox import start
from sandbox.shopify.server import SECRET
from tests.connectors.hook_receiver import letters

with warnings.catch_warnings():  # the library and its own libraries are older than Python 3.12's warnings
    warnings.simplefilter("ignore")
    import shopify

__all__ = ["letters"]
SET = """mutation($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier, synchronous: true) {
    product { id title handle tags vendor status updatedAt descriptionHtml hasOnlyDefaultVariant options { name values }
      variants(first: 10) { nodes { id title sku price selectedOptions { name value } } } }
    userErrors { field message code } } }"""
CUSTOMER = """mutation($input: CustomerInput!) { customerCreate(input: $input) {
  customer { id displayName defaultEmailAddress { emailAddress marketingState } defaultPhoneNumber { phoneNumber }
    defaultAddress { id province countryCodeV2 } }
  userErrors { field message } } }"""


@dataclass
class Admin:
    """Shopify's client for the stand-in, and plain HTTP."""

    http: httpx.Client

    def run(self, query: str, **variables: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(shopify.GraphQL().execute(query, variables))
        return answer

    def do(self, query: str, **variables: Any) -> Any:
        """The value of the only field of an answer without errors."""
        answer = self.run(query, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        assert not value.get("userErrors"), value
        return value

    def refused(self, query: str, **variables: Any) -> dict[str, Any]:
        """The only user error of a mutation."""
        (value,) = self.run(query, **variables)["data"].values()
        (error,) = value["userErrors"]
        return dict(error)

    def make(self, **given: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.do(SET, input=given)["product"]
        return made

    def set(self, **values: Any) -> None:
        assert self.http.post("/_shopify/set", json=values).status_code == 200

    def control(self, path: str, **body: Any) -> None:
        assert self.http.post(f"/_control/{path}", json=body).status_code == 200


@pytest.fixture
def admin() -> Iterator[Admin]:
    with start("shopify") as server, httpx.Client(base_url=server.url) as http:
        session = shopify.Session("stand-in.myshopify.com", "2024-10", server.token)
        shopify.ShopifyResource.activate_session(session)
        shopify.ShopifyResource.site = f"{server.url}/admin/api/2026-07"
        yield Admin(http)
        shopify.ShopifyResource.clear_session()


def test_a_product_is_made_read_changed_and_deleted(admin):
    made = admin.make(
        title=" Zoë's  Mug! ", tags=[" Red", "red", "Blue"], descriptionHtml="<p>Big<script>1</script></p>"
    )
    assert (made["title"], made["handle"], made["vendor"]) == ("Zoë's  Mug!", "zoe-s-mug", "Stand-in Ltd")
    assert (made["tags"], made["descriptionHtml"], made["hasOnlyDefaultVariant"]) == (
        ["Blue", "Red"],
        "<p>Big</p>",
        True,
    )
    assert made["variants"]["nodes"][0]["price"] == "0.00"
    update = """mutation($product: ProductUpdateInput!) { productUpdate(product: $product) {
      product { title handle } userErrors { field message } } }"""
    changed = admin.do(update, product={"id": made["id"], "title": "Cup"})["product"]
    assert changed == {"title": "Cup", "handle": "zoe-s-mug"}
    delete = "mutation($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { field message } } }"
    assert admin.do(delete, id=made["id"])["deletedProductId"] == made["id"]
    assert admin.refused(delete, id=made["id"])["field"] == ["id"]
    assert admin.run("query($id: ID!) { product(id: $id) { id } }", id=made["id"])["data"] == {"product": None}


def test_handles_are_unique(admin):
    assert [admin.make(title="Mug")["handle"] for _ in range(3)] == ["mug", "mug-1", "mug-2"]
    assert admin.refused(SET, input={"title": "Mug", "handle": "Mug"})["code"] == "HANDLE_NOT_UNIQUE"


def test_a_set_is_the_whole_list_of_variants(admin):
    options = [{"name": "Size", "values": [{"name": "S"}, {"name": "M"}]}]

    def variant(size, **more):
        return {"optionValues": [{"optionName": "Size", "name": size}], **more}

    made = admin.make(
        title="Shirt", productOptions=options, variants=[variant("S", sku="S-1", price="9.5"), variant("M")]
    )
    small, medium = made["variants"]["nodes"]
    assert (small["title"], small["sku"], small["price"], medium["price"]) == ("S", "S-1", "9.50", "0.00")
    kept = variant("S", id=small["id"], price="10")
    again = admin.do(SET, identifier={"id": made["id"]}, input={"productOptions": options, "variants": [kept]})[
        "product"
    ]
    assert [(each["id"], each["sku"], each["price"]) for each in again["variants"]["nodes"]] == [
        (small["id"], "S-1", "10.00")
    ]
    twice = {"title": "Twice", "productOptions": options, "variants": [variant("S"), variant("S")]}
    assert admin.refused(SET, input=twice)["message"] == "The variant 'S' already exists."
    assert admin.refused(SET, input={"title": "Half", "variants": [variant("S")]})["code"] == "VARIANTS_INPUT_MISSING"


def test_a_custom_id_is_defined_first_and_is_one_product(admin):
    one = {"customId": {"namespace": "erp", "key": "id", "value": "A-1"}}
    answer = admin.run(SET, input={"title": "Mug"}, identifier=one)
    assert "definition" in answer["errors"][0]["message"]
    define = """mutation($d: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $d) {
      createdDefinition { id } userErrors { code } } }"""
    given = {"namespace": "erp", "key": "id", "name": "Id", "ownerType": "PRODUCT", "type": "id"}
    admin.do(define, d=given)
    assert admin.refused(define, d=given) == {"code": "TAKEN"}
    made, again = (admin.do(SET, input={"title": title}, identifier=one)["product"] for title in ("Mug", "Cup"))
    assert (again["id"], again["title"]) == (made["id"], "Cup")
    find = """query($i: ProductIdentifierInput!) { productByIdentifier(identifier: $i) {
      id metafield(namespace: "erp", key: "id") { value } } }"""
    assert admin.do(find, i=one) == {"id": made["id"], "metafield": {"value": "A-1"}}
    metafield = {"namespace": "erp", "key": "id", "type": "id", "value": "A-1"}
    assert (
        admin.refused(SET, input={"title": "Other", "metafields": [metafield]})["message"]
        == "Value has already been taken"
    )


def test_customers_have_one_address_and_number_each(admin):
    place = {"address1": "1 Main St", "provinceCode": "TN", "countryCode": "US"}
    given = {"firstName": "Ada", "email": "ADA@example.org", "phone": "+49 (30) 123456", "addresses": [place]}
    made = admin.do(CUSTOMER, input=given)["customer"]
    assert made["defaultEmailAddress"] == {"emailAddress": "ada@example.org", "marketingState": "NOT_SUBSCRIBED"}
    assert made["defaultPhoneNumber"] == {"phoneNumber": "+4930123456"}
    assert (made["defaultAddress"]["province"], made["defaultAddress"]["countryCodeV2"]) == ("Tennessee", "US")
    for wrong, field in (
        ({"email": "ada@example.org"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"lastName": "<b>"}, "lastName"),
    ):
        assert admin.refused(CUSTOMER, input={"firstName": "Eve", **wrong})["field"][-1] == field
    assert admin.refused(CUSTOMER, input={"note": "nobody"})["field"] is None


def test_lists_by_time_of_change_in_pages(admin):
    ids = []
    for second in range(3):
        admin.control("now", now=f"2026-11-02T12:00:0{second}+00:00")
        ids.append(admin.make(title=f"Nr {second}")["id"])
    query = """query($after: String, $found: String) {
      products(first: 2, after: $after, query: $found, sortKey: UPDATED_AT) {
        nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""
    page = admin.do(query)
    assert [each["id"] for each in page["nodes"]] == ids[:2] and page["pageInfo"]["hasNextPage"]
    rest = admin.do(query, after=page["pageInfo"]["endCursor"])
    assert [each["id"] for each in rest["nodes"]] == ids[2:] and not rest["pageInfo"]["hasNextPage"]
    late = admin.do(query, found="updated_at:>='2026-11-02T12:00:01Z'")
    assert [each["updatedAt"] for each in late["nodes"]] == ["2026-11-02T12:00:01Z", "2026-11-02T12:00:02Z"]
    admin.set(lag=2)
    assert [each["id"] for each in admin.do(query, found="updated_at:>='2026-11-02T12:00:00Z'")["nodes"]] == ids[:1]


def test_points_are_counted_and_run_out(admin):
    admin.control("now", now="2026-11-02T12:00:00+00:00")
    query = "{ products(first: 100) { nodes { id variants(first: 5) { nodes { id } } } } }"
    cost = admin.run(query)["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 600 and cost["actualQueryCost"] <= 600
    assert admin.run(query.replace("100", "200"))["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    admin.set(level=100, rate=50)
    answer = admin.run(query)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED" and "data" not in answer
    assert answer["extensions"]["cost"]["throttleStatus"] == {
        "maximumAvailable": 20_000.0, "currentlyAvailable": 100.0, "restoreRate": 50.0,
    }  # fmt: skip
    admin.control("now", now="2026-11-02T12:00:10+00:00")
    assert "data" in admin.run(query)


def test_what_the_schema_does_not_know_is_refused(admin):
    assert "Cannot query field 'name'" in admin.run("{ products(first: 1) { nodes { name } } }")["errors"][0]["message"]
    error = admin.run(SET, input={"title": "Mug", "status": "SOLD"})["errors"][0]
    assert error["extensions"]["problems"][0]["path"] == ["status"]


def test_webhooks_are_signed(admin, letters):
    address, told = letters
    subscribe = """mutation($uri: String!) {
      webhookSubscriptionCreate(topic: PRODUCTS_DELETE, webhookSubscription: {uri: $uri}) {
        webhookSubscription { id } userErrors { message } } }"""
    admin.do(subscribe, uri=address)
    assert "already been taken" in admin.refused(subscribe, uri=address)["message"]
    made = admin.make(title="Mug")
    admin.do("mutation($id: ID!) { productDelete(input: {id: $id}) { userErrors { message } } }", id=made["id"])
    headers, body = told.get(timeout=5)
    assert json.loads(body) == {"id": int(made["id"].rpartition("/")[2])}
    assert headers["X-Shopify-Topic"] == "products/delete"
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    assert base64.b64decode(headers["X-Shopify-Hmac-Sha256"]) == signature


def test_a_token_that_is_not_one(admin):
    shopify.ShopifyResource.activate_session(shopify.Session("stand-in.myshopify.com", "2024-10", "wrong"))
    shopify.ShopifyResource.site = f"{admin.http.base_url}/admin/api/2026-07".replace("//admin", "/admin")
    with pytest.raises(HTTPError) as caught:
        admin.run("{ shop { name } }")
    assert caught.value.code == 401
    caught.value.close()


def test_an_app_signs_in_as_itself(admin):
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET}
    token = admin.http.post("/admin/oauth/access_token", data=form).json()["access_token"]
    headers = {"X-Shopify-Access-Token": token}
    answer = admin.http.post("/admin/api/2026-07/graphql.json", json={"query": "{ shop { name } }"}, headers=headers)
    assert answer.json()["data"] == {"shop": {"name": "Stand-in Ltd"}}
