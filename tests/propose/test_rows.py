"""What is proposed for fields of each shape, and what is left to a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.contract import Field
from engine.propose import Seen, text
from engine.yamlfile import load_mapping
from tests.propose.apps import doubts, proposed, rows, seen, side


def means(word, kind="text", **more):
    return Field(type=kind, means=f"contact.{word}", **more)


def table(**words):
    return {name: means(name, kind) for name, kind in words.items()}


BOOK = table(given_name="text", family_name="text", emails="emails", phones="phones", addresses="addresses")


def test_one_value_against_a_list_is_the_main_one_or_the_one_with_the_label():
    made = rows(proposed(book=side(**BOOK), crm=side(**table(email="email", phone="phone", mobile="phone"))))
    assert made["email"] == {"book": "emails", "crm": "email"}
    assert made["phone"]["via"] == {"book": [{"pick": ["work", "main", "other", None]}]}
    assert made["mobile"]["via"] == {"book": [{"pick": "mobile"}]}


def test_lists_are_merged_by_key():
    made = rows(proposed(one=side(**BOOK), other=side(**BOOK)))
    assert (made["emails"]["each"], made["addresses"]["each"]) == ("value", "label")


def test_names_and_addresses_in_parts_against_a_whole():
    crm = table(given_name="text", family_name="text", street="text", city="text", email="email")
    shop = table(full_name="text", address="address", email="email")
    made = rows(proposed(crm=side(**crm), shop=side(**shop)))
    assert made["name"] == {"crm": ["given_name", "family_name"], "shop": "full_name"}
    assert made["address"] == {"crm": ["street", "city"], "shop": "address"}


def test_what_can_only_be_read_goes_one_way_and_consent_is_left_to_a_person():
    one = side(email=means("email", "email"), notes=means("notes", writable=False), ok=means("consent", "choice"))
    other = side(email=means("email", "email"), notes=means("notes"), ok=means("consent", "choice"))
    made = proposed(one=one, other=other)
    assert rows(made)["notes"]["to"] == "other"
    assert "to" not in rows(made)["email"]
    assert "decided in one place" in doubts(made)["consent"]


def test_a_required_field_that_no_row_fills_is_told_and_nothing_is_created_there(tmp_path):
    made = proposed(one=side(email=means("email", "email")), other=side(email=means("email", "email"), tier=Field(
        type="choice", choices={"a": "A"}, required=True)))  # fmt: skip
    assert made.creates == ["one"]
    assert "'tier'" in made.warnings[0]
    assert "put the right value in" in doubts(made)["tier"]
    (tmp_path / "x.yaml").write_text(text(made, "x"))
    assert load_mapping(tmp_path / "x.yaml").creates_at("other") is False


def test_custom_fields_by_name_and_look_alikes_as_comments(tmp_path):
    seen = [{"flavour": word, "colour": word, "hue": word} for word in ("red", "green", "blue", "white")]
    one = side(seen, email=means("email", "email"), ShirtSize__c="text", hue="text")
    other = side(seen, email=means("email", "email"), shirt_size="text", flavour="text")
    made = proposed(one=one, other=other)
    assert rows(made)["shirt_size"] == {"one": "ShirtSize__c", "other": "shirt_size"}
    assert "100% of the values" in doubts(made)["hue"]
    written = text(made, "x")
    assert "# hue: {one: hue, other: flavour}" in written
    (tmp_path / "x.yaml").write_text(written.replace("  # hue:", "  hue:"))
    assert "hue" in load_mapping(tmp_path / "x.yaml").fields, "a line without its sign is a row"
    assert "red" not in written, "samples are not kept"


def test_choices_are_tied_by_words():
    one = Field(type="choice", choices={"1": "New", "2": "Won", "3": "Other"})
    other = Field(type="choice", choices={"n": "new", "w": "WON", "o": "Other", "x": "Frozen"})
    email = means("email", "email")
    made = proposed(one=side(email=email, stage=one), other=side(email=email, stage=other))
    via = rows(made)["stage"]["via"]["other"][0]
    assert via == {"table": {"n": "New", "w": "Won", "o": "Other"}, "default": "Other"}
    assert "Other" in made.rows[-1].reason and "x as Other" in made.rows[-1].reason


def test_choices_that_apps_call_differently_are_tied_by_what_they_are():
    one = Field(
        type="choice", means="deal.stage", choices={"appt": "Appointment Scheduled", "w": "Closed Won", "7": "Due"}
    )
    other = Field(type="choice", means="deal.stage", choices={"Prospecting": "Prospecting", "Closed Won": "Closed Won"})
    name = Field(type="text", means="deal.name")
    made = rows(proposed(one=side(name=name, stage=one), other=side(name=name, stage=other)))["stage"]["via"]
    assert made["one"] == [{"table": {"appt": "prospecting", "w": "won"}, "default": "prospecting"}]
    assert made["other"] == [{"table": {"Prospecting": "prospecting", "Closed Won": "won"}}]


def test_amounts_against_numbers():
    sku = Field(type="text", means="product.sku")
    table, plain = side(sku=sku, price=Field(type="number")), Field(type="money", means="product.price", dialect="text")
    euros = Field(type="money", means="product.price", dialect="text", currency="EUR")
    assert rows(proposed(one=table, other=side(sku=sku, price=euros)))["price"]["via"] == {"one": [{"money": "EUR"}]}
    assert rows(proposed(one=table, other=side(sku=sku, price=plain)))["price"]["via"] == {"other": [{"round": 2}]}


def test_a_part_that_can_only_be_read_does_not_hold_up_the_whole():
    shop = {**table(street="text", city="text", email="email"), "province": means("region", writable=False)}
    made = proposed(one=side(**shop), other=side(**table(address="address", email="email")))
    assert rows(made)["address"] == {"one": ["street", "city"], "other": "address"}
    assert ("one", "province", "can only be read, and the whole is written") in {
        (one.side, one.native, one.why) for one in made.left
    }


def test_a_whole_name_goes_into_parts_of_limited_length():
    parts = {"given": means("given_name", max_length=10), "last": means("family_name", max_length=10)}
    made = rows(proposed(one=side(**parts), other=side(name=means("full_name"))))
    assert made["name"] == {"one": ["given", "last"], "other": "name"}


def test_variants_are_merged_by_article_number():
    shop = seen("shopify", "products")
    assert rows(proposed(one=shop, other=shop))["variants"]["each"] == "sku"


def test_an_app_that_refuses_what_is_not_complete_only_gives_it():
    members = Seen("mailchimp", "members", side(**table(address="address", email="email")).schema)
    made = proposed(list=members, crm=side(**table(street="text", city="text", email="email")))
    assert rows(made)["address"]["to"] == "crm"
    assert "not complete" in next(row.reason for row in made.rows if row.name == "address")


def test_an_app_that_keeps_less_only_takes_it():
    members = Seen("mailchimp", "members", side(**table(birthday="date", email="email")).schema)
    made = rows(proposed(crm=side(**table(birthday="date", email="email")), list=members))
    assert made["birthday"]["to"] == "list"


def test_a_short_field_for_titles_is_no_part_of_a_whole_name():
    parts = {"title": means("prefix", max_length=16), **table(given_name="text", family_name="text")}
    made = proposed(one=side(**parts), other=side(name=means("full_name")))
    assert rows(made)["name"] == {"one": ["given_name", "family_name"], "other": "name"}
    assert "title" in {one.native for one in made.left}


@pytest.mark.parametrize("strange", ["to", "via", "Größe: 1", "a#b", "on", "2026-11-23", "x\ny"])
def test_any_name_of_a_field_can_be_written(tmp_path, strange):
    fields = {"email": means("email", "email"), strange: Field(type="text")}
    made = proposed(one=side(**fields), other=side(**fields))
    (tmp_path / "x.yaml").write_text(text(made, "x"))
    found = load_mapping(tmp_path / "x.yaml")
    assert strange in {name for row in found.fields.values() for name in row.native("one")}


def test_without_anything_in_common_there_is_no_row():
    assert proposed(one=side(a="text"), other=side(b="number")).rows == []


def test_what_tells_no_records_apart_is_told():
    made = proposed(one=side(size="text"), other=side(size="text"))
    assert list(made.match) == []
    assert "doubled" in made.warnings[-1]


@pytest.mark.parametrize(
    ("silent", "rule", "said"),
    [
        ("", "newest", "the later edit stays"),
        ("b", "a", "b cannot tell when a record was changed"),
        ("ab", "ask", "a and b cannot tell when"),
    ],
)
def test_a_side_that_cannot_tell_when_decides_no_conflict(tmp_path, silent, rule, said):
    sides = {name: replace(side(name=means("contact.full_name")), dated=name not in silent) for name in "ab"}
    written = text(proposed(**sides), "people")
    assert said in written
    (tmp_path / "people.yaml").write_text(written, encoding="utf-8")
    assert load_mapping(tmp_path / "people.yaml").conflicts == rule


@pytest.mark.parametrize(
    "columns",
    [
        ("Vorname", "Nachname", "Telefon", "Handy", "Straße", "PLZ", "Ort", "Firma"),
        ("vorname", "nachname", "telefonnummer", "mobil", "strasse", "postleitzahl", "stadt", "unternehmen"),
    ],
)
def test_german_columns_are_known_by_their_names(columns):
    phones = {"phone": "phone", "mobile": "phone"}
    words = ("given_name", "family_name", *phones, "street", "postcode", "city", "company")
    crm = side(**table(**{word: phones.get(word, "text") for word in words}))
    made = proposed(crm=crm, sheet=side(**dict.fromkeys(columns, "text")))
    assert {row.sides["crm"]: row.sides["sheet"] for row in made.rows} == {
        (word,): (column,) for word, column in zip(words, columns, strict=True)
    }
