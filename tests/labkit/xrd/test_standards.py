"""What a certified powder gives: the instrument, and the displacement of a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments import read
from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.errors import XrdError
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.simulate import simulate_pattern
from labkit.xrd.standards import STANDARDS, standard_named

FIXED = BuiltinOptions(shift="both", axial=True, fixed_cells=(0,), search_cell=False)


def test_the_certified_cells_are_kept_and_have_no_esd() -> None:
    for standard in STANDARDS.values():
        phase = standard.phase()
        assert phase.cell[:3] == pytest.approx((standard.a_angstrom,) * 3)
        assert standard.source.startswith("NIST certificate of SRM")
    silicon = standard_named("Si").phase()
    found = refine_pattern(simulate_pattern([(silicon, 1.0)], seed=2), [silicon], options=FIXED)
    assert found.phases[0].cell == pytest.approx(silicon.cell)
    assert found.phases[0].cell_esd == (None,) * 6
    assert found.phases[0].volume_esd_angstrom3 is None


def test_an_unknown_standard_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(XrdError, match="LaB6-660c"):
        standard_named("Al2O3")


def test_zero_and_displacement_of_a_simulated_standard_come_back() -> None:
    lab6 = standard_named("LaB6").phase()
    pattern = simulate_pattern(
        [(lab6, 1.0)], seed=4, two_theta=(15, 140, 0.02), zero_deg=0.03, displacement_deg=-0.05
    )
    found = refine_pattern(pattern, [lab6], options=FIXED)
    for name, true in (("zero", 0.03), ("displacement", -0.05)):
        esd = found.parameter_esds[name]
        assert esd is not None
        assert abs(found.parameters[name] - true) < 4 * esd
        assert esd < 0.003


def test_a_displaced_sample_is_mended_by_an_internal_standard(host: Phase) -> None:
    silicon = standard_named("Si-640d").phase()
    pattern = simulate_pattern(
        [(host, 0.7), (silicon, 0.3)], seed=5, zero_deg=0.04, displacement_deg=0.15
    )
    without = refine_pattern(pattern, [host, silicon], options=BuiltinOptions(shift="none"))
    assert abs(without.phases[0].cell[0] / host.cell[0] - 1) > 1e-3
    found = refine_pattern(
        pattern, [host, silicon], options=BuiltinOptions(shift="both", fixed_cells=(1,))
    )
    assert found.phases[1].cell == pytest.approx(silicon.cell)
    for axis in range(3):
        esd = found.phases[0].cell_esd[axis] or 0.0
        assert abs(found.phases[0].cell[axis] - host.cell[axis]) < 4 * esd
        assert esd < 4e-4


def test_the_instrument_of_a_standard_serves_a_sample(host: Phase) -> None:
    lab6 = standard_named("LaB6").phase()
    wide = (10, 140, 0.02)
    measured = simulate_pattern([(lab6, 1.0)], seed=6, two_theta=wide, zero_deg=0.06)
    standard = refine_pattern(measured, [lab6], options=FIXED)
    known = tuple((n, standard.parameters[n]) for n in ("U", "V", "W", "axial", "zero"))
    sample = simulate_pattern(
        [(host, 1.0)], seed=7, zero_deg=0.06, displacement_deg=-0.1, strain_percent=0.1
    )
    options = BuiltinOptions(instrument=known)
    found = refine_pattern(sample, [host], options=options)
    assert found.parameters["zero"] == standard.parameters["zero"]
    assert found.parameters["U"] == standard.parameters["U"]
    assert found.parameter_esds["U"] is None
    displacement_esd = found.parameter_esds["displacement"] or 1.0
    assert abs(found.parameters["displacement"] + 0.1) < max(4 * displacement_esd, 0.005)
    for axis in range(3):
        assert found.phases[0].cell[axis] == pytest.approx(host.cell[axis], rel=1e-4)


def test_the_zero_of_a_real_standard_has_a_small_error(data_dir: Path) -> None:
    record = read(data_dir / "xrd" / "gsas2" / "NIST660CBI.gsas").records[0]
    assert isinstance(record, DiffractionPattern)
    lab6 = standard_named("LaB6-660c").phase()
    found = refine_pattern(record, [lab6], radiation=parse_wavelength("Cu"), options=FIXED)
    assert found.r_wp < 0.07
    assert found.verdict == "accepted"
    esd = found.parameter_esds["zero"]
    assert esd is not None
    assert esd < 0.002
    assert 1e-4 < found.parameters["axial"] < 5e-3
