"""A pellet heated and cooled: both ways are compared in the order they were measured."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.arrhenius import KB_EV_PER_K
from labkit.eis.simulate import Pellet, log_frequencies, simulate_pellet
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.temperature_series import fit_series

EA_EV = 0.35
UP, DOWN = (25, 40, 55, 70), (55, 40, 25)
START = datetime(2024, 5, 14, 9, 0)


def measure(folder: Path, celsius: int, number: int, *, loss: float = 1.0) -> Path:
    """Write one spectrum of a sample that lost a share of its conductivity."""
    kelvin = celsius + 273.15
    arrhenius = math.exp(EA_EV / KB_EV_PER_K * (1 / kelvin - 1 / 298.15)) * kelvin / 298.15
    pellet = Pellet(series_ohm=1e3 * arrhenius / loss, tail_q=1e-6, tail_n=0.9)
    frequency, z = simulate_pellet(pellet, log_frequencies(1e6, 0.1), noise=0.002, seed=number)
    folder.mkdir(exist_ok=True)
    # the names sort the wrong way round: only the clock in the file tells the order
    path = folder / f"run{9 - number}_{celsius}C.mpr"
    record = ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS")
    write_mpr(path, [record], started_at=START + number * timedelta(hours=1))
    return path


def series_of(lab: Lab, folder: Path, *, loss: float) -> dict[str, object]:
    add_pellet(lab, "p", formula="Li3PS4", thickness="1 mm", diameter="10 mm")
    for number, celsius in enumerate((*UP, *DOWN)):
        measure(folder, celsius, number, loss=loss if number >= len(UP) else 1.0)
    import_paths(lab, [folder], pellet="p")
    return fit_series(lab, "p", include_review=True)


def test_a_sample_that_changed_at_the_top_is_found(new_lab: Lab, tmp_path: Path) -> None:
    result = series_of(new_lab, tmp_path / "files", loss=0.5)

    both = result["heating_cooling"]
    assert isinstance(both, dict)
    assert both["differs"]
    assert both["shift_ln"] == pytest.approx(math.log(0.5), abs=0.25)
    assert "heating-cooling-differ" in result["reasons"]  # type: ignore[operator]
    assert result["verdict"] == "review"


def test_a_sample_that_comes_back_is_not_accused(new_lab: Lab, tmp_path: Path) -> None:
    result = series_of(new_lab, tmp_path / "files", loss=1.0)

    both = result["heating_cooling"]
    assert isinstance(both, dict)
    assert not both["differs"]
    assert both["cooling_ea_eV"] == pytest.approx(EA_EV, abs=0.02)
    assert "heating and cooling agree" in result["messages"]  # type: ignore[operator]


def test_heating_alone_is_compared_with_nothing(new_lab: Lab, tmp_path: Path) -> None:
    add_pellet(new_lab, "p", formula="Li3PS4", thickness="1 mm", diameter="10 mm")
    for number, celsius in enumerate(UP):
        measure(tmp_path / "files", celsius, number)
    import_paths(new_lab, [tmp_path / "files"], pellet="p")

    assert fit_series(new_lab, "p")["heating_cooling"] is None
