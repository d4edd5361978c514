"""Binary files of BioLogic: real ones, and damaged ones."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments import Chronoamperometry, InstrumentFileError, MeasuredFile, read
from instruments.biologic_writing import write_mpr
from instruments.errors import EmptyFileError, LayoutError, NotImpedanceError, TruncatedFileError

_YADG = "eis/biologic/yadg"
_TWINS = [
    (f"{_YADG}/{name}.mpr", f"{_YADG}/{name}.mpt")
    for name in ("geis", "geis.issue_149", "mb.issue_223", "peis", "peis.issue_149",
                 "peis.issue_225.ewe_ece", "vsp_peis_with", "zir")
] + [("eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr",
      "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.txt")]  # fmt: skip


@pytest.mark.parametrize(("binary", "text"), _TWINS)
def test_twins_agree_sweep_by_sweep(data_dir: Path, binary: str, text: str) -> None:
    a, b = read(data_dir / binary), read(data_dir / text)
    pairs = list(zip(a.impedance_spectra(), b.impedance_spectra(), strict=True))
    for one, other in pairs:
        assert np.allclose(one.frequency_hz, other.frequency_hz, rtol=1e-6, atol=0)
        assert (np.abs(one.z_ohm - other.z_ohm) <= 1e-6 * np.abs(other.z_ohm)).all()
        assert one.data_hash == other.data_hash
        if one.time_s is not None and other.time_s is not None:
            assert np.allclose(one.time_s, other.time_s, rtol=1e-12)
        for name in set(one.columns) & set(other.columns):
            # The export prints 0 or -1 for quality indicators above a frequency limit, where the
            # binary has a value.
            quality = "_h" in name or name.startswith(("THD", "NSD", "NSR"))
            printed = ~np.isin(other.columns[name], (0, -1)) if quality else slice(None)
            assert np.allclose(
                one.columns[name][printed], other.columns[name][printed], rtol=1e-6, equal_nan=True
            )
    assert [r.data_hash for r in a.records] == [r.data_hash for r in b.records]


@pytest.mark.parametrize(
    ("name", "technique", "instrument", "software", "points"),
    [
        ("yadg/peis.mpr", "PEIS", "SP-240", "EC-Lab 11.33", [32]),
        ("yadg/geis.mpr", "GEIS", "VMP3", "EC-Lab 11.33", [41] * 60 + [39]),
        ("yadg/peis.issue_149.mpr", "PEIS", "SP-300", "EC-Lab 11.50", [21] * 4),
        ("yadg/peis.issue_225.ewe_ece.mpr", "PEIS", "VMP3", "EC-Lab 11.61", [32]),
        ("yadg/vsp_peis_with.mpr", "PEIS", None, None, [70] * 32),
        ("yadg/mb.issue_223.mpr", "MB", "MPG-2", "EC-Lab 11.61", [19] * 4),
        ("yadg/zir.mpr", "ZIR", "VMP3", "EC-Lab 11.18", [1]),
        ("hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr", "PEIS", "SP-300", "EC-Lab 11.61", [79]),
        ("hybrid-drt/PEIS_SSB.mpr", "PEIS", "SP-300", "EC-Lab 11.61", [89]),
    ],
)
def test_sweeps_and_origin_of_real_files(
    data_dir: Path, name: str, technique: str, instrument: str | None, software: str | None,
    points: list[int],
) -> None:  # fmt: skip
    spectra = read(data_dir / "eis/biologic" / name).impedance_spectra()
    assert [s.n_points for s in spectra] == points
    assert [s.sweep for s in spectra] == list(range(1, len(points) + 1))
    first = spectra[0]
    assert (first.technique, first.instrument, first.software) == (technique, instrument, software)


def test_a_blocking_electrolyte_is_capacitive_at_low_frequency(data_dir: Path) -> None:
    path = data_dir / "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr"
    spectrum = read(path).impedance_spectra()[0]
    assert spectrum.z_ohm[-1].imag < -8e6
    assert spectrum.amplitude == "14.1 mV"
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2025-05-15T01:18:45.867"
    assert spectrum.started_at.zone is None
    assert spectrum.metadata["electrode_surface_area_is_default"] is True
    assert spectrum.metadata["set_start_frequency_hz"] == 7e6


def test_rows_without_frequency_are_counted(data_dir: Path) -> None:
    measured = read(data_dir / _YADG / "geis.mpr")
    assert any(w.startswith("29 of 2528 rows have no frequency") for w in measured.warnings)
    assert sum(s.n_points for s in measured.impedance_spectra()) == 2499


def test_the_rest_of_a_modulo_bat_is_kept_beside_its_sweeps(data_dir: Path) -> None:
    *_, rest = read(data_dir / _YADG / "mb.issue_223.mpr").records
    assert isinstance(rest, Chronoamperometry)
    assert rest.n_points == 32


def test_the_analog_inputs_have_the_names_of_the_external_device(data_dir: Path) -> None:
    spectrum = read(data_dir / _YADG / "vsp_peis_with.mpr").impedance_spectra()[0]
    assert {"Force_N", "temperature_C"} <= set(spectrum.columns)
    assert 20 < float(spectrum.columns["temperature_C"].mean()) < 40


def test_an_area_in_square_millimetres_is_converted(data_dir: Path) -> None:
    record = read(data_dir / _YADG / "peis.issue_225.ewe_ece.mpr").records[0]
    assert record.metadata["electrode_surface_area_cm2"] == pytest.approx(1.131)
    assert record.metadata["characteristic_mass_mg"] == pytest.approx(1.39)


def test_open_circuit_is_read_and_refused_as_impedance(data_dir: Path) -> None:
    measured = read(data_dir / _YADG / "vsp_ocv_with.mpr")
    assert measured.records[0].n_points == 13
    with pytest.raises(NotImpedanceError, match=r"transient .*\(OCV\).* no frequency column"):
        measured.impedance_spectra()


@pytest.mark.parametrize("name", ["CHD048_CHD050_60C_C01", "testCHD048_CHD050_401_201_60C_C01"])
def test_a_run_without_records_is_legal_and_holds_nothing(data_dir: Path, name: str) -> None:
    measured = read(data_dir / "eis/biologic/chemotion" / f"{name}.mpr")
    assert measured.records == ()
    assert measured.metadata["technique"] == "PEIS"
    with pytest.raises(EmptyFileError, match="the PEIS holds no point"):
        measured.impedance_spectra()


def test_settings_and_log_that_lie_beside_are_used(data_dir: Path) -> None:
    folder = data_dir / "eis/biologic/chemotion"
    with_settings = read(folder / "CHD048_CHD050_60C_C01.mpr").metadata
    assert with_settings["settings_file_beside"] == "CHD048_CHD050_60C.mps"
    assert with_settings["comments"] == "c1 AB-3b 1:15 I\nc2 AB-3b 1:15 II\nc3 AB-3b 1:15 III"
    with_log = read(folder / "testCHD048_CHD050_401_201_60C_C01.mpr").metadata
    assert with_log["log_file_beside"] == "testCHD048_CHD050_401_201_60C_C01.mpl"


@pytest.fixture
def simulated(tmp_path: Path, make_spectrum) -> bytes:  # type: ignore[no-untyped-def]
    return write_mpr(tmp_path / "s.mpr", [make_spectrum(), make_spectrum(scale=1.1)]).read_bytes()


def test_truncation_at_every_module_is_one_line(simulated: bytes) -> None:
    for end in range(53, len(simulated), 997):
        with pytest.raises((TruncatedFileError, LayoutError)) as caught:
            read("cell.mpr", content=simulated[:end])
        assert str(caught.value).startswith("cell.mpr: ")


def test_impedance_that_was_altered_does_not_prove_itself(simulated: bytes) -> None:
    at = simulated.index(b"VMP data") + 59 + 1007
    rows = np.frombuffer(simulated, np.uint8, count=80 * 72, offset=at).copy().reshape(80, 72)
    rows[:, 4:8] = np.full((80, 1), 1.0, "<f4").view(np.uint8)  # every Re(Z) becomes 1 ohm
    damaged = simulated[:at] + rows.tobytes() + simulated[at + rows.size :]
    with pytest.raises(LayoutError, match="cannot be proven"):
        read("cell.mpr", content=damaged)


def _read_or_refuse(content: bytes) -> MeasuredFile | None:
    try:
        return read("fuzz.mpr", content=content)
    except InstrumentFileError as error:
        assert "\n" not in str(error)
        return None


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_is_refused_in_our_own_words(simulated: bytes, data: st.DataObject) -> None:
    content = bytearray(simulated)
    data_at = simulated.index(b"VMP data")
    interesting = st.one_of(
        st.integers(0, len(content) - 1),
        st.integers(48, 140),
        st.integers(data_at - 8, data_at + 180),
    )
    for at in data.draw(st.lists(interesting, max_size=8)):
        content[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    measured = _read_or_refuse(bytes(content))
    if measured is not None:
        assert all(np.isfinite(r.z_ohm).all() for r in measured.records if r.kind == "impedance")


def test_numbers_that_signal_damage_do_not_warn(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    content = write_mpr(tmp_path / "a.mpr", [make_spectrum(80)]).read_bytes()
    at = content.rindex(b"MODULE", 0, content.index(b"VMP LOG")) - 80
    signalling_nan = b"\x01\x00\xa0\x7f"
    damaged = bytearray(content)
    # Every single-precision column of the last row, one after another.
    for offset in (*range(0, 20, 4), *range(28, 44, 4)):
        damaged[at + offset : at + offset + 4] = signalling_nan
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                measured = read("a.mpr", content=bytes(damaged))
            except LayoutError:
                continue
            assert all(v.size for r in measured.records for v in r.columns.values())
