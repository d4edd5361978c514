"""Records keep what they were given, and refuse what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from instruments import Chronoamperometry, DiffractionPattern, ImpedanceSpectrum, MeasuredFile
from instruments.errors import EmptyFileError, NotImpedanceError, RecordError


def _file(*records: object, **metadata: object) -> MeasuredFile:
    return MeasuredFile(
        path=Path("cell.mpr"), size_bytes=1, format="x", reader_version="1",
        records=records, metadata=metadata,  # type: ignore[arg-type]
    )  # fmt: skip


def test_arrays_are_copies_that_cannot_be_written() -> None:
    frequency = np.array([10.0, 1.0])
    spectrum = ImpedanceSpectrum(frequency_hz=frequency, z_ohm=[1 - 1j, 2 - 2j])
    frequency[0] = 99.0
    assert spectrum.frequency_hz[0] == 10.0
    for array in (spectrum.frequency_hz, spectrum.z_ohm):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_view_on_memory_that_others_can_write_is_copied() -> None:
    owner = np.array([10.0, 1.0])
    view = owner[:]
    view.flags.writeable = False
    spectrum = ImpedanceSpectrum(frequency_hz=view, z_ohm=[1 - 1j, 2 - 2j])
    owner[0] = 99.0
    assert spectrum.frequency_hz[0] == 10.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"frequency_hz": [1.0], "z_ohm": [1j, 2j]}, "2 values where 1 points"),
        ({"frequency_hz": [0.0], "z_ohm": [1j]}, "positive"),
        ({"frequency_hz": [np.nan], "z_ohm": [1j]}, "not finite at point 1"),
        ({"frequency_hz": [1.0], "z_ohm": [np.inf]}, "not finite at point 1"),
        ({"frequency_hz": ["x"], "z_ohm": [1j]}, "does not hold numbers"),
        ({"frequency_hz": [1.0], "z_ohm": [1j], "sweep": 0}, "numbered from 1"),
        ({"frequency_hz": [1.0], "z_ohm": [1j], "columns": {"a": [1, 2]}}, "a has 2 values"),
    ],
)
def test_a_spectrum_refuses_what_does_not_fit(fields: dict[str, object], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        ImpedanceSpectrum(**fields)  # type: ignore[arg-type]


def test_angles_of_a_pattern_must_increase() -> None:
    with pytest.raises(RecordError, match="must increase"):
        DiffractionPattern(two_theta_deg=[10, 10], intensity_counts=[1, 2])


def test_a_transient_needs_something_measured() -> None:
    with pytest.raises(RecordError, match="needs a current or a potential"):
        Chronoamperometry(time_s=[0.0])


def test_only_impedance_is_handed_out_as_impedance() -> None:
    transient = Chronoamperometry(time_s=[0.0, 1.0], potential_V=[0.1, 0.1], technique="OCV")
    spectrum = ImpedanceSpectrum(frequency_hz=[1.0], z_ohm=[1 - 1j])
    assert _file(transient, spectrum).impedance_spectra() == (spectrum,)
    with pytest.raises(
        NotImpedanceError, match=r"cell\.mpr: holds a transient of 2 points .*\(OCV\)"
    ):
        _file(transient).impedance_spectra()
    with pytest.raises(EmptyFileError, match="the PEIS holds no point"):
        _file(technique="PEIS").impedance_spectra()
