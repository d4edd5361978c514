"""Simulated files read back as they were meant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from instruments import ImpedanceSpectrum, read
from instruments.biologic_writing import write_mpr, write_mpt
from instruments.errors import WriteError


@pytest.mark.parametrize("write", [write_mpr, write_mpt])
@pytest.mark.parametrize("n_sweeps", [1, 3])
def test_a_file_reads_back_exactly(tmp_path: Path, make_spectrum, write, n_sweeps: int) -> None:  # type: ignore[no-untyped-def]
    spectra = [make_spectrum(scale=1 + 0.1 * k) for k in range(n_sweeps)]
    measured = read(write(tmp_path / "s", spectra))
    found = measured.impedance_spectra()
    assert [s.data_hash for s in found] == [s.data_hash for s in spectra]
    first = found[0]
    assert (first.instrument, first.software, first.technique) == ("SP-300", "EC-Lab 11.50", "PEIS")
    assert first.amplitude == "10 mV"
    assert first.started_at is not None
    assert first.started_at.iso == "2024-02-29T13:05:07.250"
    assert first.metadata["comments"] == "simulated"
    assert measured.warnings == ()


def test_the_binary_holds_single_precision_bit_for_bit(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    spectrum = make_spectrum()
    found = read(write_mpr(tmp_path / "s.mpr", [spectrum])).impedance_spectra()[0]
    assert np.array_equal(found.frequency_hz, spectrum.frequency_hz)
    assert np.array_equal(found.z_ohm, spectrum.z_ohm)


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("with_header", [True, False])
def test_locale_and_header_change_the_text_not_the_data(
    tmp_path: Path, make_spectrum, decimal: str, with_header: bool
) -> None:  # type: ignore[no-untyped-def]
    spectrum = make_spectrum()
    path = write_mpt(tmp_path / "s.mpt", [spectrum], decimal=decimal, with_header=with_header)
    assert read(path).impedance_spectra()[0].data_hash == spectrum.data_hash


def test_times_given_are_times_read(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    time = np.linspace(1.5, 99.25, 40)
    spectrum = make_spectrum(time_s=time, columns={"Ewe_V": np.full(40, 0.5)})
    found = read(write_mpr(tmp_path / "s.mpr", [spectrum])).impedance_spectra()[0]
    assert np.array_equal(found.time_s, time)
    assert found.columns["Ewe_V"].tolist() == [0.5] * 40


def test_what_cannot_be_written_is_said(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "s.mpr"
    with pytest.raises(WriteError, match="no spectrum"):
        write_mpr(target, [])
    huge = ImpedanceSpectrum(frequency_hz=[1.0], z_ohm=[1e300], technique="PEIS")
    with pytest.raises(WriteError, match="sweep 1 does not fit single precision"):
        write_mpr(target, [huge])
    with pytest.raises(WriteError, match="amplitude '3 apples'"):
        write_mpr(target, [make_spectrum(amplitude="3 apples")])
    with pytest.raises(WriteError, match="neither a point nor a comma"):
        write_mpt(target, [make_spectrum()], decimal=";")
    assert not any(tmp_path.iterdir())


def test_the_start_can_be_given(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    path = write_mpr(
        tmp_path / "s.mpr", [make_spectrum()], started_at=datetime(2020, 3, 4, 5, 6, 7)
    )
    moment = read(path).records[0].started_at
    assert moment is not None
    assert moment.iso == "2020-03-04T05:06:07"
