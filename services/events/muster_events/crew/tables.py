"""Tables of crew as files: reading what spreadsheets write, and writing what they open without running anything."""

import codecs
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from muster_events.crew.errors import UnreadableTable
from muster_events.crew.models import CrewMember

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 5000
COLUMNS = ("name", "email", "phone", "skills", "language", "notes")
_ALIASES = {
    "full name": "name",
    "crew member": "name",
    "nom": "name",
    "nombre": "name",
    "e-mail": "email",
    "email address": "email",
    "e-mail address": "email",
    "mail": "email",
    "e-mail-adresse": "email",
    "courriel": "email",
    "correo": "email",
    "telephone": "phone",
    "mobile": "phone",
    "phone number": "phone",
    "telefon": "phone",
    "téléphone": "phone",
    "teléfono": "phone",
    "skill": "skills",
    "fähigkeiten": "skills",
    "compétences": "skills",
    "habilidades": "skills",
    "sprache": "language",
    "langue": "language",
    "idioma": "language",
    "note": "notes",
    "notizen": "notes",
    "notas": "notes",
}
_DELIMITERS = ",;\t|"
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One row: the file's line it begins at, and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What was read, and the columns that mean nothing here."""

    rows: tuple[Row, ...]
    unknown_columns: tuple[str, ...]


def read_table(raw: bytes) -> Table:
    """The table in `raw`: UTF-8 or UTF-16 with or without mark, else Windows-1252; any usual delimiter.

    Raises `UnreadableTable` for what is no table, or lacks the columns `name` and `email`.
    """
    text = _decode(raw)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(lines, [])
        names = [_column(cell) for cell in header]
        if "name" not in names or "email" not in names:
            raise UnreadableTable("the first row must name the columns, `name` and `email` among them")
        if len({n for n in names if n in COLUMNS}) != sum(n in COLUMNS for n in names):
            raise UnreadableTable("a column is there twice")
        rows = []
        line = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                rows.append(Row(line=line, cells=_named(names, cells)))
            if len(rows) > MOST_ROWS:
                raise UnreadableTable(f"a table has at most {MOST_ROWS} rows")
            line = lines.line_num + 1
    except csv.Error:
        raise UnreadableTable("a quoted cell is not closed, or the file is no table") from None
    unknown = tuple(cell.strip()[:60] for cell, name in zip(header, names, strict=True) if name not in COLUMNS)
    return Table(rows=tuple(rows), unknown_columns=tuple(filter(None, unknown)))


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    return {name: _plain(cell) for name, cell in zip(names, cells, strict=False) if name in COLUMNS}


def _plain(cell: str) -> str:
    """The cell without the mark that a careful exporter put before a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA_STARTS else cell


def _column(cell: str) -> str:
    name = " ".join(cell.strip().casefold().replace("_", " ").split())
    return _ALIASES.get(name, name)


def _decode(raw: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return _strictly(raw, encoding)
    if b"\x00" in raw[:200]:
        return _strictly(raw, "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _strictly(raw, "cp1252")


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableTable("the file's characters cannot be read; save it as UTF-8") from None
    if "\x00" in text:
        raise UnreadableTable("the file's characters cannot be read; save it as UTF-8")
    return text


def _delimiter(text: str) -> str:
    """The delimiter of the header, which holds no free text that could mislead."""
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def roster_csv(members: Iterable[CrewMember]) -> bytes:
    """The roster as a table that spreadsheets read rightly (UTF-8 with mark) and run nothing of."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for member in members:
        cells = (
            member.name,
            member.email or "",
            member.phone,
            ", ".join(member.skills),
            member.language,
            member.notes,
        )
        writer.writerow([_safe(cell) for cell in cells])
    return codecs.BOM_UTF8 + out.getvalue().encode()


def _safe(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
