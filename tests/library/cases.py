"""What is done with each mapping of the library: the words of each app for the same few things.

A case is a record that all sides have (`both`), one that only this side has (`own`), an edit of a field of its own on
each side (`edit`), and what the common record shows there when all edits have travelled (`wants`, native fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.library.hands import (
    Books,
    Clerk,
    Customers,
    Dav,
    Folder,
    HubSpot,
    People,
    Rest,
    Rows,
    Seller,
    Sheet,
    Shop,
    ToDo,
)


@dataclass(frozen=True)
class At:
    """One side of a case."""

    app: str
    hand: Any
    path: str
    """What the hand needs to know: the collection."""
    name: str
    """The native field by which a record is called in the case."""
    both: Any
    own: Any
    edit: Any
    wants: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """`first` and `both`: the name of the common record before the edits and after them."""

    sides: Mapping[str, At]
    first: str
    names: Mapping[str, str]
    """Side -> the name of its own record."""
    gone: str
    """The side whose own record is deleted there."""
    both: str = ""
    """The same as `first` unless the name is edited."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "both", self.both or self.first)


def _person(first: str, last: str, **more: Any) -> dict[str, Any]:
    """As Google has it."""
    return {"names": [{"givenName": first, "familyName": last}], **more}


CONTACTS = Case(
    sides={
        "google": At(
            "google_contacts",
            People,
            "",
            "familyName",
            _person("Ada", "Lovelace", emailAddresses=[{"value": "ada@example.org", "type": "work"}]),
            _person("Kim", "Lee", birthdays=[{"date": {"year": 1985, "month": 4, "day": 12}}]),
            {"organizations": [{"name": "Engines Ltd", "title": "Analyst"}]},
            {"nickname": "Addie", "notes": "Met in Lisbon", "company": "Engines Ltd"},
        ),
        "outlook": At(
            "outlook_contacts",
            Rest,
            "v1.0/me/contacts",
            "surname",
            {"givenName": "Ada", "surname": "Lovelace", "emailAddresses": [{"address": "Ada@example.org"}]},
            {"givenName": "Bob", "surname": "Miller", "mobilePhone": "+49 171 1234567", "categories": ["VIP"]},
            {"nickName": "Addie"},
            {"companyName": "Engines Ltd", "jobTitle": "Analyst", "personalNotes": "Met in Lisbon"},
        ),
        "carddav": At(
            "carddav",
            Dav,
            "carddav",
            "family_name",
            ["FN:Ada Lovelace", "N:Lovelace;Ada;;;", "EMAIL;TYPE=WORK:ada@example.org"],
            ["FN:José García", "N:García;José;;;", "ADR;TYPE=HOME:;;Calle 1;Madrid;;28001;Spain"],
            ["NOTE:Met in Lisbon"],
            {"nickname": "Addie", "org": "Engines Ltd", "title": "Analyst"},
        ),
    },
    first="Lovelace",
    names={"google": "Lee", "outlook": "Miller", "carddav": "García"},
    gone="outlook",
)
TASKS = Case(
    sides={
        "google": At(
            "google_tasks",
            Rest,
            "tasks/v1/lists/@default/tasks",
            "title",
            {"title": "Send the budget", "due": "2026-12-01T00:00:00.000Z"},
            {"title": "Call Kim", "notes": "First this,\nthen that"},
            {"notes": "Ask Ada"},
            {"status": "completed"},
        ),
        "todo": At(
            "microsoft_todo",
            ToDo,
            "",
            "title",
            {"title": "Send the budget", "dueDateTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"}},
            {"title": "Book a room", "importance": "high", "categories": ["Work"]},
            {"status": "completed"},
            {"body": "Ask Ada", "categories": ["Money"]},
        ),
        "caldav": At(
            "caldav",
            Dav,
            "caldav",
            "summary",
            ["SUMMARY:Send the budget", "DUE;VALUE=DATE:20261201"],
            ["SUMMARY:Water the plants", "STATUS:IN-PROCESS", "PRIORITY:9"],
            ["CATEGORIES:Money"],
            {"description": "Ask Ada", "status": "COMPLETED"},
        ),
    },
    first="Send the budget",
    names={"google": "Call Kim", "todo": "Book a room", "caldav": "Water the plants"},
    gone="todo",
)
MAILCHIMP = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/contacts",
            "lastname",
            {"email": "ada@example.org", "lastname": "Lovelace"},
            {"email": "kim@example.org", "firstname": "Kim", "lastname": "Lee"},
            {"firstname": "Ada"},
            {"lastname": "King", "email": "ada@example.org"},
        ),
        "mailchimp": At(
            "mailchimp",
            Rest,
            "3.0/lists/a1b2c3d4e5/members",
            "LNAME",
            {"email_address": "Ada@example.org", "status": "subscribed", "merge_fields": {"LNAME": "Lovelace"}},
            {"email_address": "bob@example.org", "status": "unsubscribed", "merge_fields": {"LNAME": "Miller"}},
            {"merge_fields": {"LNAME": "King"}},
            {"FNAME": "Ada", "status": "subscribed"},
        ),
    },
    first="Lovelace",
    both="King",
    names={"hubspot": "Lee", "mailchimp": "Miller"},
    gone="hubspot",
)
HUBSPOT_GOOGLE = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/contacts",
            "lastname",
            {"email": "ada@example.org", "firstname": "Ada", "lastname": "Lovelace", "phone": "+49 30 123456"},
            {"email": "kim@example.org", "firstname": "Kim", "lastname": "Lee", "city": "Berlin", "country": "Germany"},
            {"company": "Engines Ltd"},
            {"mobilephone": "+491711234567", "phone": "+49 30 123456"},
        ),
        "google": At(
            "google_contacts",
            People,
            "",
            "familyName",
            _person(
                "Ada",
                "Lovelace",
                emailAddresses=[
                    {"value": "ada@home.example", "type": "home"},
                    {"value": "ada@example.org", "type": "work"},
                ],
            ),
            _person("Bob", "Miller", phoneNumbers=[{"value": "+49 30 654321", "type": "work"}]),
            {
                "phoneNumbers": [
                    {"value": "+49 30 123456", "type": "work"},
                    {"value": "+49 171 1234567", "type": "mobile"},
                ]
            },
            {"company": "Engines Ltd"},
        ),
    },
    first="Lovelace",
    names={"hubspot": "Lee", "google": "Miller"},
    gone="hubspot",
)
REALM = "9130350000000001"
COMPANY = f"v3/company/{REALM}"
INCOME = {"IncomeAccountRef": {"value": "1"}}
GRAPHQL = "admin/api/2026-07/graphql.json"
SOBJECTS = "services/data/v68.0/sobjects"
ADA = {"firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.org"}
SALESFORCE_ADA = {"FirstName": "Ada", "LastName": "Lovelace", "Email": "Ada@example.org"}
HUBSPOT_SALESFORCE = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/contacts",
            "lastname",
            ADA,
            {"firstname": "Kim", "lastname": "Lee", "address": "Main Street 1", "city": "Berlin", "country": "Germany"},
            {"jobtitle": "Analyst"},
            {"mobilephone": "+491711234567"},
        ),
        "salesforce": At(
            "salesforce",
            Rest,
            f"{SOBJECTS}/Contact",
            "LastName",
            SALESFORCE_ADA,
            {"LastName": "Miller", "Phone": "+49 30 654321"},
            {"MobilePhone": "+49 171 1234567"},
            {"Title": "Analyst"},
        ),
    },
    first="Lovelace",
    names={"hubspot": "Lee", "salesforce": "Miller"},
    gone="salesforce",
)
COMPANIES = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/companies",
            "name",
            {"name": "Engines Ltd", "website": "https://engines.example/"},
            {"name": "Mills", "numberofemployees": "12"},
            {"phone": "+49 30 123456"},
            {"description": "Buys steam."},
        ),
        "salesforce": At(
            "salesforce",
            Rest,
            f"{SOBJECTS}/Account",
            "Name",
            {"Name": "Engines", "Website": "www.engines.example"},
            {"Name": "Lee & Sons", "BillingCity": "Springfield", "BillingCountry": "United States"},
            {"Description": "Buys steam.", "Name": "Engines Ltd"},
            {"Phone": "+4930123456"},
        ),
    },
    first="Engines Ltd",
    names={"hubspot": "Mills", "salesforce": "Lee & Sons"},
    gone="salesforce",
)
DEALS = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/deals",
            "dealname",
            {"dealname": "Two engines", "dealstage": "qualifiedtobuy", "closedate": "2026-12-01T09:00:00.000Z"},
            {"dealname": "A mill", "dealstage": "contractsent", "closedate": "2027-01-15T00:00:00.000Z"},
            {"amount": "1200.50"},
            {"dealstage": "closedwon", "closedate": "2026-12-01T09:00:00.000Z"},
        ),
        "salesforce": At(
            "salesforce",
            Rest,
            f"{SOBJECTS}/Opportunity",
            "Name",
            {"Name": "Two engines", "StageName": "Qualification", "CloseDate": "2026-12-01"},
            {"Name": "Repairs", "StageName": "Prospecting", "CloseDate": "2026-12-24", "Amount": 99.5},
            {"StageName": "Closed Won"},
            {"Amount": 1200.5},
        ),
    },
    first="Two engines",
    names={"hubspot": "A mill", "salesforce": "Repairs"},
    gone="hubspot",
)
SALESFORCE_OUTLOOK = Case(
    sides={
        "salesforce": At(
            "salesforce",
            Rest,
            f"{SOBJECTS}/Contact",
            "LastName",
            SALESFORCE_ADA,
            {
                "LastName": "Miller",
                "HomePhone": "+49 30 654321",
                "MailingStreet": "Main Street 1",
                "MailingCity": "Bonn",
            },
            {"Birthdate": "1985-04-12", "Phone": "+49 30 123456"},
            {"Department": "Sales", "MobilePhone": "+491711234567"},
        ),
        "outlook": At(
            "outlook_contacts",
            Folder,
            "Salesforce",
            "surname",
            {
                "givenName": "Ada",
                "surname": "Lovelace",
                "emailAddresses": [{"address": "ada@home.example"}, {"address": "ada@example.org"}],
            },
            {"givenName": "Kim", "surname": "Lee", "personalNotes": "Likes chess."},
            {"department": "Sales", "mobilePhone": "+49 171 1234567"},
            {"birthday": "1985-04-12"},
        ),
    },
    first="Lovelace",
    names={"salesforce": "Miller", "outlook": "Lee"},
    gone="salesforce",
)
POSTGRESQL = Case(
    sides={
        "hubspot": At(
            "hubspot",
            HubSpot,
            "crm/v3/objects/contacts",
            "lastname",
            ADA,
            {"lastname": "Lee", "phone": "+49 30 654321", "country": "Germany"},
            {"company": "Engines Ltd"},
            {"jobtitle": "Analyst"},
        ),
        "database": At(
            "sql",
            Rows,
            "contacts",
            "last_name",
            {"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.org"},
            {"last_name": "Miller", "email": "miller@example.org", "country": "FR"},
            {"job_title": "Analyst"},
            {"company": "Engines Ltd", "email": "Ada@Example.org"},
        ),
    },
    first="Lovelace",
    names={"hubspot": "Lee", "database": "Miller"},
    gone="database",
)
PARTIES = Case(
    sides={
        "file": At(
            "csv",
            Sheet,
            "parties.csv",
            "name",
            {"name": "Engines Ltd", "email": "info@engines.example"},
            {"name": "Mills", "mobile": "+491711234567", "street": "Main Street 1", "city": "Lyon"},
            {"website": "https://engines.example/"},
            {"phone": "+4930123456", "email": "info@engines.example"},
        ),
        "tryton": At(
            "tryton",
            Clerk,
            "party.party",
            "name",
            {
                "name": "Engines Ltd",
                "contact_mechanisms": [["create", [{"type": "email", "value": "info@engines.example"}]]],
            },
            {"name": "Lee & Sons", "addresses": [["create", [{"street": "High Street 2", "city": "Leeds"}]]]},
            {"contact_mechanisms": [["create", [{"type": "phone", "value": "+4930123456"}]]]},
            {"websites": [{"value": "https://engines.example", "label": "other"}]},
        ),
    },
    first="Engines Ltd",
    names={"file": "Mills", "tryton": "Lee & Sons"},
    gone="file",
)
PRODUCTS = Case(
    sides={
        "shopify": At(
            "shopify",
            Shop,
            GRAPHQL,
            "title",
            {"product": {"title": "Engine"}, "variant": {"sku": "E-1", "price": "1200.50"}},
            {"product": {"title": "Bolt"}, "variant": {"sku": "B-1", "price": "0.20"}},
            {"descriptionHtml": "<p>Runs on <b>steam</b>.</p>"},
            {"price": "1300.00", "descriptionHtml": "<p>Runs on <b>steam</b>.</p>"},
        ),
        "tryton": At(
            "tryton",
            Seller,
            "product.product",
            "name",
            {"name": "Engine", "code": "E-1", "list_price": "1200.50"},
            {"name": "Mill", "code": "M-1", "list_price": "99.9000"},
            {"list_price": "1300"},
            {"description": "Runs on steam.", "code": "E-1"},
        ),
    },
    first="Engine",
    names={"shopify": "Bolt", "tryton": "Mill"},
    gone="tryton",
)
CUSTOMERS = Case(
    sides={
        "shopify": At(
            "shopify",
            Customers,
            GRAPHQL,
            "lastName",
            {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"},
            {"firstName": "Bob", "lastName": "Miller", "email": "bob@example.org", "phone": "+493012345678"},
            {"note": "Likes steam"},
            {"note": "Likes steam", "company": "Engines Ltd", "city": "London", "countryCode": "GB"},
        ),
        "quickbooks": At(
            "quickbooks",
            Books,
            f"{COMPANY}/customer",
            "FamilyName",
            {"GivenName": "Ada", "FamilyName": "Lovelace", "PrimaryEmailAddr": {"Address": "Ada@example.org"}},
            {"GivenName": "Kim", "FamilyName": "Lee", "PrimaryEmailAddr": {"Address": "kim@example.org"}},
            {
                "CompanyName": "Engines Ltd",
                "BillAddr": {"Line1": "1 Main Street", "City": "London", "Country": "United Kingdom"},
            },
            {"Notes": "Likes steam", "DisplayName": "Ada Lovelace", "CompanyName": "Engines Ltd"},
        ),
    },
    first="Lovelace",
    names={"shopify": "Miller", "quickbooks": "Lee"},
    gone="shopify",
)
ITEMS = Case(
    sides={
        "shopify": PRODUCTS.sides["shopify"],
        "quickbooks": At(
            "quickbooks",
            Books,
            f"{COMPANY}/item",
            "Name",
            {"Name": "Engine", "Sku": "E-1", "UnitPrice": 1200.5, "Type": "NonInventory", **INCOME},
            {"Name": "Mill", "Sku": "M-1", "UnitPrice": 99.9, "Type": "Service", **INCOME},
            {"UnitPrice": 1300},
            {"Description": "Runs on steam.", "Sku": "E-1", "UnitPrice": 1300.0},
        ),
    },
    first="Engine",
    names={"shopify": "Bolt", "quickbooks": "Mill"},
    gone="shopify",
)
CASES: Mapping[str, Case] = {
    "google-outlook-carddav-contacts": CONTACTS,
    "google-todo-caldav-tasks": TASKS,
    "hubspot-mailchimp": MAILCHIMP,
    "hubspot-google-contacts": HUBSPOT_GOOGLE,
    "hubspot-salesforce-contacts": HUBSPOT_SALESFORCE,
    "hubspot-salesforce-companies": COMPANIES,
    "hubspot-salesforce-deals": DEALS,
    "salesforce-outlook-contacts": SALESFORCE_OUTLOOK,
    "hubspot-postgresql": POSTGRESQL,
    "csv-tryton-parties": PARTIES,
    "shopify-tryton-products": PRODUCTS,
    "shopify-quickbooks-customers": CUSTOMERS,
    "shopify-quickbooks-items": ITEMS,
}
