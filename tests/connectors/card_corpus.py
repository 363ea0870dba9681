"""Cards as address books of the world write them, made small: text, and the native values it must be read as."""

from __future__ import annotations

from typing import Any

_PIXEL = "/9j/4AAQSkZJRgABAQEASABIAAD/\r\n 2wBDAAYE"


def card(version: str, *lines: str) -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "X-KEPT:here", "END:VCARD", ""])


NOT_ON_RADICALE = ("old export",)
"""Whose parameters without a name it drops by itself."""


def entry(value: str, label: str = "other") -> dict[str, str]:
    return {"value": value, "label": label}


CORPUS: dict[str, tuple[str, dict[str, Any]]] = {
    "phone": (
        card(
            "3.0",
            "PRODID:-//Phone Inc.//Phone OS 26.0//EN",
            "UID:8B2F7C8E-1",
            "N:Muster;Eva;;Dr.;",
            "FN:Dr. Eva Muster",
            "ORG:Muster & Co\\, KG;Einkauf;",
            "EMAIL;type=INTERNET;type=HOME;type=pref:eva@muster.example",
            "item1.EMAIL;type=INTERNET:eva@verein.example",
            "item1.X-ABLabel:Verein",
            "TEL;type=IPHONE;type=CELL;type=VOICE;type=pref:+49 170 1234567",
            "TEL;type=WORK;type=FAX:030 123456-9",
            "item2.ADR;type=WORK;type=pref:;;Hauptstr. 1\\nHinterhaus;Berlin;;10115;Deutschland",
            "item2.X-ABADR:de",
            "item3.URL;type=pref:https\\://muster.example/eva",
            "item3.X-ABLabel:_$!<HomePage>!$_",
            "BDAY;value=date;X-APPLE-OMIT-YEAR=1604:1604-02-29",
            "item4.X-ABDATE;type=pref:2019-08-24",
            "item4.X-ABLabel:_$!<Anniversary>!$_",
            f"PHOTO;ENCODING=b;TYPE=JPEG:{_PIXEL}",
            "X-SOCIALPROFILE;type=mastodon:https://social.example/@eva",
            "REV:2026-11-01T08:00:00Z",
        ),
        {
            "prefix": "Dr.",
            "family_name": "Muster",
            "org": "Muster & Co, KG",
            "department": "Einkauf",
            "emails": [entry("eva@muster.example", "home"), entry("eva@verein.example", "Verein")],
            "phones": [entry("+49 170 1234567", "mobile"), entry("030 123456-9", "work fax")],
            "addresses": [
                {"street": "Hauptstr. 1\nHinterhaus", "city": "Berlin", "region": None, "postcode": "10115"}
                | {"country": "Deutschland", "label": "work"}
            ],
            "urls": [entry("https://muster.example/eva", "homepage")],
            "bday": "--0229",
        },
    ),
    "web mail": (
        card(
            "3.0",
            "UID:web-1",
            "FN:Bo Li",
            "N:Li;Bo;;;",
            "EMAIL;TYPE=INTERNET:bo@li.example",
            "TEL;TYPE=CELL:+86 138 0013 8000",
            "TEL:12345",
            "ADR;TYPE=HOME:;;12 Nanjing Rd\\, 4F;Shanghai;;200001;CN;",
            "BDAY:1990-07-01",
            "CATEGORIES:myContacts,Team \\, Asia",
            "NOTE:First line\\nSecond: \\; and \\\\",
        ),
        {
            "emails": [entry("bo@li.example")],
            "phones": [entry("+86 138 0013 8000", "mobile"), entry("12345")],
            "categories": ["myContacts", "Team , Asia"],
            "note": "First line\nSecond: ; and \\",
            "bday": "1990-07-01",
        },
    ),
    "cloud 4.0": (
        card(
            "4.0",
            "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1",
            "FN;PREF=1:Zoë Ångström",
            'N;SORT-AS="Angstrom,Zoe":Ångström;Zoë;;;',
            "EMAIL;TYPE=work;PREF=2:zoe@work.example",
            "EMAIL;TYPE=home;PREF=1:zoe@home.example",
            'TEL;VALUE=uri;TYPE="voice,home":tel:+46-8-123456',
            'ADR;TYPE=home;GEO="geo:59.3,18.0":;;Storgatan 1;Stockholm;;111 22;Sverige',
            "BDAY:--0412",
            "ANNIVERSARY:20150606",
            "LANG;PREF=1:sv",
            "RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "TITLE:Ingenjör",
        ),
        {
            "fn": "Zoë Ångström",
            "emails": [entry("zoe@home.example", "home"), entry("zoe@work.example", "work")],
            "phones": [entry("+46-8-123456", "home")],
            "bday": "--0412",
            "title": "Ingenjör",
        },
    ),
    "old export": (
        card(
            "3.0",
            "UID:old-1",
            "N:O'Neill;Pat",
            "FN:Pat O'Neill",
            "EMAIL;INTERNET:pat@old.example",
            "TEL;WORK;VOICE:555-0100",
            "LABEL;WORK:1 Old Rd\\nTown",
            "ADR;WORK:;;1 Old Rd;Town",
            "BDAY:19700101T000000Z",
            "URL;WORK:http://old.example/?a=1\\,2",
        ),
        {
            "given_name": "Pat",
            "emails": [entry("pat@old.example")],
            "phones": [entry("555-0100", "work")],
            "urls": [entry("http://old.example/?a=1,2", "work")],
            "bday": "1970-01-01",
        },
    ),
    "company": (
        card("3.0", "UID:c-1", "FN:Acme GmbH", "N:;;;;", "ORG:Acme GmbH", "X-ABShowAs:COMPANY", "TEL;TYPE=MAIN:030 1"),
        {"fn": "Acme GmbH", "org": "Acme GmbH", "family_name": None, "phones": [entry("030 1", "main")]},
    ),
}
