"""Every public file at hand is read, or refused in one line that helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from instruments import ImpedanceSpectrum, InstrumentFileError, read
from instruments.errors import (
    EmptyFileError,
    MissingColumnError,
    NoMeasurementError,
    NotImpedanceError,
    UnknownFormatError,
)

_REFUSED = {
    "CHD048_CHD050_60C.mps": NoMeasurementError,
    "testCHD048_CHD050_401_201_60C_C01.mpl": NoMeasurementError,
    "exampleDataBioLogic_MissingFreq.mpt": MissingColumnError,
    "exampleData.csv": UnknownFormatError,
    "Arrhenius_Analysis_Report.txt": UnknownFormatError,
    "Batch_EISfit_Report.txt": UnknownFormatError,
    "cod_9004112.cif": NoMeasurementError,
    "FAP.EXP": NoMeasurementError,
    "INST_XRY.PRM": NoMeasurementError,
    "inst_d1a.prm": NoMeasurementError,
    "PbSO4-Wyckoff.cif": NoMeasurementError,
}
_NOT_IMPEDANCE = {
    "CHD048_CHD050_60C_C01.mpr": EmptyFileError,
    "testCHD048_CHD050_401_201_60C_C01.mpr": EmptyFileError,
    "vsp_ocv_with.mpr": NotImpedanceError,
    "vsp_ocv_with.mpt": NotImpedanceError,
    "mb.issue_95.de.mpt": NotImpedanceError,
}
# 29 points, 10 kHz to 1 Hz, in the files of many programs, at their various precisions.
_SAME_SPECTRUM = [
    *(f"data.{s}" for s in ["P00", "dfr", "dta", "i2b", "idf", "ids", "pssession", "xlsx", "z"]),
    "data-comma-decimal-separator.csv",
]


@pytest.mark.parametrize("folder", ["eis", "xrd"])
def test_every_file_is_read_or_refused_in_one_line(data_dir: Path, folder: str) -> None:
    seen = 0
    for path in sorted(p for p in (data_dir / folder).rglob("*") if p.is_file()):
        seen += 1
        if path.name in _REFUSED:
            with pytest.raises(_REFUSED[path.name]) as refused:
                read(path)
            assert str(refused.value).startswith(f"{path.name}: ")
            assert "\n" not in str(refused.value)
            continue
        measured = read(path)
        if path.name in _NOT_IMPEDANCE:
            with pytest.raises(_NOT_IMPEDANCE[path.name]):
                measured.impedance_spectra()
        elif folder == "eis":
            assert all(s.n_points for s in measured.impedance_spectra())
        else:
            assert [r.kind for r in measured.records] == ["diffraction"]
    assert seen > 20


@pytest.mark.parametrize("name", _SAME_SPECTRUM)
def test_one_spectrum_reads_the_same_from_every_program(data_dir: Path, name: str) -> None:
    folder = data_dir / "eis/other/pyimpspec"
    (known,) = read(folder / "data.i2b").impedance_spectra()
    for spectrum in read(folder / name).impedance_spectra():
        assert spectrum.n_points == 29
        precision = 3e-3 if name.endswith("P00") else 1e-5
        assert np.allclose(spectrum.frequency_hz, known.frequency_hz, rtol=precision)
        assert (np.abs(spectrum.z_ohm - known.z_ohm) < precision * np.abs(known.z_ohm)).all()


def test_the_export_of_another_program_holds_the_same_measurement(data_dir: Path) -> None:
    folder = data_dir / "eis/biologic/hybrid-drt"
    (binary,) = read(folder / "PEIS_LPSCl_IonBlocking_-25C.mpr").impedance_spectra()
    (export,) = read(folder / "PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt").impedance_spectra()
    order = np.argsort(export.frequency_hz)[::-1]
    assert np.allclose(export.frequency_hz[order], np.sort(binary.frequency_hz)[::-1], rtol=1e-12)
    by_frequency = np.argsort(binary.frequency_hz)[::-1]
    assert np.allclose(export.z_ohm[order], binary.z_ohm[by_frequency], rtol=1e-7)


def test_a_table_without_names_is_read_when_its_columns_are_named(data_dir: Path) -> None:
    path = data_dir / "eis/other/impedance_py/exampleData.csv"
    (spectrum,) = read(path, columns={"f": "1", "re": "2", "im": "3"}).impedance_spectra()
    assert isinstance(spectrum, ImpedanceSpectrum)
    assert spectrum.n_points == 66
    assert spectrum.frequency_hz[0] == pytest.approx(3.1623e-3)
    assert spectrum.z_ohm[0] == pytest.approx(0.04949989776 - 0.02043869854j)


def test_the_temperature_series_is_read_with_the_physics_sign(data_dir: Path) -> None:
    folder = data_dir / "eis/temperature_series/eisfitpython"
    spectra = [read(p).impedance_spectra()[0] for p in sorted(folder.glob("s04147-*.txt"))]
    assert [s.n_points for s in spectra] == [42, 42, 42, 41, 41, 41, 40]
    assert all((s.z_ohm.imag < 0).all() for s in spectra)


def test_a_pattern_and_its_columns_hold_the_same_counts(data_dir: Path) -> None:
    folder = data_dir / "xrd/yadg"
    (xml,) = read(folder / "210520step1_30min.xrdml").records
    (columns,) = read(folder / "210520step1_30min.xy").records
    assert np.allclose(xml.two_theta_deg, columns.two_theta_deg, atol=1e-6)  # type: ignore[union-attr]
    assert np.array_equal(xml.intensity_counts, columns.intensity_counts)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "points", "first_deg", "last_deg", "lines", "time_s"),
    [
        ("datalab/TiO2.raw", 1647, 10.0, 70.041, 2, 77.9),
        ("gsas2/LaB6_Jan2018.raw", 3040, 10.0, 70.004, 2, 95.0),
        ("datalab/TiOF.brml", 2469, 9.999, 60.013, 2, 124.8),
        ("datalab/JO_KL_16_ZF_3_60deg_0.02step_12degpermin_001.rasx", 2851, 3.0, 60.0, 2, 0.1),
        ("dara/Li2CO3_0p9001-ZrO2_0p1000--8min.xrdml", 8282, 10.009, 99.994, 2, 12.495),
        ("yadg/210520step1_30min.xrdml", 4489, 5.008, 80.009, 1, 50.165),
        ("gsas2/NIST660CBI.gsas", 8378, 15.0066, 124.999, 0, None),
        ("gsas2/PBSO4.CWN", 2919, 10.0, 155.9, 0, None),
        ("gsas2/FAP.XRA", 5753, 15.0, 130.04, 0, None),
    ],
)
def test_ranges_lines_and_times_of_real_patterns(
    data_dir: Path, name: str, points: int, first_deg: float, last_deg: float, lines: int,
    time_s: float | None,
) -> None:  # fmt: skip
    (pattern,) = read(data_dir / "xrd" / name).records
    assert pattern.kind == "diffraction"
    assert pattern.n_points == points
    assert pattern.two_theta_deg[[0, -1]] == pytest.approx([first_deg, last_deg], abs=1e-3)
    assert len(pattern.wavelength_angstrom or ()) == lines
    assert pattern.counting_time_s == (None if time_s is None else pytest.approx(time_s))
    if lines:
        assert pattern.anode == "Cu"
        assert pattern.wavelength_angstrom is not None
        assert pattern.wavelength_angstrom[0][0] == pytest.approx(1.5406, abs=2e-5)


def test_the_strongest_line_of_the_lab6_standard_is_where_its_cell_puts_it(data_dir: Path) -> None:
    # 110 of SRM 660c, a = 4.156826 angstrom (NIST certificate), Cu K-alpha1.
    expected = 2 * np.degrees(np.arcsin(1.540593 / (2 * 4.156826 / np.sqrt(2))))
    for name in ("LaB6_Jan2018.raw", "NIST660CBI.gsas"):
        (pattern,) = read(data_dir / "xrd/gsas2" / name).records
        assert pattern.kind == "diffraction"
        near = np.abs(pattern.two_theta_deg - expected) < 1.0
        peak = pattern.two_theta_deg[near][np.argmax(pattern.intensity_counts[near])]
        # The plate may sit a fraction of a millimetre beside the axis of the goniometer.
        assert abs(peak - expected) < 0.1


def test_any_file_cut_anywhere_is_refused_or_read_by_us(data_dir: Path) -> None:
    for path in sorted((data_dir / "eis/other").rglob("*.*")) + sorted(
        (data_dir / "xrd").rglob("*.*")
    ):
        if not path.is_file() or path.stat().st_size > 60_000:
            continue
        content = path.read_bytes()
        for part in (0.01, 0.3, 0.9, 0.999):
            try:
                read(path.name, content=content[: max(1, int(len(content) * part))])
            except InstrumentFileError as error:
                assert "\n" not in str(error)
