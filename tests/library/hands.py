"""People at work in the apps, each by the app's own API and nothing of ours: they make, edit and delete records."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import psycopg

from tests.connectors.tryton_server import rpc

Body = dict[str, Any]
_numbers = count(1)


class Hand(Protocol):
    """`body` is as the app's API has it."""

    def make(self, body: Any) -> str:
        """A new record; how it is called from now on."""

    def edit(self, record: str, body: Any) -> None:
        """Changes some fields."""

    def delete(self, record: str) -> None:
        """For good, or into the bin."""

    def close(self) -> None:
        """Ends what it has open."""


class Rest:
    """Most apps: JSON over HTTP, a record at the end of the collection's path."""

    edits, key = "PATCH", "id"

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        self.path = path
        token = settings.get("token") or settings["password"]
        self.http = httpx.Client(base_url=settings["base_url"], headers={"Authorization": f"Bearer {token}"})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.http.request(method, path, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def make(self, body: Any) -> str:
        return str(self.send("POST", self.path, body)[self.key])

    def edit(self, record: str, body: Any) -> None:
        self.send(self.edits, f"{self.path}/{quote(record, safe='')}", body)

    def delete(self, record: str) -> None:
        self.send("DELETE", f"{self.path}/{quote(record, safe='')}")

    def close(self) -> None:
        self.http.close()


class People(Rest):
    """Google Contacts: the field mask is said, and the state it was in is sent along."""

    def make(self, body: Any) -> str:
        return str(self.send("POST", "v1/people:createContact", body)["resourceName"])

    def edit(self, record: str, body: Any) -> None:
        fields = ",".join(body)
        now = self.send("GET", f"v1/{record}?personFields={fields},metadata")
        changed = {**body, "metadata": now["metadata"]}
        self.send("PATCH", f"v1/{record}:updateContact?updatePersonFields={fields}", changed)

    def delete(self, record: str) -> None:
        self.send("DELETE", f"v1/{record}:deleteContact")


class ToDo(Rest):
    """Microsoft To Do: the tasks of the default list."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        super().__init__(settings, path)
        (tasks,) = self.send("GET", "v1.0/me/todo/lists")["value"]
        self.path = f"v1.0/me/todo/lists/{quote(tasks['id'], safe='')}/tasks"


class Folder(Rest):
    """Outlook: a contact folder, made for the purpose."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        super().__init__(settings, "v1.0/me/contactFolders")
        self.path = f"{self.path}/{quote(super().make({'displayName': path}), safe='')}/contacts"

    def edit(self, record: str, body: Any) -> None:
        self.send("PATCH", f"v1.0/me/contacts/{quote(record, safe='')}", body)

    def delete(self, record: str) -> None:
        self.send("DELETE", f"v1.0/me/contacts/{quote(record, safe='')}")


class HubSpot(Rest):
    """Properties are wrapped. `primary`: the id of a contact's primary company."""

    def make(self, body: Any, primary: str = "") -> str:
        kinds = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
        tied = [{"to": {"id": primary}, "types": kinds}] if primary else []
        return super().make({"properties": body, "associations": tied})

    def edit(self, record: str, body: Any) -> None:
        super().edit(record, {"properties": body})


class Shop(Rest):
    """Shopify: everything is a mutation."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        super().__init__(settings, path)
        self.http.headers["X-Shopify-Access-Token"] = settings["token"]

    def make(self, body: Any) -> str:
        one = {"optionValues": [{"optionName": "Title", "name": "Default Title"}], **body["variant"]}
        options = [{"name": "Title", "values": [{"name": "Default Title"}]}]
        given = {**body["product"], "productOptions": options, "variants": [one]}
        made = self._do("productSet(input: $given, synchronous: true)", "ProductSetInput!", "product { id }", given)
        return str(made["product"]["id"])

    def edit(self, record: str, body: Any) -> None:
        self._do("productUpdate(product: $given)", "ProductUpdateInput!", "product { id }", {"id": record, **body})

    def delete(self, record: str) -> None:
        self._do("productDelete(input: $given)", "ProductDeleteInput!", "deletedProductId", {"id": record})

    def _do(self, call: str, kind: str, told: str, given: Any) -> Any:
        query = f"mutation($given: {kind}) {{ {call} {{ {told} userErrors {{ message }} }} }}"
        (done,) = self.send("POST", self.path, {"query": query, "variables": {"given": given}})["data"].values()
        assert done["userErrors"] == []
        return done


class Dav:
    """Texts on a DAV server. A body is the lines of one component; an edit puts one line before the last END."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        self.kind = "vcf" if path == "carddav" else "ics"
        self.url = settings["url"]
        self.http = httpx.Client(auth=(settings["username"], settings["password"]))

    def make(self, body: Any) -> str:
        name = f"hand-{next(_numbers)}"
        head = (
            ["BEGIN:VCARD", "VERSION:3.0"]
            if self.kind == "vcf"
            else ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Phone"]
        )
        head += [] if self.kind == "vcf" else ["BEGIN:VTODO", "DTSTAMP:20261123T120000Z"]
        tail = ["END:VCARD"] if self.kind == "vcf" else ["END:VTODO", "END:VCALENDAR"]
        self._put(name, "\r\n".join([*head, f"UID:{name}", *body, *tail, ""]))
        return name

    def edit(self, record: str, body: Any) -> None:
        text = self.http.get(self._place(record)).raise_for_status().text
        last = "END:VCARD" if self.kind == "vcf" else "END:VTODO"
        self._put(record, text.replace(last, "\r\n".join([*body, last])))

    def delete(self, record: str) -> None:
        self.http.delete(self._place(record)).raise_for_status()

    def close(self) -> None:
        self.http.close()

    def _place(self, record: str) -> str:
        return f"{self.url}/{record}.{self.kind}"

    def _put(self, record: str, text: str) -> None:
        kind = "text/vcard" if self.kind == "vcf" else "text/calendar"
        self.http.put(self._place(record), content=text.encode(), headers={"Content-Type": kind}).raise_for_status()


class Rows:
    """A program that uses the database besides us. A body is a row."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        self.path = path
        self.connection = psycopg.connect(settings["url"], autocommit=True)

    def make(self, body: Any) -> str:
        names, marks = ", ".join(body), ", ".join("%s" for _ in body)
        return self.tell(f"insert into {self.path} ({names}) values ({marks}) returning id", *body.values())

    def edit(self, record: str, body: Any) -> None:
        changes = ", ".join(f"{name} = %s" for name in body)
        self.tell(f"update {self.path} set {changes} where id = %s returning id", *body.values(), record)

    def delete(self, record: str) -> None:
        self.tell(f"delete from {self.path} where id = %s returning id", record)

    def tell(self, statement: str, *values: Any) -> str:
        (row,) = self.connection.execute(statement, values).fetchall()  # type: ignore[call-overload]
        return str(row[0])

    def close(self) -> None:
        self.connection.close()


class Sheet:
    """Somebody with a spreadsheet: reads the file, and saves it whole. A body is a line by its columns."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        self.path = Path(settings["folder"]) / path

    def make(self, body: Any) -> str:
        lines = self._lines()
        record = f"own-{next(_numbers)}"
        self._save([*lines, {**dict.fromkeys(lines[0] if lines else self._columns(), ""), **body, "id": record}])
        return record

    def edit(self, record: str, body: Any) -> None:
        self._save([{**line, **(body if line["id"] == record else {})} for line in self._lines()])

    def delete(self, record: str) -> None:
        self._save([line for line in self._lines() if line["id"] != record])

    def close(self) -> None:
        """Nothing stays open."""

    def _columns(self) -> list[str]:
        return self.path.read_text().splitlines()[0].split(",")

    def _lines(self) -> list[dict[str, str]]:
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))

    def _save(self, lines: list[dict[str, str]]) -> None:
        columns = self._columns()
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(lines)


