"""GSAS-II through the same call; skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from instruments import read
from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.errors import EngineMissingError, RefinementError
from labkit.xrd.gsas import RADIUS_MM, keep_project, run_gsas
from labkit.xrd.gsas_install import GsasInstallation, find_gsas
from labkit.xrd.phase import Phase, read_phase
from labkit.xrd.prepared import prepare
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.result import RefinementResult
from labkit.xrd.simulate import simulate_pattern

GSAS_CU = parse_wavelength("1.5405,1.5443")
D1A = parse_wavelength("n1.909")


@pytest.fixture
def gsas() -> GsasInstallation:
    try:
        return find_gsas()
    except EngineMissingError as missing:
        pytest.skip(str(missing))


def pattern_of(path: Path) -> DiffractionPattern:
    record = read(path).records[0]
    assert isinstance(record, DiffractionPattern)
    return record


def assert_cell(found: RefinementResult, truth: tuple[float, ...], number: int = 0) -> None:
    """Within 4 esd, each of which is known and small."""
    phase = found.phases[number]
    for value, esd, expected in zip(phase.cell, phase.cell_esd, truth):
        if esd is not None:
            assert abs(value - expected) < 4 * esd
            assert esd < 1e-4 * expected


@pytest.mark.skipif(
    importlib.util.find_spec("GSASII") is not None, reason="GSAS-II is importable here"
)
def test_a_python_without_gsas_is_told_in_one_line(lab6: Phase) -> None:
    pattern = prepare(simulate_pattern([(lab6, 1.0)], seed=1), None, None)
    nowhere = GsasInstallation(Path(sys.executable), ("nowhere",))
    with pytest.raises(EngineMissingError, match="cannot import GSAS-II") as caught:
        run_gsas(nowhere, [pattern], [lab6], BuiltinOptions(), artefact=None)
    assert "\n" not in str(caught.value)


def test_a_project_is_kept_whole_or_told_why_not(tmp_path: Path) -> None:
    (tmp_path / "a.gpx").write_bytes(b"project")
    keep_project(tmp_path / "a.gpx", tmp_path / "kept" / "b.gpx")
    assert (tmp_path / "kept" / "b.gpx").read_bytes() == b"project"
    assert list((tmp_path / "kept").iterdir()) == [tmp_path / "kept" / "b.gpx"]
    with pytest.raises(RefinementError, match="cannot be written"):
        keep_project(tmp_path / "a.gpx", tmp_path / "a.gpx" / "c.gpx")


def test_several_patterns_need_one_wavelength_or_one_each(lab6: Phase) -> None:
    pattern = simulate_pattern([(lab6, 1.0)], seed=1)
    with pytest.raises(RefinementError, match="3 times a radiation"):
        refine_pattern([pattern, pattern], [lab6], radiation=[GSAS_CU, GSAS_CU, None])


@pytest.mark.usefixtures("gsas")
def test_le_bail_and_rietveld_find_a_simulated_cell(lab6: Phase, tmp_path: Path) -> None:
    start = lab6.with_cell((4.159, 4.159, 4.159, 90, 90, 90))
    pattern = simulate_pattern([(lab6, 1.0)], seed=3, displacement_deg=0.04)
    for intensities in ("free", "structure"):
        found = refine_pattern(
            pattern,
            [start],
            engine="gsas",
            options=BuiltinOptions(intensities=intensities),  # type: ignore[arg-type]
            artefact=tmp_path / f"{intensities}.gpx",
        )
        assert_cell(found, lab6.cell)
        assert found.engine == "gsas"
        assert found.phases[0].cell_esd[3] is None
        # widths that run below zero leave narrow lines and a GOF of 1.6
        assert found.gof == pytest.approx(1.0, abs=0.15)
        assert found.parameters["W"] == pytest.approx(0.004, abs=0.001)
        assert found.parameters["displacement"] == pytest.approx(0.04, abs=0.01)
        assert found.curves.calculated.max() == pytest.approx(20000, rel=0.05)
        assert (tmp_path / f"{intensities}.gpx").stat().st_size > 10_000


@pytest.mark.usefixtures("gsas")
def test_two_wavelengths_share_one_cell_and_two_phases_their_weights(
    lab6: Phase, li2s: Phase
) -> None:
    phases = [lab6, li2s]
    mixture = [(lab6, 0.7), (li2s, 0.3)]
    copper = simulate_pattern(mixture, seed=1, two_theta=(15, 90, 0.03))
    cobalt = simulate_pattern(
        mixture, seed=2, two_theta=(15, 100, 0.03), radiation=parse_wavelength("Co")
    )
    found = refine_pattern(
        [copper, cobalt], phases, engine="gsas", options=BuiltinOptions(intensities="structure")
    )
    for number, phase in enumerate(phases):
        assert_cell(found, phase.cell, number)
    assert [fit.n_points for fit in found.patterns] == [copper.n_points, cobalt.n_points]
    assert all(0.02 < fit.r_wp < 0.1 for fit in found.patterns)
    shares = [phase.weight_fraction for phase in found.phases]
    assert sum(share or 0.0 for share in shares) == pytest.approx(1.0)
    assert found.to_dict()["patterns"][1]["r_wp"] == found.patterns[1].r_wp


@pytest.mark.slow
@pytest.mark.usefixtures("gsas")
def test_lead_sulfate_by_x_rays_and_neutrons_together(data_dir: Path, tmp_path: Path) -> None:
    """The joint refinement of the GSAS-II tutorial: its cell, and no worse residuals."""
    folder = data_dir / "xrd" / "gsas2"
    found = refine_pattern(
        [pattern_of(folder / "PBSO4.XRA"), pattern_of(folder / "PBSO4.CWN")],
        [read_phase(folder / "PbSO4-Wyckoff.cif")],
        engine="gsas",
        radiation=[GSAS_CU, D1A],
        two_theta_range=[(16, 158.4), (19, 153)],
        options=BuiltinOptions(intensities="structure", atoms=True),
        artefact=tmp_path / "pbso4.gpx",
    )
    for value, expected in zip(found.phases[0].cell, (8.480297, 5.398574, 6.960012)):
        assert value == pytest.approx(expected, rel=2e-4)
    x_rays, neutrons = found.patterns
    assert neutrons.radiation == "neutron"
    assert x_rays.r_wp < 0.12
    assert neutrons.r_wp < 0.055
    assert (tmp_path / "pbso4.gpx").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("gsas")
def test_fluorapatite_with_gsas(data_dir: Path, fluorapatite: Phase) -> None:
    found = refine_pattern(
        pattern_of(data_dir / "xrd" / "gsas2" / "FAP.XRA"),
        [fluorapatite],
        engine="gsas",
        radiation=GSAS_CU,
        two_theta_range=(15, 130),
        options=BuiltinOptions(intensities="structure", atoms=True),
    )
    for value, expected in zip(found.phases[0].cell[:3], (9.371891, 9.371891, 6.885914)):
        assert value == pytest.approx(expected, rel=1e-4)
    assert found.r_wp < 0.12


def test_displacements_of_gsas_are_counted_in_degrees() -> None:
    """2theta moves by -2 s cos(theta) / R (in radians) for a sample s too high."""
    from labkit.xrd.gsas_result import _DEG_PER_MICROMETRE

    assert pytest.approx(np.degrees(-2 * 1e-3 / RADIUS_MM)) == _DEG_PER_MICROMETRE
