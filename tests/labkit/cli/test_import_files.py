"""``labkit import`` turns raw files into conductivities, whole and once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

PELLET = ("--formula", "Li3BS3", "--thickness", "0.80mm+-0.01mm", "--diameter", "6.35mm+-0.02mm")

ASKED_OF_A_SWEEP = {
    "resistance_ohm",
    "resistance_random_ohm",
    "resistance_systematic_ohm",
    "sigma_S_per_cm",
    "window_hz",
    "verdict",
    "reasons",
    "data_hash",
}


@pytest.fixture
def pellet_lab(lab: Any) -> Any:
    assert lab("pellet", "add", "LBS-1", *PELLET).code == 0
    return lab


def test_resistances_agree_with_the_simulated_truth_within_their_errors(
    pellet_lab: Any, simulated_series: Path, simulated_truth: Any
) -> None:
    report = pellet_lab("import", "--pellet", "LBS-1", simulated_series, "--json").json

    assert report["imported"] == 7
    truth = {spectrum["file"]: spectrum for spectrum in simulated_truth["spectra"]}
    for file in report["files"]:
        (sweep,) = file["sweeps"]
        true_ohm = truth[file["name"]]["resistance_ohm"]
        error = sweep["resistance_random_ohm"] + sweep["resistance_systematic_ohm"]
        assert abs(sweep["resistance_ohm"] - true_ohm) < 4 * error
        assert error < 0.02 * true_ohm
        assert sweep["temperature_K"] == pytest.approx(truth[file["name"]]["temperature_K"])


def test_conductivity_is_thickness_over_resistance_and_area(
    pellet_lab: Any, simulated_series: Path, simulated_truth: Any
) -> None:
    file = simulated_series / "simulated_25C.mpr"
    (sweep,) = pellet_lab("import", "--pellet", "LBS-1", file, "--json").json["files"][0]["sweeps"]

    assert sweep.keys() >= ASKED_OF_A_SWEEP
    error = sweep["sigma_random_S_per_cm"] + sweep["sigma_systematic_S_per_cm"]
    assert abs(sweep["sigma_S_per_cm"] - simulated_truth["sigma25_S_per_cm"]) < 3 * error
    # the geometry alone is uncertain by 1.4 per cent, the same way in every measurement
    assert sweep["sigma_systematic_S_per_cm"] > 0.013 * sweep["sigma_S_per_cm"]


def test_a_file_imported_twice_adds_nothing_and_says_so(
    pellet_lab: Any, simulated_series: Path
) -> None:
    file = simulated_series / "simulated_25C.mpr"
    first = pellet_lab("import", "--pellet", "LBS-1", file, "--json").json
    second = pellet_lab("import", "--pellet", "LBS-1", file)
    third = pellet_lab("import", "--pellet", "LBS-1", file, "--json").json

    assert second.code == 0
    assert "nothing was added" in second.out
    assert (third["imported"], third["known"]) == (0, 1)
    assert third["files"][0]["status"] == "known"
    assert third["files"][0]["sweeps"][0]["analysis"] == first["files"][0]["sweeps"][0]["analysis"]
    assert pellet_lab("pellet", "list", "--json").json[0]["measurements"] == 1


def test_an_import_with_a_pellet_fills_in_what_was_missing(
    pellet_lab: Any, simulated_series: Path, tmp_path: Path
) -> None:
    file = tmp_path / "unnamed.mpr"
    shutil.copy(simulated_series / "simulated_25C.mpr", file)

    bare = pellet_lab("import", file, "--json").json["files"][0]
    full = pellet_lab("import", "--pellet", "LBS-1", "--temperature", "25C", file, "--json").json[
        "files"
    ][0]

    assert bare["sweeps"][0]["sigma_S_per_cm"] is None
    assert bare["sweeps"][0]["resistance_ohm"] is not None
    assert any("temperature unknown" in warning for warning in bare["warnings"])
    assert full["status"] == "completed"
    assert full["sweeps"][0]["measurement"] == bare["sweeps"][0]["measurement"]
    assert full["sweeps"][0]["sigma_S_per_cm"] == pytest.approx(1e-6, rel=0.05)
    assert full["sweeps"][0]["temperature_K"] == pytest.approx(298.15)


def test_a_temperature_given_wins_over_the_file_name(
    pellet_lab: Any, simulated_series: Path
) -> None:
    (sweep,) = pellet_lab(
        *("import", "--pellet", "LBS-1", "--temperature=-25C"),
        *(simulated_series / "simulated_25C.mpr", "--json"),
    ).json["files"][0]["sweeps"]

    assert sweep["temperature_K"] == pytest.approx(248.15)
    assert sweep["temperature_source"] == "command line"


def test_a_batch_goes_on_past_a_bad_file_and_ends_with_one(
    pellet_lab: Any, simulated_series: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "photo.mpr"
    bad.write_bytes(b"\xff\xd8\xff\xe0" + bytes(2000))
    good = simulated_series / "simulated_35C.mpr"

    done = pellet_lab("import", "--pellet", "LBS-1", bad, good, "--json")

    assert done.code == 1
    assert done.json["imported"] == 1
    assert [Path(refused["file"]).name for refused in done.json["refused"]] == ["photo.mpr"]
    assert len(done.error_lines) == 1
    assert "photo.mpr" in done.err


def test_a_folder_is_read_and_files_of_other_kinds_are_left_aside(
    pellet_lab: Any, simulated_series: Path
) -> None:
    report = pellet_lab("import", "--pellet", "LBS-1", simulated_series, "--json").json

    assert report["imported"] == 7
    assert report["refused"] == []
    assert report["left_aside"] == 1  # the truth
    assert "1 file of other kinds left aside" in report["summary"]


def test_a_sheet_says_which_file_is_which(
    pellet_lab: Any, simulated_series: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file,pellet,temperature\nsimulated_35C.mpr,LBS-1,308 K\n", encoding="utf-8")

    (file,) = pellet_lab(
        "import", "--table", sheet, simulated_series / "simulated_35C.mpr", "--json"
    ).json["files"]

    assert file["pellet"] == "LBS-1"
    assert file["sweeps"][0]["temperature_K"] == pytest.approx(308.0)
    assert file["sweeps"][0]["temperature_source"] == "sheet"


@pytest.fixture
def named(simulated_series: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return what puts different spectra into a folder under the names wanted."""
    spectra = sorted(simulated_series.glob("*.mpr"))

    def put(*names: str) -> Path:
        folder = tmp_path / "named"
        folder.mkdir()
        for spectrum, name in zip(spectra, names, strict=False):
            shutil.copy(spectrum, folder / name)
        return folder

    return put


