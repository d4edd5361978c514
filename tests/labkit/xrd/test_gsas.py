"""GSAS-II through the same call; skipped where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments import read
from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.errors import EngineMissingError
from labkit.xrd.gsas import gsas_scripting
from labkit.xrd.phase import read_phase
from labkit.xrd.radiation import parse_wavelength


@pytest.mark.slow
def test_lead_sulfate_with_gsas(data_dir: Path, tmp_path: Path) -> None:
    """The cell of the GSAS-II tutorial, by the call and the result of the builtin engine."""
    try:
        gsas_scripting()
    except EngineMissingError as missing:
        pytest.skip(str(missing))
    folder = data_dir / "xrd" / "gsas2"
    pattern = read(folder / "PBSO4.XRA").records[0]
    assert isinstance(pattern, DiffractionPattern)
    found = refine_pattern(
        pattern,
        [read_phase(folder / "PbSO4-Wyckoff.cif")],
        engine="gsas",
        radiation=parse_wavelength("1.5405,1.5443"),
        two_theta_range=(16, 158.4),
        options=BuiltinOptions(intensities="structure"),
        artefact=tmp_path / "pbso4.gpx",
    )
    for value, expected in zip(found.phases[0].cell, (8.480297, 5.398574, 6.960012)):
        assert value == pytest.approx(expected, rel=1e-4)
    assert found.r_wp < 0.12
    assert found.phases[0].cell_esd[3] is None
    assert (tmp_path / "pbso4.gpx").exists()
