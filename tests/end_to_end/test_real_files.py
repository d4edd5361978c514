"""Published files through the command line: the published numbers come out."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.cli.app import _run

LPSCL = "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C"
SERIES = "eis/temperature_series/eisfitpython"

Run = Callable[..., Any]


@pytest.fixture
def lab(
    data_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run ``labkit --lab LAB WORDS... --json`` on a lab with the literature set."""
    for name in ("LABKIT_HOME", "LABKIT_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LABKIT_DATA", str(data_dir))

    def run(*words: object, code: int = 0) -> Any:
        capsys.readouterr()
        try:
            ended = _run(["--lab", str(tmp_path / "lab"), *map(str, words), "--json"])
        except SystemExit as stop:
            ended = int(stop.code or 0)
        captured = capsys.readouterr()
        assert ended == code, captured.err
        return json.loads(captured.out)

    return run


@pytest.fixture
def lpscl_lab(lab: Run) -> Run:
    lab("init")
    lab(
        *("pellet", "add", "LPSCl-1", "--formula", "Li6PS5Cl"),
        *("--thickness", "0.81mm+-0.01mm", "--diameter", "6.35mm+-0.02mm"),
    )
    return lab


def test_the_literature_set_is_kept_cell_by_cell(lab: Run, data_dir: Path, tmp_path: Path) -> None:
    made = lab("init")

    assert made["literature_rows"] == 1346
    source = data_dir / "literature" / "digitized_data_for_SSEs.csv"
    with source.open(encoding="utf-8-sig", newline="") as file:
        _, *printed = list(csv.reader(file))
    lab("export", "literature", "--output", tmp_path / "literature.json")
    rows = json.loads((tmp_path / "literature.json").read_text(encoding="utf-8"))
    cells = ("formula_text", "sigma_text", "ea_text", "space_group_text", "icsd_text")
    kept = [[row[name] for name in cells] for row in rows]
    assert kept == printed
    bounds = [row for row in rows if row["qualifier"] == "<"]
    assert len(bounds) == made["literature_bounds"] >= 50
    assert sum(row["sigma_S_per_cm"] == 1e-10 for row in bounds) >= 50
    conflicts = lab("label", "conflicts")
    unparsed = {row["row_number"] for row in rows if row["sigma_S_per_cm"] is None}
    assert unparsed <= {item["row"] for item in conflicts["review"]}


def test_a_second_init_adds_no_literature(lab: Run) -> None:
    lab("init")

    again = lab("init")

    assert (again["literature_rows"], again["literature_added"]) == (1346, 0)


def test_the_argyrodite_and_its_text_twin_are_one_spectrum(lpscl_lab: Run, data_dir: Path) -> None:
    twins = [data_dir / f"{LPSCL}.mpr", data_dir / f"{LPSCL}.txt"]

    binary, text = lpscl_lab("import", "--pellet", "LPSCl-1", *twins)["files"]

    first, second = binary["sweeps"][0], text["sweeps"][0]
    assert second["data_hash"] == first["data_hash"]
    assert second["resistance_ohm"] == pytest.approx(first["resistance_ohm"], rel=1e-6)
    assert first["resistance_ohm"] == pytest.approx(1425, abs=10)
    assert first["temperature_K"] == pytest.approx(248.15)
    assert first["verdict"] == "accepted"
    assert first["sigma_S_per_cm"] == pytest.approx(
        0.081 / (np.pi / 4 * 0.635**2) / first["resistance_ohm"]
    )


def test_the_argyrodite_imported_twice_adds_nothing(lpscl_lab: Run, data_dir: Path) -> None:
    words = ("import", "--pellet", "LPSCl-1", data_dir / f"{LPSCL}.mpr")
    lpscl_lab(*words)

    again = lpscl_lab(*words)

    assert (again["imported"], again["known"]) == (0, 1)
    assert lpscl_lab("pellet", "list")[0]["measurements"] == 1


def test_seven_temperatures_give_the_published_activation_energy(lab: Run, data_dir: Path) -> None:
    """J. Mater. Chem. A 2024, 12, 15847: Ea = 0.8555(6) eV for the total resistance."""
    lab("init")
    lab(
        *("pellet", "add", "s04147", "--formula", "unknown"),
        *("--thickness", "0.21cm", "--diameter", "0.8cm"),
    )
    files = [data_dir / SERIES / f"s04147-{celsius}deg.txt" for celsius in range(140, 201, 10)]
    lab("import", "--pellet", "s04147", *files)

    fit = lab("arrhenius", "s04147")

    assert fit["n_points"] == 7
    assert fit["temperature_range_K"] == pytest.approx([413.15, 473.15])
    low, high = fit["ea_interval95_eV"]
    assert low < 0.8555 < high
    assert fit["ea_eV"] == pytest.approx(0.8555, abs=0.01)
    assert fit["sigma25_extrapolated"] is True
    assert fit["sigma25_random_S_per_cm"] > 0


def test_w_sigma_of_the_pool_labels_in_one_cluster(data_dir: Path) -> None:
    """The published pool: 220 labels, W_sigma(1) = 2185.98."""
    from screening.variance import w_sigma_curve

    with gzip.open(data_dir / "bvse" / "li_pool_labels.csv.gz", "rt", encoding="utf-8-sig") as file:
        sigma = [
            float(row["conductivity_S_cm"])
            for row in csv.DictReader(file)
            if row["conductivity_S_cm"]
        ]

    assert len(sigma) == 220
    everything_in_one = np.zeros((220, 1), dtype=np.int16)
    curve = w_sigma_curve(everything_in_one, np.arange(220), np.log10(sigma), k_max=1)
    assert curve[0] == pytest.approx(2185.983729796786, rel=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "eis/biologic/impedance_py/exampleDataBioLogic_MissingFreq.mpt",
        "eis/biologic/chemotion/CHD048_CHD050_60C_C01.mpr",
    ],
)
def test_files_that_hold_no_spectrum_are_refused(
    lpscl_lab: Run, data_dir: Path, tmp_path: Path, name: str
) -> None:
    report = lpscl_lab("import", data_dir / name, code=1)

    (refused,) = report["refused"]
    assert Path(name).name in refused["error"]
    with sqlite3.connect(tmp_path / "lab" / "lab.db") as connection:
        assert connection.execute("SELECT count(*) FROM raw_file").fetchone() == (0,)


@pytest.mark.slow
def test_the_tour_on_real_files_tells_what_its_label_moved(lab: Run) -> None:
    first = lab("tour", "--structures", "200")
    second = lab("tour", "--structures", "200")

    assert first["simulated"] is False
    assert first["literature_rows"] == 1346
    assert first["resistance_ohm"] == pytest.approx(1425, abs=10)
    assert first["ea_eV"] == pytest.approx(0.8555, abs=0.01)
    assert first["summary"].startswith("1 label changed")
    assert {move["because_of"] for move in first["moved"]} <= {first["label"]["label"]}
    for same in ("measurement", "ranking", "candidates", "moved", "label"):
        assert second[same] == first[same]