def _temperatures_C(report: Any) -> dict[str, float | None]:
    return {
        file["name"]: None
        if (kelvin := file["sweeps"][0]["temperature_K"]) is None
        else round(kelvin - 273.15, 3)
        for file in report["files"]
    }


def test_a_name_that_could_mean_something_else_leaves_the_temperature_open(
    pellet_lab: Any, named: Callable[..., Path]
) -> None:
    folder = named("k_25,5C.mpr", "ad_10K_steps.mpr", "t_1C_rate.mpr", "z_1000C.mpr", "d_RT.mpr")

    report = pellet_lab("import", "--pellet", "LBS-1", folder, "--json").json

    assert _temperatures_C(report) == {
        "k_25,5C.mpr": 25.5,
        "ad_10K_steps.mpr": None,
        "t_1C_rate.mpr": None,
        "z_1000C.mpr": None,
        "d_RT.mpr": None,
    }
    told = {file["name"]: " ".join(file["warnings"]) for file in report["files"]}
    assert told["k_25,5C.mpr"] == ""
    assert "('10K_steps' is not read as a temperature)" in told["ad_10K_steps.mpr"]
    assert "('1C_rate' is not read as a temperature)" in told["t_1C_rate.mpr"]
    assert "1000C in the name is outside" in told["z_1000C.mpr"]
    assert "'RT' is no number" in told["d_RT.mpr"]


def test_files_without_a_temperature_get_a_sheet_to_fill_in(
    pellet_lab: Any, named: Callable[..., Path], tmp_path: Path
) -> None:
    folder = named("d_RT.mpr", "a, b.mpr", "x_60C.mpr")

    shown = pellet_lab("import", "--pellet", "LBS-1", folder).out

    assert "2 files have no temperature" in shown
    lines = shown.splitlines()
    first = lines.index("file,pellet,temperature")
    assert lines[first + 1 : first + 3] == ['"a, b.mpr",LBS-1,', "d_RT.mpr,LBS-1,"]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("".join(f"{line}25C\n" for line in lines[first + 1 : first + 3]), "utf-8")
    sheet.write_text("file,pellet,temperature\n" + sheet.read_text("utf-8"), "utf-8")
    again = pellet_lab("import", "--table", sheet, folder, "--json").json
    assert again["completed"] == 2
    assert again["without_temperature"] == []
    assert _temperatures_C(again)["d_RT.mpr"] == 25.0


def test_a_temperature_that_the_name_contradicts_is_taken_and_told(
    pellet_lab: Any, named: Callable[..., Path]
) -> None:
    file = named("simulated_-25C.mpr") / "simulated_-25C.mpr"

    report = pellet_lab("import", "--temperature", "25C", file, "--json").json

    assert _temperatures_C(report) == {"simulated_-25C.mpr": 25.0}
    assert (
        "25 °C (command line) is taken, though the file name says -25 °C"
        in report["files"][0]["warnings"]
    )


