"""Raw files come in whole, once, and count once whatever format they came in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from db.tables import Analysis, Measurement, RawFile, Spectrum
from labkit.errors import LabkitError, UsageError
from labkit.workflows import recording
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.replaying import replay_analyses
from labkit.workflows.temperature_series import collect_series, fit_series


@pytest.fixture
def pellet_lab(new_lab: Lab) -> Lab:
    add_pellet(
        new_lab, "LBS-1", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm+-0.02mm"
    )
    return new_lab


def _counts(lab: Lab) -> dict[str, int]:
    with lab.database.reading() as session:
        return {
            table.__name__: len(session.exec(select(table)).all())
            for table in (RawFile, Measurement, Spectrum, Analysis)
        }


def _stored_files(lab: Lab) -> list[Path]:
    return [path for path in lab.raw_folder.rglob("*") if path.is_file()]


def test_one_file_is_one_raw_file_measurement_spectrum_and_analysis(
    pellet_lab: Lab, simulated_series: Path
) -> None:
    import_paths(pellet_lab, [simulated_series / "simulated_25C.mpr"], pellet="LBS-1")

    assert _counts(pellet_lab) == {"RawFile": 1, "Measurement": 1, "Spectrum": 1, "Analysis": 1}
    (kept,) = _stored_files(pellet_lab)
    assert kept.read_bytes() == (simulated_series / "simulated_25C.mpr").read_bytes()


def test_the_twins_of_one_spectrum_count_once_in_arrhenius(
    pellet_lab: Lab, simulated_series: Path, simulated_twin: tuple[Path, Path]
) -> None:
    others = [path for path in simulated_series.glob("*.mpr") if "_25C" not in path.name]
    import_paths(pellet_lab, [*others, simulated_twin[0]], pellet="LBS-1")
    once = fit_series(pellet_lab, "LBS-1")

    import_paths(pellet_lab, [simulated_twin[1]], pellet="LBS-1")
    twice = fit_series(pellet_lab, "LBS-1")

    assert _counts(pellet_lab)["RawFile"] == 8
    assert twice["n_points"] == once["n_points"] == 7
    assert twice["ea_eV"] == once["ea_eV"]
    assert twice["left_out"] == ["M8 left out: the same points as M7"]


def test_the_same_bytes_under_another_name_are_known(
    pellet_lab: Lab, simulated_series: Path, tmp_path: Path
) -> None:
    import_paths(pellet_lab, [simulated_series / "simulated_25C.mpr"], pellet="LBS-1")
    shutil.copy(simulated_series / "simulated_25C.mpr", tmp_path / "copy_25C.mpr")

    report = import_paths(pellet_lab, [tmp_path / "copy_25C.mpr"], pellet="LBS-1")

    assert (report["imported"], report["known"]) == (0, 1)
    assert _counts(pellet_lab)["RawFile"] == 1


def test_a_file_named_twice_is_imported_once(pellet_lab: Lab, simulated_series: Path) -> None:
    file = simulated_series / "simulated_25C.mpr"

    report = import_paths(pellet_lab, [file, file, simulated_series], pellet="LBS-1")

    assert report["imported"] == 7
    assert report["known"] == 0


def test_a_folder_inside_that_may_not_be_read_is_refused_and_the_rest_goes_on(
    pellet_lab: Lab, simulated_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "files" / "closed"
    closed.mkdir(parents=True)
    shutil.copy(simulated_series / "simulated_25C.mpr", tmp_path / "files")
    look = os.scandir

    def may_look(path: Any) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    def may_read(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return read(path)

    read = Path.read_bytes
    monkeypatch.setattr(os, "scandir", may_look)
    monkeypatch.setattr(Path, "read_bytes", may_read)
    report = import_paths(pellet_lab, [tmp_path / "files"], pellet="LBS-1")

    assert report["imported"] == 1
    assert [refused["error"] for refused in report["refused"]] == [
        f"{closed}: not readable; check its permissions"
    ]


def test_a_failure_in_the_middle_of_one_file_leaves_nothing_of_it(
    pellet_lab: Lab, simulated_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    files = sorted(simulated_series.glob("*.mpr"))[:3]
    store = recording.store_measured_file

    def fail_after_storing(session: Any, **fields: Any) -> Any:
        stored = store(session, **fields)
        if fields["file_name"] == files[1].name:
            raise LabkitError(f"{files[1].name}: the power went")
        return stored

    monkeypatch.setattr(recording, "store_measured_file", fail_after_storing)
    report = import_paths(pellet_lab, files, pellet="LBS-1")

    assert report["imported"] == 2
    assert [Path(refused["file"]).name for refused in report["refused"]] == [files[1].name]
    assert set(_counts(pellet_lab).values()) == {2}

    monkeypatch.undo()
    again = import_paths(pellet_lab, files, pellet="LBS-1")
    assert (again["imported"], again["known"]) == (1, 2)


def test_an_error_nobody_foresaw_rolls_the_file_back(
    pellet_lab: Lab, simulated_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    store = recording.store_measured_file

    def fail_after_storing(session: Any, **fields: Any) -> Any:
        store(session, **fields)
        session.flush()
        raise ZeroDivisionError

    monkeypatch.setattr(recording, "store_measured_file", fail_after_storing)

    with pytest.raises(ZeroDivisionError):
        import_paths(pellet_lab, [simulated_series / "simulated_25C.mpr"], pellet="LBS-1")

    assert set(_counts(pellet_lab).values()) == {0}


def test_the_sheet_wins_over_the_command_line_and_that_over_the_name(
    pellet_lab: Lab, simulated_series: Path, tmp_path: Path
) -> None:
    add_pellet(pellet_lab, "other", formula="Li3N", thickness="1mm", diameter="6mm")
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "file;pellet;temperature\nsimulated_25C.mpr;other;30C\nsimulated_35C.mpr;;\n", "utf-8"
    )

    report = import_paths(
        pellet_lab,
        [simulated_series / f"simulated_{celsius}C.mpr" for celsius in (25, 35)],
        pellet="LBS-1",
        temperature="40C",
        sheet=sheet,
    )

    first, second = report["files"]
    assert first["pellet"] == "other"
    assert first["sweeps"][0]["temperature_K"] == pytest.approx(303.15)
    assert first["sweeps"][0]["temperature_source"] == "sheet"
    assert second["pellet"] == "LBS-1"
    assert second["sweeps"][0]["temperature_K"] == pytest.approx(313.15)
    assert second["sweeps"][0]["temperature_source"] == "command line"


def test_a_folder_without_any_measurement_is_an_error(new_lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match="no file of a known kind"):
        import_paths(new_lab, [tmp_path / "empty"])


def test_progress_ends_at_the_number_of_files(pellet_lab: Lab, simulated_series: Path) -> None:
    seen: list[tuple[int, int]] = []

    import_paths(
        pellet_lab,
        [simulated_series],
        pellet="LBS-1",
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[0] == (0, 7)
    assert seen[-1] == (7, 7)


def test_a_series_without_review_says_what_it_left_out(
    pellet_lab: Lab, simulated_series: Path, leaky_file: Path
) -> None:
    import_paths(pellet_lab, [simulated_series, leaky_file], pellet="LBS-1")

    with pellet_lab.database.reading() as session:
        strict = collect_series(session, "LBS-1", include_review=False)
        wide = collect_series(session, "LBS-1", include_review=True)

    assert len(strict.analyses) == 7
    assert len(wide.analyses) == 8
    assert strict.left_out == ["M8 left out: under review (leakage); --include-review uses it"]


@pytest.mark.parametrize(
    ("thickness", "reason"),
    [("810mm+-10mm", "geometry-implausible"), ("0.81mm+-5mm", "geometry-uncertain")],
)
def test_a_doubtful_geometry_asks_for_a_review(
    new_lab: Lab, simulated_series: Path, thickness: str, reason: str
) -> None:
    add_pellet(new_lab, "odd", formula="Li3BS3", thickness=thickness, diameter="6.35mm+-0.02mm")
    report = import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="odd")

    (sweep,) = report["files"][0]["sweeps"]
    assert (sweep["verdict"], sweep["reasons"]) == ("review", [reason])
    assert report["verdicts"]["review"] == 1
    assert replay_analyses(new_lab)["different"] == []


def test_a_geometry_without_errors_is_accepted_and_told(
    new_lab: Lab, simulated_series: Path
) -> None:
    add_pellet(new_lab, "bare", formula="Li3BS3", thickness="0.80mm", diameter="6.35mm")
    (file,) = import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="bare")[
        "files"
    ]

    assert (file["sweeps"][0]["verdict"], file["sweeps"][0]["reasons"]) == ("accepted", [])
    assert any("lower bound" in message for message in file["sweeps"][0]["messages"])
    assert any("lower bound" in warning for warning in file["warnings"])
