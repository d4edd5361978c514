"""A known file gets what was missing, and never loses what it has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet


@pytest.fixture
def unnamed(simulated_series: Path, tmp_path: Path) -> Path:
    """Return a raw file whose name says nothing."""
    return Path(shutil.copy(simulated_series / "simulated_25C.mpr", tmp_path / "run.mpr"))


@pytest.fixture
def lab(new_lab: Lab) -> Lab:
    for name in ("a", "b"):
        add_pellet(new_lab, name, formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    return new_lab


def _import(lab: Lab, path: Path, **given: Any) -> dict[str, Any]:
    (file,) = import_paths(lab, [path], **given)["files"]
    return dict(file)


def test_pellet_and_temperature_are_filled_in_one_after_the_other(lab: Lab, unnamed: Path) -> None:
    bare = _import(lab, unnamed)["sweeps"][0]
    with_pellet = _import(lab, unnamed, pellet="a")
    with_both = _import(lab, unnamed, temperature="25C")

    assert bare["sigma_S_per_cm"] is None
    assert with_pellet["status"] == "completed"
    assert with_pellet["sweeps"][0]["sigma_S_per_cm"] == pytest.approx(1e-6, rel=0.05)
    assert with_pellet["sweeps"][0]["resistance_ohm"] == bare["resistance_ohm"]
    assert with_both["pellet"] == "a"
    assert with_both["sweeps"][0]["temperature_K"] == pytest.approx(298.15)
    assert with_both["sweeps"][0]["temperature_source"] == "command line"
    assert _import(lab, unnamed)["status"] == "known"


def test_a_known_file_that_still_has_no_temperature_says_so(lab: Lab, unnamed: Path) -> None:
    room = unnamed.rename(unnamed.with_name("run_RT.mpr"))
    _import(lab, room)

    again = _import(lab, room, pellet="a")

    assert again["status"] == "completed"
    assert any("temperature unknown ('RT' is no number)" in line for line in again["warnings"])


def test_a_temperature_filled_in_against_the_name_is_told(lab: Lab, unnamed: Path) -> None:
    _import(lab, unnamed)
    renamed = unnamed.rename(unnamed.with_name("run_60C.mpr"))

    filled = _import(lab, renamed, temperature="25C")

    assert filled["sweeps"][0]["temperature_K"] == pytest.approx(298.15)
    assert any("though the file name says 60 °C" in line for line in filled["warnings"])


def test_what_is_stored_is_never_replaced(lab: Lab, unnamed: Path) -> None:
    first = _import(lab, unnamed, pellet="a", temperature="25C")

    second = _import(lab, unnamed, pellet="b", temperature="40C")

    assert second["status"] == "known"
    assert second["pellet"] == "a"
    assert second["sweeps"][0]["temperature_K"] == first["sweeps"][0]["temperature_K"]
    stays, keeps = second["warnings"][1:]
    assert "stays with pellet a" in stays
    assert "'labkit measurement set M1 --pellet b --because WHY' moves it" in stays
    assert "keeps its stored temperature" in keeps
    assert "'labkit measurement set M1 --temperature=40C --because WHY' corrects it" in keeps


def test_a_temperature_filled_in_has_its_error(lab: Lab, unnamed: Path) -> None:
    from db.measurements import get_measurement

    _import(lab, unnamed, pellet="a")
    _import(lab, unnamed, temperature="25C")

    with lab.database.reading() as session:
        assert get_measurement(session, "M1").temperature_se_K == 1.0


def test_a_window_set_by_hand_survives_the_completion(lab: Lab, unnamed: Path) -> None:
    from labkit.workflows.analysing import examine_measurement

    _import(lab, unnamed)
    examine_measurement(lab, "M1", window=("0.2Hz", "1Hz"), set_by="A. See")

    completed = _import(lab, unnamed, pellet="a", temperature="25C")["sweeps"][0]

    assert completed["window_source"] == "set by hand"
    assert completed["sigma_S_per_cm"] is not None