class Customers(Shop):
    """Shopify's customers."""

    def make(self, body: Any) -> str:
        made = self._do("customerCreate(input: $given)", "CustomerInput!", "customer { id }", body)
        return str(made["customer"]["id"])

    def edit(self, record: str, body: Any) -> None:
        self._do("customerUpdate(input: $given)", "CustomerInput!", "customer { id }", {"id": record, **body})

    def delete(self, record: str) -> None:
        self._do("customerDelete(input: $given)", "CustomerDeleteInput!", "deletedCustomerId", {"id": record})


class Books(Rest):
    """QuickBooks: each edit names the version that it is about; what is deleted becomes inactive."""

    def make(self, body: Any) -> str:
        return str(self._save(body)["Id"])

    def edit(self, record: str, body: Any) -> None:
        (now,) = (one for one in self.send("GET", f"{self.path}/{record}").values() if isinstance(one, dict))
        self._save({**body, "Id": record, "SyncToken": now["SyncToken"], "sparse": True})

    def delete(self, record: str) -> None:
        self.edit(record, {"Active": False})

    def _save(self, body: Any) -> Any:
        (saved,) = (one for one in self.send("POST", self.path, body).values() if isinstance(one, dict))
        return saved


class Clerk:
    """Somebody who works in Tryton. A body is what its own client sends."""

    def __init__(self, settings: Mapping[str, str], path: str) -> None:
        self.rpc = rpc(dict(settings))
        self.model = f"model.{path}"

    def make(self, body: Any) -> str:
        (record,) = self.rpc.write(f"{self.model}.create", [body])
        return str(record)

    def edit(self, record: str, body: Any) -> None:
        self.rpc.write(f"{self.model}.write", [int(record)], body)

    def delete(self, record: str) -> None:
        self.rpc.write(f"{self.model}.delete", [int(record)])

    def close(self) -> None:
        """Nothing stays open."""


class Seller(Clerk):
    """The same with products: name and price belong to the template."""

    def make(self, body: Any) -> str:
        (unit,) = self.rpc.read("model.product.uom.search", [["symbol", "=", "u"]], 0, 1, None)
        above = {"name": body["name"], "type": "goods", "list_price": Decimal(body["list_price"]), "default_uom": unit}
        variant = [["create", [{"suffix_code": body["code"]}]]]
        (made,) = self.rpc.write("model.product.template.create", [{**above, "products": variant}])
        (row,) = self.rpc.read("model.product.template.read", [made], ["products"])
        return str(row["products"][0])

    def edit(self, record: str, body: Any) -> None:
        (row,) = self.rpc.read(f"{self.model}.read", [int(record)], ["template"])
        self.rpc.write("model.product.template.write", [row["template"]], {"list_price": Decimal(body["list_price"])})
