"""The CardDAV connector on real servers, Radicale and Xandikos."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.caldav_servers import DavServer
from tests.connectors.card_corpus import CORPUS, NOT_ON_RADICALE
from tests.connectors.dav_conformance import DavConformance, stored, upload
from tests.connectors.desk import Desk

VCARD = "text/vcard"
ADA = """BEGIN:VCARD
VERSION:3.0
UID:ada
FN:Ada Lovelace
N:Lovelace;Ada;;;
EMAIL;TYPE=INTERNET,WORK:ada@example.org
item1.EMAIL;TYPE=INTERNET;TYPE=PREF:ada@home.example
item1.X-ABLABEL:Garden
item2.URL:https://example.org/a?b=1\\,2
item2.X-ABLABEL:_$!<HomePage>!$_
TEL;TYPE=CELL,VOICE:+44 20 7946 0000
TEL;TYPE=WORK,FAX:+44 20 7946 0001
ADR;TYPE=HOME:PO 1;Flat 2;12 St James's Square\\nLeft door;London;;SW1Y 4JH;England
ORG:Analytical Engines\\; Ltd;Notes
BDAY:1815-12-10
NOTE:First\\, of many\\nprogrammers
CATEGORIES:maths,poets\\, too
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQEASABIAAD/4AAQSkZJRgABAQEASABIAAD/
X-KEPT;X-PARAM="a:b":here
END:VCARD
""".replace("\n", "\r\n")


class CardDavConformance(DavConformance):
    app = "carddav"
    obj = "contacts"
    title, other = "fn", "note"
    place = "book"

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {
            "fn": "Ada King, Countess",
            "family_name": "King",
            "given_name": "Ada",
            "emails": [{"value": "ada@example.org", "label": "work"}, {"value": "a;b@example.org", "label": "Garden"}],
            "phones": [{"value": "+44 20 7946 0000,,1", "label": "mobile"}, {"value": "+44 1", "label": "home fax"}],
            "addresses": [
                {"street": "12 St James's Square", "city": "London", "region": None, "postcode": "SW1Y 4JH"}
                | {"country": "England", "label": "home"}
            ],
            "urls": [{"value": "https://example.org/a;b?c=1,2", "label": "other"}],
            "org": "Analytical; Engines",
            "department": "Notes",
            "title": "Programmer",
            "bday": "1815-12-10",
            "nickname": "Ada",
            "note": "Room 1\nFirst, of many",
            "categories": ["maths", "poets, too"],
        } | changes

    def test_what_other_programs_wrote_stays(self, desk: Desk, settings: dict[str, str]) -> None:
        _, cursor = desk.scan()
        upload(desk, settings, "ada.vcf", ADA, VCARD).raise_for_status()
        (ada,) = desk.changes(cursor)[0].values()
        assert (ada.data["given_name"], ada.data["bday"], ada.data["org"]) == (
            "Ada",
            "1815-12-10",
            "Analytical Engines; Ltd",
        )
        assert ada.data["emails"] == [
            {"value": "ada@home.example", "label": "Garden"},
            {"value": "ada@example.org", "label": "work"},
        ]
        before = set(stored(desk, settings, ada).split("\r\n"))
        edited = desk.update(ada, title="Countess", phones=[*ada.data["phones"], {"value": "1", "label": "pager"}])
        after = set(stored(desk, settings, edited).split("\r\n"))
        assert not before - after
        assert {line.split(":")[0] for line in after - before} == {"TITLE", "TEL;TYPE=PAGER", "REV"}
        same = ada.data.keys() - {"title", "phones"}
        assert {name: edited.data[name] for name in same} == {name: ada.data[name] for name in same}

    @pytest.mark.parametrize("name", [name for name in CORPUS if name not in NOT_ON_RADICALE])
    def test_real_world_cards_stay_intact(self, desk: Desk, settings: dict[str, str], name: str) -> None:
        text, expected = CORPUS[name]
        _, cursor = desk.scan()
        upload(desk, settings, "card.vcf", text, VCARD).raise_for_status()
        (seen,) = desk.changes(cursor)[0].values()
        assert {field: seen.data[field] for field in expected} == expected
        assert desk.scan()[0] == {"card.vcf": seen}
        before = stored(desk, settings, seen).split("\r\n")
        edited = desk.update(seen, nickname="Noted")
        assert {field: edited.data[field] for field in seen.data if field != "nickname"} == {
            field: value for field, value in seen.data.items() if field != "nickname"
        }
        after = stored(desk, settings, edited).split("\r\n")
        assert [line for line in after if not line.startswith(("REV:", "NICKNAME:"))] == [
            line for line in before if not line.startswith("REV:")
        ]

    def test_a_group_is_no_contact(self, desk: Desk, settings: dict[str, str]) -> None:
        _, cursor = desk.scan()
        kind = "N:Friends;;;;\nX-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ada"
        group = f"BEGIN:VCARD\nVERSION:3.0\nUID:g\nFN:Friends\n{kind}\nEND:VCARD\n".replace("\n", "\r\n")
        upload(desk, settings, "g.vcf", group, VCARD).raise_for_status()
        for found in (desk.changes(cursor)[0], desk.scan()[0]):
            assert [set(record.data) for record in found.values()] == [{"excluded"}]

    def test_a_birthday_without_a_year(self, desk: Desk) -> None:
        made = desk.create(self.sample(bday="--0229"))
        assert made.data["bday"] == "--0229" and desk.again(made) == made


class TestRadicale(CardDavConformance):
    @pytest.fixture
    def settings(self, radicale: DavServer) -> dict[str, str]:
        return radicale.settings

    def test_check_says_who_is_where(self, desk: Desk) -> None:
        assert desk.connector.check() == "alice at 127.0.0.1"


class TestXandikos(CardDavConformance):
    test_a_wrong_sign_in_asks_for_a_new_one = None  # it has no sign-in of its own

    @pytest.fixture
    def settings(self, xandikos: DavServer) -> dict[str, str]:
        return xandikos.settings
