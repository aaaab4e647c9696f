"""Tables into the roster and out of it: every row reported, every usual encoding read, nothing run."""

import csv
import io
from typing import Any

import pytest

from services.events.tests.crew.support import CrewWorld


def _import(crew: CrewWorld, table: bytes | str, *, dry_run: bool = False, status: int = 200) -> dict[str, Any]:
    raw = table.encode() if isinstance(table, str) else table
    query = {"org_id": str(crew.people.org_id), "dry_run": str(dry_run).lower()}
    answer = crew.client.post(
        "/api/crew/import", query_string=query, data=raw, content_type="text/csv", headers=crew.people.alice
    )
    assert answer.status_code == status, answer.get_data(as_text=True)
    report: dict[str, Any] = answer.get_json()
    return report


def _roster(crew: CrewWorld) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = crew.client.get("/api/crew", headers=crew.people.alice).get_json()["items"]
    return items


def test_rows_are_added_updated_left_or_refused_when_imported(crew: CrewWorld) -> None:
    crew.member("Old Name", email="kostas@example.org", phone="1", skills=["captain"])
    crew.member("Same", email="same@example.org")
    table = (
        "Name,E-Mail,Phone,Skills,Shoe size\n"
        "Kostas,KOSTAS@example.org,,captain; diesel,44\n"
        "Same,same@example.org,,,\n"
        "Maria,maria@example.org,+30 210,cook,\n"
        "Nobody,not-an-address,,,\n"
        '"Two\nlines",two@example.org,,,\n'
        ",,,,\n"
        "Again,maria@example.org,,,\n"
        "Late,late@example.org,,,\n"
    )
    report = _import(crew, table)
    assert [report[name] for name in ("created", "updated", "unchanged", "refused")] == [2, 1, 1, 3]
    assert report["unknown_columns"] == ["Shoe size"]
    assert [(row["line"], row["outcome"]) for row in report["rows"]] == [
        (2, "updated"),
        (3, "unchanged"),
        (4, "created"),
        (5, "refused"),
        (6, "refused"),
        (9, "refused"),
        (10, "created"),
    ]
    assert report["rows"][3]["errors"] == [{"column": "email", "detail": "is not an e-mail address"}]
    assert report["rows"][4]["errors"] == [{"column": "name", "detail": "must not contain control characters"}]
    assert report["rows"][5]["errors"] == [{"column": "email", "detail": "is in line 4 already"}]
    roster = {member["name"]: member for member in _roster(crew)}
    assert sorted(roster) == ["Kostas", "Late", "Maria", "Same"]
    assert (roster["Kostas"]["phone"], roster["Kostas"]["skills"]) == ("1", ["captain", "diesel"])


def test_nothing_changes_when_run_dry(crew: CrewWorld) -> None:
    crew.member("Kostas", email="kostas@example.org")
    before = _roster(crew)
    table = "name,email\nOther,kostas@example.org\nMaria,maria@example.org\n"
    dry = _import(crew, table, dry_run=True)
    assert _roster(crew) == before
    real = _import(crew, table)
    assert (dry["dry_run"], real["dry_run"]) == (True, False)
    assert [row["outcome"] for row in dry["rows"]] == [row["outcome"] for row in real["rows"]]


def test_second_import_changes_nothing_when_the_same(crew: CrewWorld) -> None:
    table = "name,email,skills,notes\nJürgen,j@example.org,Deck|Cook,Ω\n"
    assert _import(crew, table)["created"] == 1
    assert _import(crew, table)["unchanged"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_table_is_read_when_in_any_usual_encoding(crew: CrewWorld, encoding: str, delimiter: str) -> None:
    table = delimiter.join(["name", "email"]) + "\r\n" + delimiter.join(["Jürgen Weiß", "j@example.org"]) + "\r\n"
    assert _import(crew, table.encode(encoding))["created"] == 1
    assert _roster(crew)[0]["name"] == "Jürgen Weiß"


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"name\nKostas\n",
        b"Kostas,kostas@example.org\n",
        b"name,email,email\nA,a@example.org,b@example.org\n",
        b'name,email\n"Kostas,kostas@example.org\n',
        b"\xff\xfen\x00a",
        b"name,email\nA\x00,a@example.org\n",
        b"name,email\n" + b"A,a@example.org\n" * 5001,
    ],
)
def test_file_is_refused_when_it_is_no_table(crew: CrewWorld, table: bytes) -> None:
    problem = _import(crew, table, status=422)
    assert problem["type"].endswith("/table-unreadable")
    assert _roster(crew) == []


def test_file_is_refused_when_of_another_type_or_too_large(crew: CrewWorld) -> None:
    def post(raw: bytes, kind: str) -> int:
        return crew.client.post("/api/crew/import", data=raw, content_type=kind, headers=crew.people.alice).status_code

    assert post(b"{}", "application/json") == 415
    assert post(b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") == 415
    assert post(b"name,email\n" + b" " * (2 * 1024 * 1024), "text/csv") == 413


def test_import_is_refused_when_by_a_stranger(crew: CrewWorld) -> None:
    answer = crew.client.post(
        "/api/crew/import",
        query_string={"org_id": str(crew.people.org_id)},
        data=b"name,email\nA,a@example.org\n",
        content_type="text/csv",
        headers=crew.people.charlie,
    )
    assert answer.status_code == 404
    assert _roster(crew) == []


def test_no_cell_is_a_formula_when_exported_and_all_come_back_when_imported(crew: CrewWorld) -> None:
    nasty = '=HYPERLINK("http://evil.example","x")'
    crew.member(nasty, email="n@example.org", phone="+30 210", notes="@SUM(A1)\n-2+3", skills=["-deck"])
    crew.member("Plain", email="p@example.org")
    headers = {**crew.people.alice, "Accept": "text/csv"}
    answer = crew.client.get("/api/crew", headers=headers)
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")] == []
    report = _import(crew, answer.data)
    assert (report["unchanged"], report["refused"]) == (2, 0)
