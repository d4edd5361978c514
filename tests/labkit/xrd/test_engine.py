"""Refinements of simulated and of measured patterns against their known cells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from instruments import read
from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.errors import PatternError, RefinementError, WavelengthError
from labkit.xrd.model import Model
from labkit.xrd.phase import Phase, cell_volume, phase_from_cif_text, read_phase
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.result import RefinementResult
from labkit.xrd.simulate import cif_of, simulate_pattern

GSAS_CU = parse_wavelength("1.5405,1.5443")


def assert_cell(found: RefinementResult, reference: tuple[float, ...], number: int = 0) -> None:
    """Within 3 esd or 1e-4 relative, whichever is larger."""
    phase = found.phases[number]
    for value, esd, expected in zip(phase.cell, phase.cell_esd, reference):
        assert abs(value - expected) <= max(3 * (esd or 0.0), 1e-4 * expected)


def pattern_of(path: Path) -> DiffractionPattern:
    record = read(path).records[0]
    assert isinstance(record, DiffractionPattern)
    return record


def test_lead_sulfate_from_a_laboratory_diffractometer(data_dir: Path) -> None:
    folder = data_dir / "xrd" / "gsas2"
    phase = read_phase(folder / "PbSO4-Wyckoff.cif")
    found = refine_pattern(
        pattern_of(folder / "PBSO4.XRA"), [phase], radiation=GSAS_CU, two_theta_range=(16, 158.4)
    )
    assert_cell(found, (8.480297, 5.398574, 6.960012, 90, 90, 90))
    assert found.r_wp < 0.11
    assert found.verdict == "accepted"
    assert found.phases[0].intensity_agreement is not None
    assert found.phases[0].intensity_agreement > 0.98


def test_lead_sulfate_with_the_intensities_of_its_structure(data_dir: Path) -> None:
    folder = data_dir / "xrd" / "gsas2"
    phase = read_phase(folder / "PbSO4-Wyckoff.cif")
    found = refine_pattern(
        pattern_of(folder / "PBSO4.XRA"),
        [phase],
        radiation=GSAS_CU,
        two_theta_range=(16, 158.4),
        options=BuiltinOptions(intensities="structure"),
    )
    assert_cell(found, (8.480297, 5.398574, 6.960012, 90, 90, 90))
    assert found.r_wp < 0.11


def test_fluorapatite_from_a_laboratory_diffractometer(data_dir: Path, fluorapatite: Phase) -> None:
    found = refine_pattern(
        pattern_of(data_dir / "xrd" / "gsas2" / "FAP.XRA"),
        [fluorapatite],
        radiation=GSAS_CU,
        two_theta_range=(15, 130),
    )
    assert_cell(found, (9.371891, 9.371891, 6.885914, 90, 90, 120))
    assert found.r_wp < 0.104


def test_the_lab6_standard_with_its_axial_divergence(data_dir: Path, lab6: Phase) -> None:
    found = refine_pattern(
        pattern_of(data_dir / "xrd" / "gsas2" / "NIST660CBI.gsas"),
        [lab6],
        radiation=parse_wavelength("Cu"),
        options=BuiltinOptions(axial=True, shift="both"),
    )
    assert_cell(found, (4.156826,) * 3)
    assert found.r_wp < 0.07


@pytest.mark.parametrize(
    ("symbol", "cell"),
    [
        ("P m -3 m", (4.157, 4.157, 4.157, 90, 90, 90)),
        ("P 63/m", (7.2, 7.2, 5.3, 90, 90, 120)),
        ("P 1 21/c 1", (6.1, 7.3, 8.2, 90, 103, 90)),
        ("P -1", (5.1, 6.2, 7.3, 82.0, 95.0, 101.0)),
    ],
)
def test_simulated_cells_come_back_within_their_errors(
    symbol: str, cell: tuple[float, ...]
) -> None:
    atoms = [("Zr", 0.0, 0.0, 0.0), ("S", 0.31, 0.17, 0.42)]
    phase = phase_from_cif_text(cif_of("truth", cell, symbol, atoms), name="truth")
    pattern = simulate_pattern([(phase, 1.0)], seed=5, displacement_deg=0.03)
    start = phase.with_cell(tuple(v * 1.004 if i < 3 else v for i, v in enumerate(cell)))  # type: ignore[arg-type]
    found = refine_pattern(pattern, [start])
    refined = found.phases[0]
    for value, esd, expected in zip(refined.cell, refined.cell_esd, cell):
        if esd is None:
            assert value == pytest.approx(expected)
        else:
            assert abs(value - expected) < 4 * esd
            assert esd < 1e-3 * expected
    assert found.gof == pytest.approx(1.0, abs=0.1)


def test_two_phases_and_their_weights(host: Phase, li2s: Phase) -> None:
    pattern = simulate_pattern([(host, 0.7), (li2s, 0.3)], seed=6)
    found = refine_pattern(pattern, [host, li2s], options=BuiltinOptions(intensities="structure"))
    assert_cell(found, host.cell)
    assert_cell(found, li2s.cell, 1)
    first, second = found.phases
    assert first.weight_fraction is not None
    assert second.weight_fraction is not None
    assert first.weight_fraction + second.weight_fraction == pytest.approx(1.0)
    assert first.intensity_share == pytest.approx(0.7, abs=0.02)
    assert first.weight_fraction_esd is not None
    assert first.weight_fraction_esd < 0.02
    # weight over intensity: a cell scatters its |F|^2 per V^2 and weighs its mass per V
    model_share = []
    for phase, share in ((host, 0.7), (li2s, 0.3)):
        angle = np.arange(10, 70, 0.02)
        model = Model(angle, [phase], parse_wavelength("Cu"), ["structure"], background_terms=1)
        values = np.zeros(len(model.names))
        values[model.metric_of(0)] = phase.free_parameters()
        scale = share / float(model.structure_intensity(values, 0).sum())
        model_share.append(scale * (phase.mass_per_cell or 0.0) * cell_volume(phase.cell))
    expected = model_share[0] / sum(model_share)
    assert first.weight_fraction == pytest.approx(expected, abs=0.02)


def test_an_impurity_is_marked(host: Phase, li2s: Phase) -> None:
    pattern = simulate_pattern([(host, 0.93), (li2s, 0.07)], seed=7)
    found = refine_pattern(pattern, [host])
    assert found.verdict == "review"
    assert "unexplained-peaks" in found.reasons
    places = [peak.two_theta_deg for peak in found.residual_peaks]
    assert any(abs(place - 27.05) < 0.15 for place in places)  # 111 of Li2S
    assert "impurity?" in found.messages[0]


def test_the_wrong_phase_is_said_so(host: Phase, lab6: Phase) -> None:
    found = refine_pattern(simulate_pattern([(host, 1.0)], seed=8), [lab6])
    assert found.verdict == "rejected"
    assert "phase-does-not-explain" in found.reasons
    assert "wrong-wavelength" not in found.reasons


@pytest.mark.parametrize("wrong", ["Co", "Mo"])
def test_the_wrong_wavelength_is_said_so(wrong: str, host: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=9)
    found = refine_pattern(pattern, [host], radiation=parse_wavelength(wrong))
    assert found.verdict == "rejected"
    assert "wrong-wavelength" in found.reasons
    assert "Cu radiation" in found.messages[0]


def test_an_amorphous_pattern_is_rejected_as_such(host: Phase) -> None:
    angle = np.arange(10, 70, 0.02)
    expected = 200 + 3000 * np.exp(-(((angle - 23) / 4) ** 2))
    pattern = DiffractionPattern(
        two_theta_deg=angle,
        intensity_counts=np.random.default_rng(1).poisson(expected).astype(float),
        anode="Cu",
    )
    found = refine_pattern(pattern, [host])
    assert found.verdict == "rejected"
    assert found.reasons[0] == "amorphous"


def test_what_cannot_be_refined_is_refused_in_one_line(host: Phase) -> None:
    angle = np.arange(10, 70, 0.02)
    ones = np.ones(angle.size)
    with pytest.raises(PatternError, match="every count is zero"):
        refine_pattern(
            DiffractionPattern(two_theta_deg=angle, intensity_counts=0 * ones, anode="Cu"), [host]
        )
    with pytest.raises(WavelengthError, match="--wavelength"):
        refine_pattern(DiffractionPattern(two_theta_deg=angle, intensity_counts=ones), [host])
    with pytest.raises(RefinementError, match="--cif"):
        refine_pattern(simulate_pattern([(host, 1.0)], seed=1), [])
    spacings = DiffractionPattern(
        two_theta_deg=np.linspace(1.3, 8.8, 3000), intensity_counts=np.ones(3000), anode="Cu"
    )
    with pytest.raises(RefinementError, match="2-theta in degrees, or d, Q or radians"):
        refine_pattern(spacings, [host])
    huge = host.with_cell((81.4, 101.9, 61.6, 90, 90, 90))
    with pytest.raises(RefinementError, match=r"about \d{5,} reflections .* check its cell"):
        refine_pattern(simulate_pattern([(host, 1.0)], seed=1), [huge])


def test_a_phase_that_fits_nowhere_blames_no_wavelength(host: Phase, li2s: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=3, two_theta=(10.0, 45.0, 0.02))
    found = refine_pattern(pattern, [li2s])
    assert found.verdict == "rejected"
    assert found.reasons[0] == "phase-does-not-explain"


def test_the_result_names_its_wavelength_and_where_the_file_says_another(lab6: Phase) -> None:
    pattern = simulate_pattern([(lab6, 1.0)], seed=3)
    short = refine_pattern(pattern, [lab6], radiation=parse_wavelength("1.5405,1.5443"))
    assert short.wavelength_source == "command line"
    assert "6.0e-05 of their length smaller" in short.warnings[0]
    own = refine_pattern(pattern, [lab6])
    assert own.warnings == ()
    ratio = short.phases[0].cell[0] / own.phases[0].cell[0]
    assert ratio == pytest.approx(1.5405 / own.wavelength_angstrom[0][0], abs=1e-5)


def test_the_result_is_json_and_unknown_esds_are_null(lab6: Phase) -> None:
    found = refine_pattern(simulate_pattern([(lab6, 1.0)], seed=3), [lab6]).to_dict()
    back = json.loads(json.dumps(found))
    assert back["phases"][0]["cell_esd"][3] is None
    assert back["phases"][0]["cell_esd"][0] > 0
    assert "curves" not in back


@pytest.mark.slow
def test_the_weights_of_a_weighed_mixture(data_dir: Path) -> None:
    """Li2CO3 and ZrO2 weighed 0.9001 to 0.1000; structures from textbook coordinates."""
    carbonate = cif_of(
        "Li2CO3",
        (8.359, 4.973, 6.197, 90, 114.83, 90),
        "C 1 2/c 1",
        [
            ("Li", 0.1966, 0.4489, 0.8342),
            ("C", 0, 0.0656, 0.25),
            ("O", 0, 0.3210, 0.25),
            ("O", 0.1459, -0.0658, 0.3127),
        ],
    )
    zirconia = cif_of(
        "ZrO2",
        (5.1505, 5.2116, 5.3173, 90, 99.23, 90),
        "P 1 21/c 1",
        [
            ("Zr", 0.2754, 0.0395, 0.2083),
            ("O", 0.07, 0.3317, 0.3477),
            ("O", 0.4496, 0.7569, 0.4792),
        ],
    )
    found = refine_pattern(
        pattern_of(data_dir / "xrd" / "dara" / "Li2CO3_0p9001-ZrO2_0p1000--8min.xrdml"),
        [phase_from_cif_text(carbonate, name="a"), phase_from_cif_text(zirconia, name="b")],
        options=BuiltinOptions(intensities="structure"),
    )
    assert found.phases[1].weight_fraction == pytest.approx(0.1000, abs=0.01)