def test_one_temperature_for_names_that_differ_is_refused(
    pellet_lab: Any, named: Callable[..., Path], tmp_path: Path
) -> None:
    folder = named("s-140deg.mpr", "s-150deg.mpr", "s-160deg.mpr")

    refused = pellet_lab("import", "--pellet", "LBS-1", "--temperature", "25C", folder)

    assert refused.code == 1
    assert len(refused.error_lines) == 1
    assert "leave the temperature out, or say which file is which in a sheet" in refused.err
    assert pellet_lab("pellet", "list", "--json").json[0]["measurements"] == 0
    # what the sheet says of a file settles that file
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file,temperature\ns-150deg.mpr,25C\ns-160deg.mpr,25C\n", "utf-8")
    taken = pellet_lab("import", "--temperature", "140C", "--table", sheet, folder, "--json").json
    assert _temperatures_C(taken)["s-140deg.mpr"] == 140.0
    assert [len(file["warnings"]) for file in taken["files"]] == [1, 2, 2]  # pellet, and name


def test_an_excel_sheet_is_read_and_what_is_not_used_of_it_is_told(
    pellet_lab: Any, simulated_series: Path, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("File", "Pellet", "Temperature (°C)", "Operator"),
        ("simulated_35C.mpr", "LBS-1", 33.6, "See"),
        ("cellX.mpr", "LBS-1", 25, "See"),
    ):
        sheet.append(row)
    book.save(tmp_path / "sheet.xlsx")
    file = simulated_series / "simulated_35C.mpr"

    done = pellet_lab("import", "--table", tmp_path / "sheet.xlsx", file)

    assert done.code == 0
    assert "33.6" in done.out
    told = [line for line in done.out.splitlines() if line.startswith("note: ")]
    assert len(told) == 3
    assert "33.6 °C (sheet) is taken, though the file name says 35 °C" in told[0]
    assert "column 'Operator' not known" in told[1]
    assert "1 line matches no file of this import: cellX.mpr" in told[2]


def test_a_file_that_may_not_be_read_leaves_the_rest_alone(
    pellet_lab: Any, named: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = named("a_25C.mpr", "b_35C.mpr")
    locked = folder / "a_25C.mpr"
    access, read_bytes = os.access, Path.read_bytes

    def may(path: Any, mode: int, **options: Any) -> bool:
        return Path(path) != locked and access(path, mode, **options)

    def read(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(os, "access", may)
    monkeypatch.setattr(Path, "read_bytes", read)
    done = pellet_lab("import", locked, folder / "b_35C.mpr", "--json")

    assert done.code == 1
    assert done.json["imported"] == 1
    assert len(done.error_lines) == 1
    assert "a_25C.mpr: not readable" in done.err


def test_twins_share_their_data_hash_and_their_resistance(
    pellet_lab: Any, simulated_twin: tuple[Path, Path]
) -> None:
    binary, text = pellet_lab("import", "--pellet", "LBS-1", *simulated_twin, "--json").json[
        "files"
    ]

    first, second = binary["sweeps"][0], text["sweeps"][0]
    assert second["data_hash"] == first["data_hash"]
    assert second["resistance_ohm"] == pytest.approx(first["resistance_ohm"], rel=1e-6)
    assert second["same_data_as"] == [first["measurement"]]
    assert any("counted once" in warning for warning in text["warnings"])


def test_the_table_shows_ids_values_and_verdicts(pellet_lab: Any, simulated_series: Path) -> None:
    done = pellet_lab("import", "--pellet", "LBS-1", simulated_series / "simulated_25C.mpr")

    assert "M1" in done.out
    assert "accepted" in done.out
    assert "1 file imported" in done.out


def test_a_circuit_chosen_on_import_is_shown(lab: Any, simulated_series: Path) -> None:
    file = simulated_series / "simulated_25C.mpr"

    shown = lab("import", "--circuit", "auto", file).out
    known = lab("import", "--circuit", "auto", file, "--json").json

    fitted = known["files"][0]["sweeps"][0]["circuit"]
    assert fitted["circuit"] in shown
    assert fitted["verdict"] == "accepted"
    assert known["known"] == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--circuit", "p(R1,", "circuit"), ("--short", "missing.mpr", "no such file")],
)
def test_a_wrong_circuit_or_short_imports_nothing(
    lab: Any, simulated_series: Path, option: str, value: str, said: str
) -> None:
    done = lab("import", option, value, simulated_series)

    assert done.code == 1
    assert said in done.err
    assert len(done.error_lines) == 1
    assert lab("import", simulated_series, "--json").json["imported"] == 7


def test_a_watch_prints_the_notes_of_each_file(pellet_lab: Any, named: Callable[..., Path]) -> None:
    folder = named("LBS-1-25C.mpr", "t_1C_rate.mpr")

    done = pellet_lab("watch", "--pellet", "LBS-1", "--settle", "0", "--once", folder)

    notes = [line for line in done.out.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2
    assert "LBS-1-25C.mpr: the hyphen before the temperature is read as a dash" in notes[0]
    assert "t_1C_rate.mpr: temperature unknown ('1C_rate'" in notes[1]
