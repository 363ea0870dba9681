"""CSV and Excel files in a folder: a file is an object, a line is a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, TypeVar

from connectors.csv.folder import Folder, mark
from connectors.csv.sheet import Row, Sheet
from connectors.csv.text import Style
from connectors.csv.writing import Editor, made
from connectors.rest import cursor as spelled
from connectors.rest import gone, one_by_one, resumed
from connectors.setting import OAuthApp, Setting
from engine.contract import (
    Caps,
    CursorExpired,
    Field,
    Json,
    Op,
    Outcome,
    Page,
    Record,
    Refused,
    Schema,
    Stale,
    Support,
    Transient,
    Write,
)

T = TypeVar("T")
TRIES = 3
"""How often a rewrite begins anew when another program was faster."""


class Connector:
    """One folder. Nothing is ever left half-written: a file is replaced whole."""

    app: ClassVar[str] = "csv"
    title: ClassVar[str] = "CSV and Excel files"
    objects: ClassVar[tuple[str, ...]] = ("FILE",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {}
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(name="folder", help="Whole path of the folder", required=True),
        Setting(name="key", help="The column that tells the lines of a file apart", default="id"),
        Setting(
            name="keys",
            help="given: a line without a key stops the reading and is named; "
            "made: it gets one, which is written into the file, and so does a file without that column",
            default="given",
        ),
        Setting(name="text", help="Columns that are text though they look like numbers: zip,phone"),
        Setting(name="encoding", help="Encoding of CSV files; found out where it is not given"),
    )
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=objects,
        delta=Support.QUIRK,
        tombstones=Support.NO,
        guarded=Support.YES,
        stamped=Support.QUIRK,
        batch=1000,
        page=1000,
        calls=(100, timedelta(seconds=1)),
        proven="real files",
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        if settings["keys"] not in ("given", "made"):
            raise Refused(f"keys is {settings['keys']!r}: write given or made.")
        self._folder = Folder(Path(settings["folder"]), settings.get("encoding", ""))
        self._key, self._makes = settings["key"], settings["keys"] == "made"
        self._texts = {one.strip() for one in settings.get("text", "").split(",")}

    @property
    def requests(self) -> int:
        """Files read so far."""
        return self._folder.reads

    def check(self) -> str:
        """The folder."""
        self._folder.names()
        return str(self._folder.path)

    def schema(self, obj: str) -> Schema:
        sheet, _ = self._sheet(self._folder.file(obj), {})
        return Schema(sheet.fields(self._key))

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        path, key = self._folder.file(obj), self._key_of(scope)
        if self._makes:
            self._rewritten(path, scope, lambda sheet: (_filled(sheet, key), None))
        sheet, data = self._sheet(path, scope)
        rows, editor = sheet.keyed(key), Editor(sheet, key)
        yield Page([editor.record(id, row) for id, row in rows.items()], spelled(scope, file=_digest(data)))

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """Nothing, where the file is the same byte for byte; else CursorExpired: a file does not tell what changed."""
        before = resumed(cursor, scope, "file")["file"]
        if _digest(self._folder.read(self._folder.file(obj))) != before:
            raise CursorExpired(f"{obj} was changed: it is read whole.")
        yield Page([], cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        sheet, _ = self._sheet(self._folder.file(obj), scope)
        rows, editor = sheet.keyed(self._key_of(scope)), Editor(sheet, self._key_of(scope))
        yield from (editor.record(id, rows[id]) if id in rows else gone(id) for id in ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """All in one rewrite; a line that is refused leaves the others. Outcomes are told once the file is in place."""
        key = self._key_of(scope)

        def edit(sheet: Sheet) -> tuple[Sheet, list[Outcome]]:
            editor = Editor(_filled(sheet, key) if self._makes else sheet, key)
            acts = {Op.CREATE: editor.create, Op.UPDATE: editor.update, Op.DELETE: editor.delete}
            outcomes = list(one_by_one(writes, acts))
            return (editor.edited() if editor.touched else sheet), outcomes

        yield from self._rewritten(self._folder.file(obj), scope, edit)

    def _key_of(self, scope: Json) -> str:
        return str(scope.get("key") or self._key)

    def _sheet(self, path: Path, scope: Json) -> tuple[Sheet, bytes]:
        data = self._folder.read(path)
        sheet = self._folder.parsed(path, data, str(scope.get("sheet") or ""))
        texts = self._texts | {self._key_of(scope)}
        kinds = {name: "text" if name in texts and kind != "formula" else kind for name, kind in sheet.kinds.items()}
        return replace(sheet, kinds=kinds), data

    def _rewritten(self, path: Path, scope: Json, edit: Callable[[Sheet], tuple[Sheet, T]]) -> T:
        """Replaces the file by what `edit` makes of it, reading it again where another program was faster."""
        with self._folder.lock(path):
            for _ in range(TRIES):
                before = mark(path)
                sheet, _ = self._sheet(path, scope)
                after, told = edit(sheet)
                if after is sheet:
                    return told
                try:
                    self._folder.replace(path, after.source.dump(after), before)
                except Stale:
                    continue
                return told
        raise Transient(f"{path.name} is changed by another program again and again.", landed=False)


def _filled(sheet: Sheet, key: str) -> Sheet:
    """With a key for each line: the same sheet if none is missing."""
    header, rows = sheet.header, list(sheet.rows)
    if key not in header:
        header = (*header, key)
        rows = [replace(row, cells=(*row.cells, ""), raw=None) for row in rows]
        source = replace(sheet.source, head="") if isinstance(sheet.source, Style) else sheet.source
        sheet = replace(sheet, header=header, source=source, rows=rows)
    at = header.index(key)
    seed = [_named(row, at, number) for number, row in enumerate(rows)]
    return sheet if seed == list(sheet.rows) else replace(sheet, rows=seed)


def _named(row: Row, at: int, number: int) -> Row:
    if row.empty or row.cells[at]:
        return row
    id = made(f"{number}\n{row.version}")
    return replace(row, cells=(*row.cells[:at], id, *row.cells[at + 1 :]), raw=None)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
