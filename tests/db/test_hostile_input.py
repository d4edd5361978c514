"""Input made to do harm is stored as plain text or refused in one line."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.backup import back_up, restore
from db.errors import BackupError, InvalidValueError, UnknownPelletError
from db.formulas import LONGEST_FORMULA, composition, read_formula
from db.labels import list_labels, propose
from db.literature import load_literature
from db.pellets import add_pellet, get_pellet
from db.session import Database
from db.structures import NewStructure, add_structures, list_structures
from db.tables import Label, Pellet

INJECTIONS = (
    "x'; DROP TABLE label; --",
    'x"; DROP TABLE label; --',
    "' OR '1'='1",
    "%' UNION SELECT * FROM label_event --",
    ":name ?1 {0} %s",
)


def _tables(lab: Database) -> set[str]:
    return set(sa.inspect(lab.engine).get_table_names())


@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_a_name_is_a_name(any_lab: Database, text: str) -> None:
    before = _tables(any_lab)
    with any_lab.session() as session:
        add_pellet(session, name=text, formula=text, thickness_m=1e-3, diameter_m=6e-3)
        propose(
            session,
            by=text,
            reason=text,
            formula="Li3N",
            sigma_S_per_cm=1e-3,
            source_kind="literature",
            note=text,
            doi=text,
        )
        new = NewStructure(material_id=text, source=text, formula="LiI", n_sites=2, cif=text)
        add_structures(session, [new])
    with any_lab.reading() as session:
        assert get_pellet(session, text).name == text
        assert [pellet.formula for pellet in session.exec(select(Pellet))] == [text]
        assert [label.note for label in session.exec(select(Label))] == [text]
        assert list_labels(session, reduced_formula=text) == []
        assert [row.material_id for row in list_structures(session, source=text)] == [text]
        assert list_structures(session, source=text + "'") == []
        with pytest.raises(UnknownPelletError):
            get_pellet(session, "' OR ''='")
    assert _tables(any_lab) == before


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_a_formula_for_a_spreadsheet_is_shown_and_not_run(
    lab: Database, lab_folder: Path, text: str
) -> None:
    from labkit.settings import LabSettings
    from labkit.workflows.exporting import export_table
    from labkit.workflows.lab import Lab

    with lab.session() as session:
        propose(
            session,
            by="Ada",
            formula="Li3N",
            sigma_S_per_cm=1e-3,
            source_kind="literature",
            note=text,
            citation=text,
            verbatim={text: text},
        )
    path = lab_folder / "labels.csv"
    export_table(Lab(lab_folder, lab, LabSettings()), "labels", path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["note"], row["citation"]) == ("'" + text, "'" + text)
    assert not [cell for cell in row.values() if len(cell) > 1 and cell[0] in "=+-@\t\r"]


def test_a_formula_of_a_gigabyte_is_refused_without_reading_it() -> None:
    text = "Li" * (1 << 29)
    reading = read_formula(text)
    assert len(text) == 1 << 30
    assert reading.amounts is None
    assert len(reading.text) == LONGEST_FORMULA
    assert [doubt.reason for doubt in reading.doubts] == ["formula-too-long"]
    with pytest.raises(InvalidValueError) as refused:
        composition(text)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["Li3N" * 10_000, "Li3N\0", "Li3N\nLiI"])
def test_a_label_or_a_pellet_with_a_monstrous_formula_is_refused_in_one_line(
    any_lab: Database, text: str
) -> None:
    with pytest.raises(InvalidValueError) as of_label, any_lab.session() as session:
        propose(session, by="Ada", formula=text, sigma_S_per_cm=1e-3, source_kind="literature")
    with pytest.raises(InvalidValueError) as of_pellet, any_lab.session() as session:
        add_pellet(session, name="a", formula=text, thickness_m=1e-3, diameter_m=6e-3)
    for refused in (of_label, of_pellet):
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "text", ["(" * 200 + "Li" + ")" * 200, "Li" + "9" * 400, "Li1e999", "Li" + "(O2" * 150]
)
def test_a_formula_that_no_reader_can_follow_is_kept_unread(any_lab: Database, text: str) -> None:
    with any_lab.session() as session:
        label = propose(
            session, by="Ada", formula=text, sigma_S_per_cm=1e-3, source_kind="literature"
        )
        assert (label.formula, label.reduced_formula) == (text, None)


def test_a_monstrous_cell_of_a_table_goes_to_review(lab: Database, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "Structure,sigma,Ea,space group,ICSD\n" + "(" * 5000 + "Li,1E-3,,,\n", encoding="utf-8"
    )
    with lab.session() as session:
        counts = load_literature(session, path)
    assert (counts.literature_rows, counts.in_review) == (1, 1)


@pytest.mark.parametrize(
    "name", ["../escaped", "/escaped", "raw/../../escaped", "C:escaped", "raw\\..\\..\\escaped"]
)
def test_a_backup_that_names_a_file_outside_is_refused(
    lab: Database, tmp_path: Path, name: str
) -> None:
    back_up(lab, tmp_path / "backup")
    manifest = tmp_path / "backup" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["files"][name] = "0" * 64
    manifest.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BackupError, match="outside the backup"):
        restore(tmp_path / "backup", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_raw_file_that_is_said_to_lie_outside_is_not_backed_up(
    lab: Database, lab_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("mine", encoding="utf-8")
    with lab.session() as session:
        session.connection().execute(
            sa.text(
                "INSERT INTO raw_file (sha256, size_bytes, file_name, stored_path, format,"
                " reader_version, file_metadata, warnings, imported_at)"
                " VALUES (:sha, 4, 'a', '../secret', 'x', '1', '{}', '[]', '2026-01-01')"
            ),
            {"sha": "0" * 64},
        )
    with pytest.raises(BackupError, match="outside"):
        back_up(lab, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def _zip_bomb(path: Path, member: str = "a.cif") -> Path:
    """Write an archive of some kilobytes that unpacks to 64 MB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w") as f,
    ):
        for _ in range(64):
            f.write(b"0" * 1_000_000)
    return path


@pytest.mark.parametrize("name", ["cifs.zip", "bomb.cif"])
def test_an_archive_given_as_a_cif_is_refused_without_unpacking(
    lab: Database, lab_folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit.settings import LabSettings
    from labkit.workflows.lab import Lab
    from labkit.workflows.structure_pool import add_structures as add_to_pool

    bomb = _zip_bomb(tmp_path / name, "../../escaped.cif")

    def unpacked(*_: object, **__: object) -> None:
        raise AssertionError("the archive was opened")

    monkeypatch.setattr(zipfile, "ZipFile", unpacked)
    report = add_to_pool(Lab(lab_folder, lab, LabSettings()), [str(bomb)])
    (refused,) = report["refused"]
    assert name in refused["error"]
    assert "\n" not in refused["error"]
    assert report["total"] == 0
    assert not list(tmp_path.rglob("*escaped*"))
